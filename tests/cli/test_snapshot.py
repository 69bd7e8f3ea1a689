"""`linewarden snapshot`: what a run rests on, under a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, capture

EXPECTED = """
[[suppression]]
note = "write_by_wrong_role"
expires = 2099-01-01T00:00:00Z
author = "J. Muster"
reason = "a gateway"  # comments stay
"""
RULE = {
    "format": 1, "id": "4711", "title": "A register written", "severity": "high",
    "looks_at": {"command": {"column": "verb", "like": ["write"]}},
}  # fmt: skip


@pytest.fixture
def lake(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "written.pcap").write_bytes(capture(3, 6, times=3))
    assert run("read", tmp_path / "written.pcap", "--out", tmp_path / "lake").code == 0
    return tmp_path / "lake"


@pytest.fixture
def saved(run: Run, lake: Path, tmp_path: Path) -> dict[str, Any]:
    """A snapshot `before`, whose files are gone afterwards."""
    (tmp_path / "expected.toml").write_text(EXPECTED)
    usual = tmp_path / "usual.json"
    assert run("baseline", "learn", lake, "--out", usual).code == 0
    said = ["--baseline", usual, "--expected", tmp_path / "expected.toml", "--because", "an audit", "--author", "J. M."]
    found = run("snapshot", "save", lake, "before", *said, "--json")
    assert found.code == 0
    usual.unlink()
    (tmp_path / "expected.toml").unlink()
    return dict(found.json)


def test_it_says_who_when_and_what(run: Run, lake: Path, saved: dict[str, Any]) -> None:
    assert (saved["name"], saved["by"], saved["because"]) == ("before", "J. M.", "an audit")
    assert saved["made"].endswith("Z") and saved["baseline"]["entries"] > 0 and saved["rules"] == []
    assert saved["expected"] == {"windows": 0, "suppressions": 1, "approved": 0}
    assert run("snapshot", "show", lake, "before", "--json").json == saved
    assert run("snapshot", "list", lake, "--json").json == [saved]
    assert "an audit" in run("snapshot", "list", lake).out and saved["sha256"] in run(
        "snapshot", "show", lake, "before"
    ).out  # fmt: skip


def test_detect_uses_it(run: Run, lake: Path, saved: dict[str, Any]) -> None:
    once = run("detect", lake, "--snapshot", "before", "--json", "--no-progress")
    assert once.code == 0
    assert run("detect", lake, "--snapshot", "before", "--json", "--no-progress").json == once.json


def test_rules_are_looked_for_when_their_folder_is_gone(run: Run, lake: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rule_written.json").write_text(json.dumps(RULE))
    checked = run("rules", "check", rules)
    assert checked.code == 0, checked.err
    assert run("snapshot", "save", lake, "rules", "--rules", rules, "--because", "ours").code == 0
    (rules / "rule_written.json").unlink()
    found = run("detect", lake, "--snapshot", "rules", "--json", "--no-progress").json
    assert "rule_written" in {n["note"] for n in found}


def test_a_name_is_taken_once_and_removed_once(run: Run, lake: Path, saved: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text("")
    again = ["snapshot", "save", lake, "before", "--expected", tmp_path / "e.toml", "--because", "x"]
    assert run(*again).code == 2 and run("snapshot", "show", lake, "before", "--json").json == saved
    assert run(*again, "--replace").code == 0
    assert run("snapshot", "show", lake, "before", "--json").json["baseline"] is None
    assert run("snapshot", "remove", lake, "before").code == 0
    gone = run("snapshot", "remove", lake, "before")
    assert gone.code == 2 and len(gone.err.splitlines()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["snapshot", "save", "LAKE", "../x", "--because", "x", "--rules", "none"],
        ["snapshot", "save", "LAKE", "x", "--because", "x"],
        ["snapshot", "save", "LAKE", "x", "--because", "x", "--expected", "none.toml"],
        ["snapshot", "show", "LAKE", "none"],
        ["snapshot", "list", "none"],
        ["detect", "LAKE", "--snapshot", "none"],
        ["detect", "LAKE", "--snapshot", "before", "--expected", "x.toml"],
        ["detect", "LAKE/../written.pcap", "--snapshot", "before"],
    ],
)
def test_what_is_wrong_is_said_in_a_line(run: Run, lake: Path, wrong: list[str]) -> None:
    found = run(*(str(lake) + word.removeprefix("LAKE") if word.startswith("LAKE") else word for word in wrong))
    assert found.code in (2, 4, 5) and len(found.err.splitlines()) == 1
    assert not list(lake.glob("snapshots/*"))


def test_a_damaged_one_is_said_and_hides_no_other(run: Run, lake: Path, saved: dict[str, Any]) -> None:
    (lake / "snapshots" / "half.json").write_text('{"format": ')
    found = run("snapshot", "list", lake)
    assert found.code == 0 and "before" in found.out and "half.json: no snapshot" in found.err
