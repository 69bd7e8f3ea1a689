"""What is acknowledged, when, and what is known again."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future

import pytest

from linewarden.collectors._mqtt.acks import Acks, Receipt
from linewarden.errors import StoreError


class Session:
    """A session that keeps what is asked of it."""

    def __init__(self, server: str = "mqtt://s") -> None:
        self.server, self.acked, self.dropped = server, list[int](), list[str]()

    def ack(self, mid: int) -> None:
        self.acked.append(mid)

    def drop(self, why: str) -> None:
        self.dropped.append(why)


@pytest.fixture
def acks() -> Acks:
    return Acks(Counter(), lambda text: None)


def test_nothing_is_acknowledged_before_it_is_on_disk_and_then_in_order(acks: Acks) -> None:
    session, first, second = Session(), Future[None](), Future[None]()
    acks.wait(first, [Receipt(session, 1, 11), Receipt(session, 2, 12)])
    acks.wait(second, [Receipt(session, 3, 13)])
    second.set_result(None)
    acks.settle()
    assert session.acked == [] and len(acks) == 2
    first.set_result(None)
    acks.settle()
    assert session.acked == [1, 2, 3] and len(acks) == 0


def test_one_that_comes_again_before_it_is_on_disk_is_acknowledged_in_the_new_session(acks: Acks) -> None:
    old, new, future = Session(), Session(), Future[None]()
    acks.wait(future, [Receipt(old, 1, 11)])
    assert acks.is_repeated(Receipt(new, 1, 11))
    future.set_result(None)
    acks.settle()
    assert new.acked == [1]


def test_one_that_comes_again_after_it_was_acknowledged_is_not_read_again(acks: Acks) -> None:
    old, new, future = Session(), Session(), Future[None]()
    acks.wait(future, [Receipt(old, 1, 11)])
    future.set_result(None)
    acks.settle()
    assert acks.is_repeated(Receipt(new, 1, 11))
    acks.settle()
    assert new.acked == [1]


def test_what_needs_no_storing_waits_for_those_before_it(acks: Acks) -> None:
    session, future = Session(), Future[None]()
    acks.wait(future, [Receipt(session, 1, 11)])
    acks.done([Receipt(session, 2, 12)])
    acks.settle()
    assert session.acked == []
    future.set_result(None)
    acks.settle()
    assert session.acked == [1, 2]


def test_another_message_of_the_same_number_is_another(acks: Acks) -> None:
    session, future = Session(), Future[None]()
    acks.wait(future, [Receipt(session, 1, 11)])
    assert not acks.is_repeated(Receipt(session, 1, 99))
    assert not acks.is_repeated(Receipt(Session("mqtt://t"), 1, 11))


def test_what_failed_ends_the_session_and_is_read_when_it_comes_again(acks: Acks) -> None:
    session, future = Session(), Future[None]()
    acks.wait(future, [Receipt(session, 1, 11)])
    future.set_exception(StoreError("the disk is full"))
    acks.settle()
    assert session.acked == [] and session.dropped
    assert not acks.is_repeated(Receipt(Session(), 1, 11))


def test_memory_has_a_bound(acks: Acks) -> None:
    session = Session()
    for start in range(0, 80_000, 1000):
        future: Future[None] = Future()
        acks.wait(future, [Receipt(session, n, n) for n in range(start, start + 1000)])
        future.set_result(None)
        acks.settle()
    assert len(acks._known) <= 65_535 and len(session.acked) == 80_000
