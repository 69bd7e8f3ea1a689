"""Commands over `--server` say what they say of the same lake here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.policy import Scope
from tests.api.test_client import token_of
from tests.console.house import Served

SQL = 'SELECT ts, uid, "id.orig_h", verb, count(*) OVER () AS n FROM command ORDER BY ts, uid LIMIT 20'
COMMANDS = (
    ["assets"], ["assets", "--json"], ["assets", "--role", "controller", "--level", "1"],
    ["assets", "--q", "line1", "--json"],
    ["notices"], ["notices", "--json"], ["notices", "--severity", "high", "--json"], ["notices", "--note", "nothing"],
    ["notices export", "--format", "stix"], ["cases"], ["cases", "--json"], ["cases export", "--format", "ocsf"],
    ["tags"], ["tags", "--json"], ["tags", "--csv", "--device", "10.20.1.11"],
    ["query", SQL], ["query", SQL, "--json"], ["query", SQL, "--csv"],
)  # fmt: skip


@pytest.fixture(scope="module")
def server(served: Served, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options that name the console."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(token_of(served) + "\n")
    return ["--server", served.url, "--token-file", str(file), "--ca", str(served.ca)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_both_ways_say_the_same(
    command: list[str], lake: Path, server: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*command[0].split(), *command[1:]]
    n = len(command[0].split())
    assert main([*words[:n], str(lake), *words[n:]]) == 0
    here = capsys.readouterr().out
    assert main([*words, *server]) == 0
    there = capsys.readouterr().out
    assert there.replace(server[1], str(lake)).partition(" Nothing")[0] == here.partition(" `linewarden")[0]
    assert len(here) > 40


def test_options_may_come_first(server: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", *server, "SELECT 1 AS one", "--csv"]) == 0
    assert capsys.readouterr().out == "one\n1\n"
    assert main(["cases", *server, "--json"]) == 0
    case = json.loads(capsys.readouterr().out)[0]
    assert main(["cases", *server, case["id"][:8]]) == 0
    assert case["title"] in capsys.readouterr().out.replace("\n", " ")


def test_the_log(served: Served, server: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "list", *server, "--action", "token", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    actions = [e["action"] for e in found]
    assert "token.make" in actions
    assert all(a.startswith("token.") for a in actions)
    assert [e["seq"] for e in found] == sorted(e["seq"] for e in found)
    assert main(["audit", "list", *server, "--from", str(found[-1]["seq"])]) == 0
    assert f"{found[-1]['seq']} " in capsys.readouterr().out


def test_the_token_from_the_environment(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINEWARDEN_TOKEN", token_of(served, Scope.READ))
    at = ["--server", served.url, "--ca", str(served.ca)]
    assert main(["assets", *at, "--json"]) == 0
    assert main(["audit", "list", *at]) == 9
    assert "may not" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["assets"], 2, "LAKE"),
        (["assets", "lake", "--ca", "x"], 2, "--server"),
        (["assets", "--server", "https://127.0.0.1:9"], 2, "token"),
        (["assets", "--server", "https://127.0.0.1:9", "--token-file", "none"], 2, "none"),
        (["cases", "--server", "http://127.0.0.1:9", "--token-file", "TOKEN"], 2, "https://"),
        (["cases", "--server", "https://127.0.0.1:9", "--token-file", "TOKEN"], 8, "reached"),
        (["assets", "--server", "https://127.0.0.1:9", "--token-file", "TOKEN", "--role", "x"], 2, "controller"),
    ],
)
def test_what_is_wrong(
    words: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.delenv("LINEWARDEN_TOKEN", raising=False)
    (tmp_path / "token").write_text("lw_x")
    try:
        found = main([str(tmp_path / "token") if w == "TOKEN" else w for w in words])
    except SystemExit as end:
        found = int(end.code or 0)
    assert found == code
    assert said in capsys.readouterr().err
