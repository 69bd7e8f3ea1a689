"""What a run of the service tells the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linewarden.service.audit.checking import check
from linewarden.service.audit.ledger import Ledger, entries
from linewarden.service.audit.witness import Witness
from linewarden.service.config import load_config
from linewarden.service.config.parts import witness_of
from linewarden.service.state import State, open_state

CONFIG = """
[service]
data = "data"
[[sensor]]
name = "a"
interfaces = ["lo"]
[detect]
expected = "expected.toml"
{more}
"""
HOOK = '[[export]]\nto = "https://siem.plant/secret-path"\n'


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


def witness(folder: Path, more: str = "") -> Witness:
    file = folder / "linewarden.toml"
    file.write_text(CONFIG.format(more=more))
    if not (folder / "expected.toml").exists():
        (folder / "expected.toml").write_text("")
    return witness_of(load_config(file), file)


def run_once(state: State, who: Witness) -> None:
    number = state.begin_run("1", "here", 1, who.began(state))
    who.turn(state)
    state.end_run(number, clean=True, also=who.ended(state, clean=True))
    who.turn(state)


def told(state: State, action: str) -> list[dict[str, Any]]:
    return [json.loads(e.body) for e in entries(state) if e.action == action]


def test_a_start_tells_what_is_new_in_the_settings(state: State, tmp_path: Path) -> None:
    for more in ("", "", HOOK):
        run_once(state, witness(tmp_path, more))
    first, same, last = told(state, "service.start")
    assert first["before"] == {} and first["after"]["settings.sensor[0].name"] == "a"
    assert (same["before"], same["after"]) == ({}, {})
    assert last["after"]["settings.export[0].to"] == "https://siem.plant:443/***"
    assert f"files.{tmp_path / 'linewarden.toml'}" in last["after"]
    assert "secret-path" not in json.dumps(last)
    assert [e["after"]["clean"] for e in told(state, "service.stop")] == [True] * 3
    found = check(Ledger(state, tmp_path / "data" / "audit.key"))
    assert found.problems == [] and found.covered == found.entries


def test_a_file_that_somebody_edits_is_told_once(state: State, tmp_path: Path) -> None:
    who = witness(tmp_path)
    state.begin_run("1", "here", 1, who.began(state))
    assert who.turn(state).startswith("audit head: linewarden/")
    assert who.turn(state) == ""
    (tmp_path / "expected.toml").write_text("# by hand\n")
    who.turn(state)
    who.turn(state)
    (edited,) = told(state, "file.changed")
    assert edited["target"] == str(tmp_path / "expected.toml")
    assert edited["before"]["sha256"] != edited["after"]["sha256"]


def test_what_was_edited_while_it_stood_still_is_told_at_the_start(state: State, tmp_path: Path) -> None:
    run_once(state, witness(tmp_path))
    (tmp_path / "expected.toml").write_text("# by night\n")
    run_once(state, witness(tmp_path))
    assert list(told(state, "service.start")[-1]["after"]) == [f"files.{tmp_path / 'expected.toml'}"]
