"""Announced windows and what is normal: an expected notice is visible and quiet, an unexpected one stays loud."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from linewarden.baseline.expected import Expected, Scene, Suppression, Window, scene_of
from linewarden.errors import ConfigError
from linewarden.records import Notice
from linewarden.service.expected_file import load_expected

HOUR = 3600 * 10**9
WINDOW = Window(
    "w1", 10 * HOUR, 12 * HOUR, "change 4711", assets=("10.0.0.1",), who=("10.0.0.9",), verbs=("program_download",)
)
RULE = Suppression("s1", "monthly backup", "J. Muster", 100 * HOUR, note="new_*", orig="10.0.0.40")
DOWNLOAD = Notice(note="program_download", msg="...", severity="high", why="block DB1")


def scene(hours: float, orig: str = "10.0.0.9", resp: str = "10.0.0.1") -> Scene:
    return Scene(int(hours * HOUR), orig, resp)


def test_announced_work_stays_visible_and_becomes_info() -> None:
    book = Expected([WINDOW])
    told = book.judge(DOWNLOAD, scene(11))
    assert (told.severity, told.expected) == ("info", "announced: change 4711 [w1]")
    assert told.why == DOWNLOAD.why
    assert book.used == {"w1": 1}


@pytest.mark.parametrize(
    "where", [scene(11, orig="10.0.0.66"), scene(11, resp="10.0.0.2")], ids=["another station", "another controller"]
)
def test_what_the_window_does_not_name_stays_as_it_is(where: Scene) -> None:
    book = Expected([WINDOW])
    assert book.judge(DOWNLOAD, where) == DOWNLOAD
    assert book.used == {}
    stop = replace(DOWNLOAD, note="controller_stop")
    assert book.judge(stop, scene(11)) == stop


@pytest.mark.parametrize(("hours", "words"), [(9.5, "30 min before it"), (15, "3.0 h after it")])
def test_a_change_outside_of_its_window_says_so_and_stays_loud(hours: float, words: str) -> None:
    told = Expected([WINDOW]).judge(DOWNLOAD, scene(hours))
    assert told.severity == "high" and told.expected is None
    assert words in told.why and "change 4711" in told.why and told.why.startswith("block DB1; ")


def test_zone_name_and_all_of_the_plant() -> None:
    by_zone = replace(WINDOW, assets=(), zones=("cell 1",), who=())
    here = scene_of(11 * HOUR, "10.0.0.9", "10.0.0.1", lambda a: (f"name of {a}",), {"10.0.0.1": "Cell 1"}.get)
    assert Expected([by_zone]).judge(DOWNLOAD, here).severity == "info"
    assert Expected([by_zone]).judge(DOWNLOAD, scene(11)).severity == "high"
    by_name = replace(WINDOW, assets=("name of 10.0.0.1",))
    assert Expected([by_name]).judge(DOWNLOAD, here).severity == "info"
    everywhere = replace(WINDOW, assets=(), who=(), verbs=())
    assert Expected([everywhere]).judge(replace(DOWNLOAD, note="weird_rate"), scene(11)).severity == "info"


def test_what_is_normal_until_it_expires() -> None:
    book, notice = Expected((), [RULE]), Notice(note="new_peer", severity="medium", why="x")
    told = book.judge(notice, scene(50, orig="10.0.0.40"))
    assert told.severity == "info" and told.expected == "normal: monthly backup (J. Muster) [s1]"
    later = book.judge(notice, scene(100, orig="10.0.0.40"))
    assert later.severity == "medium" and "until that expired [s1]" in later.why
    assert book.judge(notice, scene(50)) == notice
    assert book.used == {"s1": 1}
    assert book.expired(99 * HOUR) == [] and book.expired(100 * HOUR) == ["s1"]


@given(st.integers(0, 24), st.sampled_from(["10.0.0.9", "10.0.0.66"]), st.sampled_from(["10.0.0.1", "10.0.0.2"]))
def test_it_is_never_made_worse_and_expected_only_inside(hours: int, orig: str, resp: str) -> None:
    told = Expected([WINDOW], [RULE]).judge(DOWNLOAD, scene(hours, orig, resp))
    assert told.severity in ("info", "high")
    assert (told.expected is not None) == (10 <= hours <= 12 and (orig, resp) == ("10.0.0.9", "10.0.0.1"))


TEXT = """
[[window]]
assets = ["10.0.0.1"]
from = 2026-12-01T06:00:00Z
until = 2026-12-01T10:00:00+01:00
verbs = ["program_download"]
reason = "change 4711"

[[suppression]]
note = "new_peer"
author = "J. Muster"
reason = "backup"
expires = 2027-03-01T00:00:00Z
"""


def test_a_file_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(TEXT)
    book = load_expected(path)
    (window,), (rule,) = book.windows, book.suppressions
    assert window.end - window.begin == 3 * HOUR and window.verbs == ("program_download",)
    assert (window.id, rule.id, rule.orig) == ("window-1", "suppression-1", "*")
    as_json = tmp_path / "expected.json"
    as_json.write_text('{"window": [{"from": "2026-12-01T06:00:00Z", "until": "2026-12-01T07:00:00Z", "reason": "x"}]}')
    assert load_expected(as_json).windows[0].reason == "x"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("06:00:00Z", "06:00:00", "window.1.from: needs a time zone"),
        ("06:00:00Z", "16:00:00Z", "until must be after from"),
        ('"program_download"', '"download"', "window.1.verbs.1"),
        ('author = "J. Muster"\n', "", "suppression.1.author"),
        ('note = "new_peer"\n', "", "would hide every notice"),
        ("reason", "raison", "window.1"),
        ("[[window]]", "[[window", "not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ConfigError, match=r"expected\.toml") as raised:
        load_expected(path)
    assert said in str(raised.value)


def test_an_id_stands_for_one_rule(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(TEXT.replace("note =", 'id = "window-1"\nnote ='))
    with pytest.raises(ConfigError, match="'window-1' is given twice"):
        load_expected(path)
