"""So many at once, so many in waiting, and the others are told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from linewarden.errors import BusyError
from linewarden.people.model import Account, OneTime, Purpose, Session, Tries
from linewarden.people.passwords import Cost, Passwords
from linewarden.people.sessions import Sessions
from linewarden.people.signing_in import Answer, SignIn
from linewarden.service.pruning import prune
from linewarden.service.state import open_state
from linewarden.service.state.people import PeopleState
from linewarden.service.turns import Turns
from tests.people.memory import MemoryStore, World
from tests.service.test_people_state import Turned


class Busy:
    """Threads that take turns, and stay until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self._turns, self._go = turns, threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.running = self.most = self.done = self.refused = 0

    def start(self, count: int) -> None:
        self._threads += [threading.Thread(target=self._run) for _ in range(count)]
        for thread in self._threads[-count:]:
            thread.start()

    def _run(self) -> None:
        try:
            with self._turns.turn():
                with self._lock:
                    self.running += 1
                    self.most = max(self.most, self.running)
                self._go.wait(10)
                with self._lock:
                    self.running, self.done = self.running - 1, self.done + 1
        except BusyError:
            self.refused += 1

    def end(self) -> None:
        self._go.set()
        for thread in self._threads:
            thread.join(10)


def settled(busy: Busy, turns: Turns, running: int, in_line: int) -> None:
    for _ in range(1000):
        if (busy.running, turns._in_line) == (running, in_line):
            return
        threading.Event().wait(0.005)
    raise AssertionError((busy.running, turns._in_line))


def test_no_more_at_once_and_none_is_lost() -> None:
    turns = Turns(at_once=2, waiting=3, wait_s=10)
    busy = Busy(turns)
    busy.start(5)
    settled(busy, turns, 2, 3)
    with pytest.raises(BusyError, match="try again in a few seconds"), turns.turn():
        pass
    busy.end()
    assert (busy.most, busy.done, busy.refused) == (2, 5, 0)
    with turns.turn():
        pass


def test_who_waited_too_long_is_told() -> None:
    turns = Turns(at_once=1, waiting=3, wait_s=0.01)
    busy = Busy(turns)
    busy.start(1)
    settled(busy, turns, 1, 0)
    with pytest.raises(BusyError), turns.turn():
        pass
    busy.end()


def test_a_full_door_asks_to_wait_and_the_attempt_does_not_count() -> None:
    world, store, turns = World(), MemoryStore(), Turns(at_once=1, waiting=0, wait_s=1)
    passwords = Passwords(world.tools.random, Cost(64, 1, 1), turns.turn)
    store.add_account(Account("b", "bob", "Bob", world.now, passwords.hash("the pump hums at night")), [])
    door = SignIn(store, world.tools, passwords, Sessions(store, world.tools))
    with turns.turn():
        found = [door.with_password("bob", "the pump hums at night", "", "10.0.0.7") for _ in range(20)]
    assert {f.answer for f in found} == {Answer.WAIT}
    assert found[-1].wait == timedelta(seconds=5)
    assert door.with_password("bob", "the pump hums at night", "", "10.0.0.7").answer is Answer.IN


def test_what_has_ended_is_forgotten_and_nothing_else(tmp_path: object) -> None:
    now = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    state = open_state(f"sqlite:///{tmp_path}/state.db")
    store = PeopleState(state.engine, state.where, Turned())
    store.add_account(Account("b", "bob", "Bob", now, "$x"), [])
    ages = {"idle": (60, 31), "over": (721, 1), "holds": (719, 29)}
    for name, (began, seen) in ages.items():
        at = now - timedelta(minutes=began)
        store.add_session(Session(name, "b", at, now - timedelta(minutes=seen), at, 0))
    store.add_codes([OneTime(str(n), Purpose.PASSKEY, now + timedelta(minutes=n)) for n in (-1, 1)])
    for name, hours in (("old", 25), ("new", 23)):
        store.change_tries(name, lambda _t, hours=hours: Tries(5, now - timedelta(hours=hours)))  # type: ignore[misc]
        store.make_familiar("b", name, now - timedelta(hours=hours))
    prune(state, now)
    assert [bool(store.session(name)) for name in ages] == [False, False, True]
    assert store.count_codes(Purpose.PASSKEY, "") == 1
    left: list[Tries | None] = []
    for name in ("old", "new"):
        store.change_tries(name, lambda t: left.append(t))
    assert [bool(t) for t in left] == [False, True]
    assert store.is_familiar("b", "old", now - timedelta(days=90))
    state.close()
