"""What waits for a receiver: nothing lost, nothing out of order, whatever happens in between."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from linewarden.errors import StoreError
from linewarden.service.exporting.outbox import GAP, Outbox
from tests.cases.test_export import ALL, DOWNLOAD
from tests.effort import examples

ROOT = Path(__file__).resolve().parents[3]
MUCH = 10_000_000


def numbered(*numbers: int) -> list[str]:
    return [f"n{n:06d}" for n in numbers]


def fill(box: Outbox, numbers: range, severity: str = "high") -> int:
    """Adds notices n000001...; how many found room."""
    return sum(box.add(replace(DOWNLOAD, notice_id=f"n{n:06d}", severity=severity)) for n in numbers)


def drained(box: Outbox, most: int = 7) -> list[str]:
    found: list[str] = []
    while batch := box.peek(most):
        found += [e.notice_id for e in batch]
        box.done(len(batch))
    return found


def test_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box", MUCH)
    assert all(box.add(e) for e in ALL)
    assert tuple(box.peek(10)) == ALL
    assert len(box) == len(ALL)
    box.close()


class Kept(RuleBasedStateMachine):
    """Against a list: notices are added, taken in part, and the process is killed at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.box = Outbox(self.folder / "box", MUCH, file_bytes=3000)  # about four notices a file
        self.model: list[str] = []
        self.added = 0

    @rule(count=st.integers(1, 12))
    def add(self, count: int) -> None:
        assert fill(self.box, range(self.added, self.added + count)) == count
        self.model += numbered(*range(self.added, self.added + count))
        self.added += count

    @rule(most=st.integers(1, 15), taken=st.integers(0, 15), more=st.integers(0, 3))
    def take(self, most: int, taken: int, more: int) -> None:
        batch = [e.notice_id for e in self.box.peek(most)]
        assert batch == self.model[:most]
        self.add(more) if more else None  # while the receiver is being spoken to
        taken = min(taken, len(batch))
        self.box.done(taken)
        self.model = self.model[taken:]

    @rule()
    def start_anew(self) -> None:
        self.box.close()
        self.box = Outbox(self.folder / "box", MUCH, file_bytes=3000)

    @rule()
    def killed_before_the_mark_was_moved(self) -> None:
        """Then what was taken comes again: at least once, in order, and all that was not taken."""
        mark = self.folder / "box" / "taken.json"
        before = mark.read_bytes() if mark.exists() else None
        taken = self.model[:2]
        batch = self.box.peek(2)
        kept = {p.name: p.read_bytes() for p in (self.folder / "box").glob("*.jsonl")}
        self.box.done(len(batch))
        self.box.close()
        for name, data in kept.items():
            (self.folder / "box" / name).write_bytes(data)
        if before is None:
            mark.unlink(missing_ok=True)
        else:
            mark.write_bytes(before)
        self.box = Outbox(self.folder / "box", MUCH, file_bytes=3000)
        again = [e.notice_id for e in self.box.peek(10_000)]
        assert again[-len(self.model) :] == self.model if self.model else True
        assert again[: len(again) - len(self.model)] == [] or taken
        self.model = again

    @invariant()
    def counts(self) -> None:
        assert len(self.box) == len(self.model)

    @invariant()
    def no_file_stays_that_was_taken_whole(self) -> None:
        size = sum(p.stat().st_size for p in (self.folder / "box").glob("*.jsonl"))
        assert size <= (len(self.model) + 12) * 1000 + 6000

    def teardown(self) -> None:
        assert drained(self.box) == self.model
        self.box.close()
        shutil.rmtree(self.folder)


TestKept = Kept.TestCase
TestKept.settings = settings(max_examples=examples(12), stateful_step_count=25, deadline=None)

KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from linewarden.service.exporting.outbox import Outbox
from tests.cases.test_export import DOWNLOAD
box = Outbox(Path(sys.argv[1]), 10_000_000)
for n in range(500):
    assert box.add(replace(DOWNLOAD, notice_id=f"n{n:06d}"))
    if n % 50 == 0:
        box.done(len(box.peek(20)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "box")], check=False, timeout=60, cwd=ROOT)
    assert ran.returncode == -signal.SIGKILL
    box = Outbox(tmp_path / "box", MUCH)
    found = drained(box)
    assert found == numbered(*range(500 - len(found), 500)) and len(found) >= 300
    box.close()


def test_half_a_line_and_a_damaged_one_cost_themselves_only(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box", MUCH)
    fill(box, range(3))
    box.close()
    file = tmp_path / "box" / "00000001.jsonl"
    first, second, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + b"\0" * 30 + b"\r\n" + second[:40] + b"\r" + b"\n" + third + second[:50])
    box = Outbox(tmp_path / "box", MUCH)
    assert len(box) == 2
    fill(box, range(9, 10))
    assert drained(box) == numbered(0, 2, 9) and len(box) == 0
    box.close()


def test_a_full_one_keeps_room_for_what_is_urgent_and_says_what_is_missing(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box", 40_000)
    noise = fill(box, range(100), "medium")
    assert 0 < noise < 100 and box.lost == 100 - noise
    assert fill(box, range(100, 105), "critical") == 5
    found = box.peek(1000)
    ids = [e.notice_id for e in found if e.note != GAP]
    assert ids == numbered(*range(noise), *range(100, 105)), "the beginning is kept, not the end"
    (gap,) = [e for e in found if e.note == GAP]
    assert gap.count == 100 - noise and f"{100 - noise} notices" in gap.msg
    assert found.index(gap) == noise
    assert sum(p.stat().st_size for p in (tmp_path / "box").glob("*.jsonl")) <= 40_000
    box.done(len(found))
    box.close()


def test_once_taken_there_is_room_again(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box", 40_000, file_bytes=4000)
    for start in range(0, 1000, 10):
        assert fill(box, range(start, start + 10)) == 10
        assert len(drained(box)) == 10
    assert box.lost == 0
    box.close()


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 4 kB: a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_what_finds_no_room_on_disk_is_sent_from_memory(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box", MUCH)
    assert fill(box, range(30)) == 30 and len(box) == 30
    assert (tmp_path / "box" / "00000001.jsonl").stat().st_size <= 4096
    assert drained(box) == numbered(*range(30)) and len(box) == 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)
    fill(box, range(30, 33))
    assert drained(box) == numbered(30, 31, 32)
    box.close()


def test_a_folder_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Outbox(tmp_path / "file" / "box", MUCH)
