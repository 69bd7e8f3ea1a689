"""`linewarden baseline` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from tests.cli.conftest import Run, capture, run  # noqa: F401 - a fixture

POLLS, WRITES = 3, 6


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    path = tmp_path / "plant.pcap"
    path.write_bytes(capture(POLLS, WRITES, times=20))
    return path


def test_learn_show_edit_and_diff(run: Run, pcap: Path, tmp_path: Path) -> None:  # noqa: F811
    kept, other = tmp_path / "a.json", tmp_path / "b.json"
    learned = run("baseline", "learn", pcap, "--out", kept)
    assert learned.code == 0 and "too early to judge" in learned.out
    assert run("baseline", "learn", pcap, "--out", other).code == 0
    assert kept.read_bytes() == other.read_bytes(), "the same records make the same file"
    assert "Both know the same" in run("baseline", "diff", kept, other).out
    known = run("baseline", "show", kept, "--json").json
    server = next(a for a in known["assets"] if a["services"])
    assert server["peers"] == 1 and not server["ripe"]
    assert [c["verbs"] for c in known["conduits"] if c["verbs"]] == [["read", "write"]]
    entries = run("baseline", "show", kept, "--asset", server["address"], "--json").json
    write = next(e["key"] for e in entries if e["what"] == "write")
    assert write in run("baseline", "show", kept, "--asset", server["address"]).out.replace("\n", "")
    assert run("baseline", "forget", kept, write).code == 0
    assert run("baseline", "approve", kept, f"peer|{server['address']}|*").code == 0
    states = {e["key"]: e["state"] for e in run("baseline", "show", kept, "--asset", server["address"], "--json").json}
    assert states[write] == "forgotten" and "approved" in states.values()
    differs = run("baseline", "diff", kept, other, "--json").json
    assert {d["difference"] for d in differs} == {"forgotten in A, learned in B", "approved in A, learned in B"}
    assert run("baseline", "show", kept, "--state", "unapproved").out.startswith("No such entry")


def test_a_lake_teaches_the_same_as_its_captures(run: Run, pcap: Path, tmp_path: Path) -> None:  # noqa: F811
    lake, direct, by_lake = tmp_path / "lake", tmp_path / "a.json", tmp_path / "b.json"
    assert run("read", pcap, "--out", lake, "--quiet").code == 0
    assert (
        run("baseline", "learn", pcap, "--out", direct).code
        == run("baseline", "learn", lake, "--out", by_lake).code
        == 0
    )
    assert direct.read_bytes() == by_lake.read_bytes()


def test_what_is_there_is_not_overwritten_and_frozen_does_not_learn(run: Run, pcap: Path, tmp_path: Path) -> None:  # noqa: F811
    kept = tmp_path / "a.json"
    run("baseline", "learn", pcap, "--out", kept)
    before = kept.read_bytes()
    refused = run("baseline", "learn", pcap, "--out", kept)
    assert refused.code == 2 and "--add" in refused.err and kept.read_bytes() == before
    assert run("baseline", "learn", pcap, "--out", kept, "--add").code == 0
    assert json.loads(kept.read_text())["entries"][0][7] > json.loads(before)["entries"][0][7]
    assert run("baseline", "freeze", kept).code == 0
    frozen = run("baseline", "learn", pcap, "--out", kept, "--add")
    assert frozen.code == 2 and "--off" in frozen.err
    assert run("baseline", "freeze", kept, "--off").code == 0
    assert run("baseline", "merge", kept, kept, "--out", tmp_path / "m.json").code == 0


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 1}', '{"version": 7, "entries": []}'])
def test_a_file_that_is_no_baseline(run: Run, tmp_path: Path, text: str) -> None:  # noqa: F811
    path = tmp_path / "x.json"
    path.write_text(text)
    said = run("baseline", "show", path)
    assert said.code == 4 and said.err.count("\n") == 1 and "x.json" in said.err


def test_mistakes_name_the_way_out(run: Run, pcap: Path, tmp_path: Path) -> None:  # noqa: F811
    kept = tmp_path / "a.json"
    assert "baseline learn" in run("baseline", "show", kept).err
    run("baseline", "learn", pcap, "--out", kept)
    said = run("baseline", "approve", kept, "peer|x")
    assert said.code == 2 and "no such entry" in said.err
    assert main(["baseline", "learn", str(tmp_path / "none.pcap"), "--out", str(tmp_path / "n.json")]) == 3
    assert not (tmp_path / "n.json").exists()
