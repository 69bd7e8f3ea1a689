"""The configuration: what is said of a wrong one, what an example has, what the parts get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.errors import ConfigError
from linewarden.service.config import check_config, load_config
from linewarden.service.serving import plan_of

GOOD = """
[service]
site = "s1"
data = "data"
[[sensor]]
name = "line1"
interfaces = ["lo"]
"""

DIGEST = '[digest]\nto = ["shift@plant.example"]\nsender = "lw@plant.example"\nserver = "mail.plant:587"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plant.toml"
    path.write_text(text)
    return path


def said(tmp_path: Path, text: str) -> list[str]:
    return [str(p) for p in check_config(written(tmp_path, text))]


def test_a_small_one_is_enough_and_paths_are_beside_it(tmp_path: Path) -> None:
    plan = plan_of(load_config(written(tmp_path, GOOD)))
    assert plan.keeping.lake == tmp_path / "data" / "lake"
    assert plan.state_url == f"sqlite:///{tmp_path / 'data' / 'state.db'}"
    assert plan.listen == ("127.0.0.1", 9480)
    (sensor,) = plan.sensors
    assert (sensor.settings.site, sensor.settings.sensor, sensor.listening.interfaces) == ("s1", "line1", ("lo",))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("ring_mb = 1", ["sensor[0].ring_mb", "too small", "MiB"]),
        ("rign_mb = 64", ["sensor[0].rign_mb", "unknown key", "`ring_mb`"]),
        ('[[sensor]]\nname = "line1"\ninterfaces = ["eth9"]', ["line1"]),
        ('[[sensor]]\nname = "line2"\ninterfaces = ["lo"]', ["lo"]),
        ("[lake.retention]\nconnn = 3", ["lake.retention.connn", "`conn`"]),
        ('[http]\nlisten = "0.0.0.0:9480"', ["http", "allow_remote"]),
        ('[http]\nlisten = "nonsense"', ["http.listen", "127.0.0.1:9480"]),
        ('[state]\nurl = "mysql://x"', ["state.url"]),
        ("[lake]\ncompact_every_s = -1", ["lake.compact_every_s"]),
        ('[[export]]\nto = "http://siem/SECRET"', ["export[0].to", "https"]),
        ("[[export]]\nto = 7", ["export[0].to", "text"]),
        ('[[export]]\nto = "syslog+tls://siem?ca=x"', ["export[0].to", "ca_file"]),
        ('[[export]]\nto = "syslog+udp://siem"\nca_file = "x"', ["export[0]", "encryption"]),
        ('[[export]]\nto = "syslog+udp://siem"\ntoken_file = "x"', ["export[0]", "webhooks"]),
        ('[[export]]\nto = "syslog+udp://siem"\nname = "a/b"', ["export[0].name", "letters"]),
        ('[[export]]\nto = "syslog+udp://siem"\nleast = "bad"', ["export[0].least", "critical"]),
        ('[[export]]\nto = "https://h/a"\n[[export]]\nto = "https://h/b"', ["export[1].name", "export[0]"]),
        (DIGEST.replace("lw@plant.example", "nobody"), ["digest.sender", "name@host"]),
        (DIGEST.replace("mail.plant:587", "mail.plant"), ["digest.server", "host:port"]),
        (DIGEST + 'at = "7"', ["digest.at", "07:00"]),
        (DIGEST + 'security = "none"', ["digest.security", "starttls"]),
        (DIGEST + 'user = "me"', ["digest.user", "password_file"]),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(tmp_path: Path, more: str, words: list[str]) -> None:
    lines = said(tmp_path, f"{GOOD}{more}\n")
    assert len(lines) == 1, lines
    assert all(word in lines[0] for word in words), lines
    assert "SECRET" not in lines[0]
    with pytest.raises(ConfigError, match=r"plant\.toml"):
        load_config(tmp_path / "plant.toml")


def test_every_problem_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = GOOD.replace('"s1"', '"a b"') + "ring_mb = 1\n[lake.retention]\nconnn = 3\n"
    assert main(["config", "check", str(written(tmp_path, bad))]) == 2
    out = capsys.readouterr()
    assert len((out.out + out.err).splitlines()) == 3


def test_broken_toml_is_said_with_its_line(tmp_path: Path) -> None:
    (line,) = said(tmp_path, "[service\n")
    assert "line 1" in line


def test_the_example_is_right_and_show_hides_the_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "example"]) == 0
    example = capsys.readouterr().out
    assert said(tmp_path, example) == []
    secret = GOOD + '[state]\nurl = "postgresql://u:topsecret@127.0.0.1/db"\n'
    assert main(["config", "show", str(written(tmp_path, secret)), "--json"]) == 0
    shown = capsys.readouterr().out
    assert "topsecret" not in shown
    assert json.loads(shown)["service"]["site"] == "s1"


def test_a_password_may_stand_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pw").write_text("from-file\n")
    config = load_config(written(tmp_path, GOOD + '[state]\nurl = "postgresql://u@h/d"\npassword_file = "pw"\n'))
    assert config.state_password() == "from-file"
    monkeypatch.setenv("LINEWARDEN_STATE_PASSWORD", "from-environment")
    assert config.state_password() == "from-environment"


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_receivers_are_made_and_their_secrets_are_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("T0KEN\n")
    more = """
[[export]]
to = "https://siem.plant/services/T0/SECRET"
token_file = "token"
format = "ocsf"
[[export]]
to = "syslog+udp://10.0.0.9"
name = "old"
least = "high"
"""
    path = written(tmp_path, GOOD + more + DIGEST + 'every = "hourly"')
    found = {r.name: r for r in plan_of(load_config(path)).receivers}
    assert {n: (r.shown, r.least, r.every) for n, r in found.items()} == {
        "https-siem-plant-443": ("https://siem.plant:443", "medium", None),
        "old": ("syslog+udp://10.0.0.9:514", "high", None),
        "digest": ("mail.plant:587", "medium", "hourly"),
    }
    for command in ("check", "show"):
        assert main(["config", command, str(path)]) == 0
        out = capsys.readouterr()
        assert "siem.plant" in out.out and "SECRET" not in out.out + out.err and "T0KEN" not in out.out + out.err


def test_a_secret_that_is_not_there_is_a_warning_of_check_and_an_end_to_serve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, GOOD + '[[export]]\nto = "https://siem/x"\ntoken_file = "nowhere"\n')
    assert main(["config", "check", str(path)]) == 0
    assert "export[0]: " in (err := capsys.readouterr().err) and "nowhere" in err
    with pytest.raises(ConfigError, match="nowhere"):
        plan_of(load_config(path))
