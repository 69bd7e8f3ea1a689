"""[[collector]] tables: what is said of a wrong one, what is shown, and what a collector gets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.collectors.catalogue import kinds
from linewarden.errors import ConfigError
from linewarden.service.config import check_config, load_config
from linewarden.service.config.pages import example, reference
from linewarden.service.config.parts import collecting_of
from linewarden.service.serving import plan_of

pytestmark = pytest.mark.usefixtures("counting")
REMEMBERS = '[[collector]]\nkind = "http_json"\nname = "%s"\nurl = "https://h/x"\ntags = [{name = "a", path = "a"}]\n'
GOOD = '[[collector]]\nkind = "counting"\nname = "meters"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plant.toml"
    path.write_text(text)
    return path


def test_collectors_alone_are_enough(tmp_path: Path) -> None:
    plan = plan_of(load_config(written(tmp_path, GOOD)))
    assert plan.sensors == ()
    assert plan.collecting is not None
    (source,) = plan.collecting.sources
    assert (source.kind.name, source.name, source.settings.every_s) == ("counting", "meters", 0.01)
    assert plan.collecting.spool == tmp_path / "linewarden-data" / "collecting"


def test_a_service_without_any_source_says_what_it_needs(tmp_path: Path) -> None:
    (problem,) = check_config(written(tmp_path, ""))
    assert "[[sensor]]" in str(problem)
    assert "[[collector]]" in str(problem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[collector]]\nkind = "countin"\nname = "a"', ["collector[0].kind", "`counting`"]),
        ('[[collector]]\nname = "a"', ["collector[0].kind", "missing", "--kinds"]),
        (GOOD.replace('"meters"', '"a\\u001bb"'), ["collector[0].name", "visible"]),
        (GOOD + "evry_s = 1.0", ["collector[0].evry_s", "unknown key", "`every_s`"]),
        (GOOD + 'every_s = "1"', ["collector[0].every_s", "a text", "use a number"]),
        (GOOD + "every_s = 100", ["collector[0].every_s", "too large", "0.0001 to 60 (s)"]),
        (GOOD + 'password = "TOPSECRET"', ["collector[0].password", "credential:NAME"]),
        (GOOD + "meters = 3", ["collector[0].meters", "[[meters]]"]),
        (GOOD + '[[collector.meters]]\nucm = "m"\nname = "x"', ["collector[0].meters[0].ucm", "`ucum`"]),
        (GOOD + '[[collector.meters]]\nname = "x"\n[[collector.meters]]\nname = "x"', ["collector[0].meters", "each"]),
        (GOOD + GOOD, ["collector[1].name", "collector[0]"]),
        (GOOD + '[[sensor]]\nname = "meters"\ninterfaces = ["lo"]', ["collector[0].name", "sensor[0]"]),
        (GOOD + "[collecting]\nspool_mb = 1", ["collecting.spool_mb", "too small", "MB"]),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(tmp_path: Path, text: str, words: list[str]) -> None:
    lines = [str(p) for p in check_config(written(tmp_path, text))]
    assert len(lines) == 1, lines
    assert all(word in lines[0] for word in words), lines
    assert "TOPSECRET" not in lines[0]


def test_secrets_are_opened_for_the_collector_and_shown_to_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pw").write_text("opensesame\n")
    file = written(tmp_path, GOOD + 'password = "file:pw"\n')
    collecting = collecting_of(load_config(file))
    assert collecting is not None
    assert collecting.sources[0].settings.password == "opensesame"
    assert collecting.sources[0].settings.token == ""
    assert main(["config", "show", str(file), "--json"]) == 0
    shown = capsys.readouterr().out
    assert "opensesame" not in shown
    assert json.loads(shown)["collector"][0]["most"] == 0
    (tmp_path / "pw").unlink()
    with pytest.raises(ConfigError, match=r"collector\[0\]\.password.*pw"):
        collecting_of(load_config(file))


def test_what_is_shown_does_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD + 'size = 7\nacknowledged = "here"\n[[collector.meters]]\nname = "a"\nucum = "kWh"\n'
    file = written(tmp_path, text)
    assert main(["config", "show", str(file)]) == 0
    again = tmp_path / "elsewhere.toml"
    again.write_text(capsys.readouterr().out)
    first, second = collecting_of(load_config(file)), collecting_of(load_config(again))
    assert first == second
    assert first is not None
    assert first.sources[0].settings.acknowledged == tmp_path / "here"
    assert first.sources[0].settings.meters[0].ucum == "kWh"


def uncommented(kind: str) -> str:
    """The example of a kind with all its keys."""
    parts = example().split("\n\n")
    (ours,) = [part for part in parts if f'# kind = "{kind}"' in part]
    lines = [line.removeprefix("# ") for line in ours.splitlines()]
    return "\n".join(x for x in lines if re.match(r"\[\[?[a-z_.]+\]\]?$|[a-z_0-9]+ = ", x))


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_example_of_a_kind_has_values_of_the_right_types(tmp_path: Path, kind: str) -> None:
    found = [str(p) for p in check_config(written(tmp_path, uncommented(kind)))]
    assert [p for p in found if "; use a" in p or "unknown key" in p or "is missing" in p] == []


def test_every_kind_is_in_the_example_and_the_reference(tmp_path: Path) -> None:
    assert check_config(written(tmp_path, example())) == []
    assert [str(p) for p in check_config(written(tmp_path, uncommented("counting")))] == []
    page = reference()
    assert '`[[collector]]` of `kind = "counting"`' in page
    assert "| `every_s` | number | s | `0.01` | 0.0001 to 60 | between two samples |" in page
    assert "`[[collector.meters]]`" in page


def test_check_says_what_would_be_collected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", str(written(tmp_path, GOOD))]) == 0
    assert "collector meters: Counts, for tests" in capsys.readouterr().out


def test_kinds_are_listed_with_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", "--kinds", "--json"]) == 0
    (kind,) = [k for k in json.loads(capsys.readouterr().out) if k["kind"] == "counting"]
    assert kind["installed"] is True
    assert main(["collect", "--kinds"]) == 0
    assert "counting" in capsys.readouterr().out


def test_collect_without_collectors_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, '[[sensor]]\nname = "a"\ninterfaces = ["lo"]\n')
    assert main(["collect", str(file)]) == 2
    assert "--kinds" in capsys.readouterr().err
    assert main(["collect"]) == 2
    assert "--kinds" in capsys.readouterr().err


def test_a_wrong_key_of_a_kind_is_one_line_and_no_mistake_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, GOOD + "every_s = 0.0\n")
    assert main(["config", "check", str(file)]) == 2
    out = capsys.readouterr()
    assert "collector[0].every_s" in out.out and "mistake of ours" not in out.err


def test_what_a_collector_remembers_has_a_place_in_the_data_folder(tmp_path: Path) -> None:
    text = f'{REMEMBERS % "oven"}{REMEMBERS % "../oven"}{REMEMBERS % "press"}state = "mine.json"\n'
    config = load_config(written(tmp_path, text))
    collecting = collecting_of(config)
    assert collecting is not None
    oven, odd, press = (s.settings.state for s in collecting.sources)
    assert oven == config.service.data / "collectors" / "oven.json"
    assert odd.parent == oven.parent and odd != oven
    assert press == tmp_path / "mine.json"
