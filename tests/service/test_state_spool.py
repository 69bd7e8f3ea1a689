"""Events on their way: whatever fails, what was acknowledged arrives, once and in order."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from linewarden.errors import StoreError
from linewarden.service.state import Event, Spool, State, open_state, spool
from tests.effort import examples
from tests.service import postgres


def event(text: object) -> Event:
    return Event.now("info", "test", str(text))


class Away:
    """A database that cannot be reached."""

    def add_events(self, events: Sequence[Event]) -> None:
        raise StoreError("away")


class AnswerLost:
    """It keeps what it is given, and the connection breaks before that can be said."""

    def __init__(self, state: State) -> None:
        self.state = state

    def add_events(self, events: Sequence[Event]) -> None:
        self.state.add_events(events)
        raise StoreError("connection lost")


@contextlib.contextmanager
def disk_full_at(size: int):
    """No file of this process may grow past so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


STEPS = ("add", "add", "add", "deliver", "away", "answer lost", "kill", "kill before truncation", "disk full")


def one_step(step: str, at: int, box: Spool, state: State, said: list[Event], sure: set[str]) -> Spool:
    """Does a step and gives the spool with which it goes on."""
    if step in ("add", "disk full"):
        full = disk_full_at(box.path.stat().st_size + at % 200) if step == "disk full" else contextlib.nullcontext()
        said.append(event(at))
        with full:
            if box.add(said[-1]):
                # Those before that were in memory only are on disk now, too.
                sure.update(e.id for e in box._waiting)
    elif step in ("away", "answer lost"):
        with contextlib.suppress(StoreError):
            box.deliver(Away() if step == "away" else AnswerLost(state))
    elif step == "deliver":
        box.deliver(state)
    else:
        before = box.path.read_bytes()
        if step == "kill before truncation":
            box.deliver(state)
            box.path.write_bytes(before)
        box.close()  # what a kill leaves: the file as it is; only the lock must go, as it would
        return Spool(box.path)
    return box


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 10_000)), max_size=25), st.sampled_from([1, 3, 200]))
def test_whatever_fails_what_was_acknowledged_arrives_once_and_in_order(
    steps: list[tuple[str, int]], batch: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BATCH", batch)
        state = open_state(f"sqlite:///{folder}/state.db")
        box, said, sure = Spool(Path(folder) / "events.spool"), list[Event](), set[str]()
        for number, (step, salt) in enumerate(steps):
            box = one_step(step, salt * 1000 + number, box, state, said, sure)
        box.deliver(state)
        there = [e.id for e in reversed(state.events(limit=1000))]
        box.close()
        state.close()
    assert len(there) == len(set(there))
    assert sure <= set(there)
    order = [e.id for e in said]
    assert there == [i for i in order if i in set(there)]


def test_what_waits_outlives_a_kill(tmp_path: Path) -> None:
    """A process says what it was told is safe, and is killed."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from linewarden.service.state import Event, Spool\n"
        "spool = Spool(Path(sys.argv[1]))\n"
        "while True:\n"
        "    event = Event.now('info', 'a', 'x' * 300)\n"
        "    assert spool.add(event)\n"
        "    print(event.id, flush=True)\n"
    )
    path = tmp_path / "events.spool"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    acknowledged = [process.stdout.readline().strip() for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    state = open_state(f"sqlite:///{tmp_path / 's.db'}")
    box = Spool(path)
    box.deliver(state)
    there = [e.id for e in reversed(state.events(limit=100_000))]
    assert there[: len(acknowledged)] == acknowledged
    assert len(there) <= len(acknowledged) + 1
    assert path.stat().st_size == 0
    box.close()
    state.close()


def test_half_a_line_and_a_damaged_one_do_not_stop_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "events.spool"
    box = Spool(path)
    for n in range(3):
        box.add(event(n))
    box.close()
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:20] + b"\xff" + second[20:] + third + b'{"id": "half')
    box, state = Spool(path), open_state(f"sqlite:///{tmp_path / 's.db'}")
    assert box.deliver(state) == 3
    texts = [e.text for e in reversed(state.events())]
    assert texts[:2] == ["0", "2"]
    assert "1 lines are damaged" in texts[2]
    box.close()
    state.close()


def test_on_a_full_disk_events_wait_in_memory_and_are_written_when_there_is_room(tmp_path: Path) -> None:
    box = Spool(tmp_path / "events.spool")
    assert box.add(event("before"))
    with disk_full_at(box.path.stat().st_size + 50):
        assert not box.add(event("meanwhile"))
        assert len(box) == 2
    assert box.add(event("after"))
    box.close()
    again = Spool(box.path)
    assert [e.text for e in again._waiting] == ["before", "meanwhile", "after"]
    again.close()


def test_too_many_are_refused_and_that_is_said(tmp_path: Path) -> None:
    box, state = Spool(tmp_path / "events.spool", most=5), open_state(f"sqlite:///{tmp_path / 's.db'}")
    assert [box.add(event(n)) for n in range(8)] == [True] * 5 + [False] * 3
    box.deliver(state)
    texts = [e.text for e in reversed(state.events())]
    assert texts == ["0", "1", "2", "3", "4", "3 events were lost: too many waited for the database"]
    assert box.add(event("room again")) and box.refused == 0
    box.close()
    state.close()


def test_the_file_stays_small_while_the_database_comes_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BATCH", 2)
    state = open_state(f"sqlite:///{tmp_path / 's.db'}")
    box, sizes = Spool(tmp_path / "events.spool"), []

    class OneBatch:
        taken = 0

        def add_events(self, events: Sequence[Event]) -> None:
            if self.taken:
                raise StoreError("away")
            self.taken += 1
            state.add_events(events)

    for n in range(200):
        box.add(event(f"{n:05}"))
        box.add(event(f"{n:05}b"))
        with contextlib.suppress(StoreError):
            box.deliver(OneBatch())
        box.add(event(f"{n:05}c")) if n % 50 == 0 else None
        sizes.append(box.path.stat().st_size)
    assert max(sizes) < 5_000
    box.deliver(state)
    assert len(state.events(limit=1000)) == 404
    box.close()
    state.close()


def test_who_adds_does_not_wait_for_the_database(tmp_path: Path) -> None:
    box = Spool(tmp_path / "events.spool")
    box.add(event("first"))
    reached, go = threading.Event(), threading.Event()

    class Slow:
        def add_events(self, events: Sequence[Event]) -> None:
            reached.set()
            assert go.wait(10)

    thread = threading.Thread(target=box.deliver, args=(Slow(),))
    thread.start()
    assert reached.wait(10)
    assert box.add(event("meanwhile"))
    go.set()
    thread.join(10)
    assert len(box) == 0
    box.close()


def test_two_processes_do_not_share_a_spool(tmp_path: Path) -> None:
    box = Spool(tmp_path / "events.spool")
    with pytest.raises(StoreError, match="another `linewarden serve` uses this data folder"):
        Spool(tmp_path / "events.spool")
    box.close()
    assert box.add(event("late")) is False  # and nobody else's file is written to
    Spool(tmp_path / "events.spool").close()


def test_postgresql_goes_away_in_the_middle_and_comes_back(cluster: postgres.Cluster, tmp_path: Path) -> None:
    """Threads add while the server crashes and starts again, several times: nothing is lost, nothing doubled."""
    state = open_state(cluster.new_database(), password=postgres.PASSWORD)
    box, said, failures, ended = Spool(tmp_path / "events.spool"), list[str](), 0, threading.Event()

    def speak() -> None:
        while not ended.wait(0.001):
            one = event(len(said))
            assert box.add(one)
            said.append(one.id)

    def deliver() -> None:
        nonlocal failures
        while not ended.is_set():
            try:
                box.deliver(state)
            except StoreError:
                failures += 1
                ended.wait(0.02)

    threads = [threading.Thread(target=speak), threading.Thread(target=deliver)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            ended.wait(0.4)
            cluster.stop()
            ended.wait(0.2)
            cluster.start()
        ended.wait(0.4)
    finally:
        ended.set()
        for thread in threads:
            thread.join(30)
    box.deliver(state)
    there = [e.id for e in reversed(state.events(limit=100_000))]
    assert failures
    assert there == said
    box.close()
    state.close()
