"""`linewarden audit`: what commands change is recorded beside it, and told."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from linewarden.errors import StoreError
from linewarden.service.audit import Change, recorded
from linewarden.service.audit.command import CHANGED
from linewarden.service.audit.places import ledger_at
from tests.cli.conftest import Run
from tests.service.exporting.receivers import SyslogServer, until

ANNOUNCE = ("--asset", "10.0.0.1", "--until", "4h", "--because", "recipe", "--verb", "stop")


@pytest.fixture
def expected(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "site" / "expected.toml"
    file.parent.mkdir()
    for who in ("anna", "bert", "carla"):
        begin = f"2026-12-0{len(who)}T06:00Z" if who != "bert" else "2026-12-01T06:00Z"
        assert run("expected", "announce", file, *ANNOUNCE, "--from", begin, "--author", who).code == 0
    return file


def test_what_is_announced_is_in_the_log_beside_the_file(run: Run, expected: Path) -> None:
    begin, *rest = run("audit", "list", expected, "--json").json
    assert begin["action"] == "audit.begin"
    assert [e["action"] for e in rest] == ["expected.announce"] * 3
    last = rest[-1]
    assert last["after"]["window"]["author"] == "carla" and last["target"] == str(expected)
    assert last["who"]["uid"] == os.geteuid()
    assert last["detail"]["sha256"]["before"] == rest[-2]["detail"]["sha256"]["after"]
    assert "expected.announce" in run("audit", "list", expected).out
    key = expected.parent / ".linewarden" / "audit.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_whole_is_said_to_be(run: Run, expected: Path) -> None:
    said = run("audit", "verify", expected)
    assert (said.code, said.out) == (0, "4 entries and 3 signed heads are as they were written.\n")
    assert run("audit", "verify", expected.parent, "--json").json["whole"]


def test_a_changed_entry_is_named(run: Run, expected: Path) -> None:
    with sqlite3.connect(expected.parent / ".linewarden" / "audit.db") as database:
        database.execute("UPDATE audit_entry SET body = replace(body, 'bert', 'bart') WHERE seq = 2")
    said = run("audit", "verify", expected)
    assert said.code == CHANGED
    assert "entry 2 was changed: its text is not the one that was hashed" in said.out
    (problem,) = run("audit", "verify", expected, "--json").json["problems"]
    assert (problem["entry"], problem["kind"]) == (2, "changed")


def test_a_head_kept_elsewhere_shows_that_the_end_was_cut(run: Run, expected: Path, tmp_path: Path) -> None:
    folder, kept = expected.parent / ".linewarden", tmp_path / "head.txt"
    copy = folder.with_name("copy")
    copy.mkdir()
    with sqlite3.connect(folder / "audit.db") as database, sqlite3.connect(copy / "audit.db") as other:
        database.backup(other)
    run("expected", "announce", expected, *ANNOUNCE, "--from", "2026-12-09T06:00Z")
    kept.write_text(run("audit", "head", expected).out)
    assert run("audit", "verify", expected, "--head", kept).code == 0
    for old in folder.glob("audit.db*"):
        old.unlink()
    (copy / "audit.db").rename(folder / "audit.db")
    assert run("audit", "verify", expected).code == 0  # an older copy is whole in itself
    said = run("audit", "verify", expected, "--head", kept)
    assert (said.code, said.out.splitlines()[0]) == (CHANGED, f"{kept}: entry 4 is missing")


def test_proofs_need_no_log(run: Run, expected: Path, tmp_path: Path) -> None:
    old, proof, later = tmp_path / "old.txt", tmp_path / "proof.json", tmp_path / "later.json"
    key = run("audit", "key", expected).out.strip()
    old.write_text(run("audit", "head", expected).out)
    proof.write_text(run("audit", "proof", expected, 2).out)
    run("expected", "announce", expected, *ANNOUNCE, "--from", "2026-12-09T06:00Z")
    later.write_text(run("audit", "proof", expected, "--since", old).out)
    assert "entry 2 is in the log linewarden/" in run("audit", "check-proof", proof, "--key", key).out
    assert "the first 4 entries" in run("audit", "check-proof", later, "--key", key).out
    forged = json.loads(proof.read_text())
    forged["body"] = forged["body"].replace("bert", "anna")
    proof.write_text(json.dumps(forged))
    assert run("audit", "check-proof", proof, "--key", key).code == CHANGED
    assert run("audit", "proof", expected, 99).code == 2


def test_a_new_key_goes_on(run: Run, expected: Path) -> None:
    old = run("audit", "key", expected).out.strip()
    new = run("audit", "key", expected, "--rotate").out.strip()
    assert old != new
    run("expected", "announce", expected, *ANNOUNCE, "--from", "2026-12-09T06:00Z")
    assert run("audit", "verify", expected, "--key", old).code == 0
    assert run("audit", "list", expected, "--action", "audit", "--json").json[-1]["action"] == "audit.rotate"


def test_a_siem_gets_lines(run: Run, expected: Path) -> None:
    plain = [json.loads(line) for line in run("audit", "export", expected).out.splitlines()]
    assert [e["seq"] for e in plain] == [0, 1, 2, 3]
    cef = run("audit", "export", expected, "--format", "cef", "--from", "1").out.splitlines()
    assert len(cef) == 3 and all("|audit|expected.announce|" in line and "bert" in cef[1] for line in cef)
    syslog = run("audit", "export", expected, "--format", "syslog", "--action", "expected").out.splitlines()
    assert len(syslog) == 3 and syslog[0].startswith("<134>1 ") and "CEF:0|" in syslog[0]


def test_a_siem_is_sent_entries(run: Run, expected: Path) -> None:
    server = SyslogServer()
    to = f"syslog+tcp://127.0.0.1:{server.port}"
    said = run("audit", "export", expected, "--to", to)
    assert (said.code, said.out) == (0, f"4 of 4 entries were sent to {to}\n")
    until(lambda: len(server.messages) == 4)
    server.close()
    assert b"expected.announce" in server.messages[-1]


def test_each_command_that_changes_something_says_so(run: Run, lake: Path, tmp_path: Path) -> None:
    baseline, names = tmp_path / "b" / "plant.json", tmp_path / "names.csv"
    baseline.parent.mkdir()
    with names.open("w") as file:
        csv.writer(file).writerows([("address", "name"), ("10.0.0.1", "Filler")])
    assert run("baseline", "learn", lake, "--out", baseline).code == 0
    key = json.loads(run("baseline", "show", baseline, "--asset", "10.0.0.1", "--json").out)[0]["key"]
    for command in (("approve", baseline, key), ("forget", baseline, key), ("freeze", baseline)):
        assert run("baseline", *command).code == 0
    learned, approved, forgotten, frozen = run("audit", "list", baseline, "--action", "baseline", "--json").json
    assert learned["after"]["entries"] > 0
    assert approved["after"] == {key: "approved"} and approved["before"][key] != "approved"
    assert forgotten["action"] == "baseline.forgotten"
    assert (frozen["before"], frozen["after"]) == ({"frozen": False}, {"frozen": True})
    assert run("correct", lake, "--set", "10.0.0.1", "role=hmi").code == 0
    (corrected,) = run("audit", "list", lake, "--action", "assets", "--json").json
    assert corrected["before"]["fields"] == {} and corrected["after"]["fields"] == {"10.0.0.1": {"role": "hmi"}}
    assert run("query", lake, "SHOW TABLES").code == 0
    for place in (baseline, lake):
        assert run("audit", "verify", place).code == 0


KILLED = """
import os, sys
from pathlib import Path
from linewarden.service.audit import Change, recorded
file = Path(sys.argv[1])
with recorded(file, Change("test.write", str(file), after="new")):
    if sys.argv[2] == "after":
        file.write_text("new")
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("moment", "entries"), [("before", 0), ("after", 1)])
def test_after_a_kill_the_log_tells_what_really_happened(run: Run, tmp_path: Path, moment: str, entries: int) -> None:
    file = tmp_path / "file.txt"
    file.write_text("old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file), moment], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert run("audit", "verify", tmp_path, "--json").json["pending"] == 1
    with recorded(file, Change("test.next", str(file))):
        file.write_text("next")
    found = run("audit", "list", tmp_path, "--action", "test", "--json").json
    assert [e["action"] for e in found] == ["test.write"] * entries + ["test.next"]
    if entries:
        assert "killed" in found[0]["detail"]["broken_off"]
    assert run("audit", "verify", tmp_path, "--json").json["pending"] == 0


def test_what_fails_changes_nothing_and_is_not_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("old")
    with pytest.raises(OSError, match="no"), recorded(file, Change("test.write", str(file))):
        raise OSError("no")
    with ledger_at(tmp_path) as ledger, ledger.state.engine.connect() as connection:
        counts = [connection.exec_driver_sql(f"SELECT count(*) FROM audit_{t}").scalar() for t in ("entry", "pending")]
    assert counts == [0, 0]


def test_what_cannot_be_recorded_is_not_done(run: Run, expected: Path) -> None:
    before = expected.read_text()
    database = expected.parent / ".linewarden" / "audit.db"
    database.write_bytes(b"no database, but long enough to be one" * 100)
    said = run("expected", "announce", expected, *ANNOUNCE)
    assert said.code == StoreError.exit_code and "not a database" in said.err
    assert expected.read_text() == before


def test_the_log_may_be_that_of_the_service(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    config = tmp_path / "linewarden.toml"
    config.write_text('[[sensor]]\nname = "a"\ninterfaces = ["lo"]\n')
    monkeypatch.setenv("LINEWARDEN_AUDIT", str(config))
    assert run("expected", "announce", tmp_path / "expected.toml", *ANNOUNCE).code == 0
    assert not (tmp_path / ".linewarden").exists()
    assert [e["action"] for e in run("audit", "list", config, "--json").json] == ["audit.begin", "expected.announce"]
    assert (tmp_path / "linewarden-data" / "audit.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(run: Run, tmp_path: Path) -> None:
    """The service's user goes on with a log that an administrator began."""
    folder = tmp_path / "of-the-service"
    folder.mkdir()
    os.chown(folder, 65_534, 65_534)
    assert run("expected", "announce", folder / "expected.toml", *ANNOUNCE).code == 0
    made = [folder / ".linewarden", *(folder / ".linewarden").iterdir()]
    assert {p.name: p.stat().st_uid for p in made} == {".linewarden": 65_534, "audit.db": 65_534, "audit.key": 65_534}


def test_where_no_log_is_that_is_said(run: Run, tmp_path: Path) -> None:
    said = run("audit", "list", tmp_path)
    assert said.code == 2 and "has no audit log" in said.err
