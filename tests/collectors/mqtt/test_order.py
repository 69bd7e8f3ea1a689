"""Sequence numbers: what comes early waits, what comes twice is known, what never comes is given up."""

from __future__ import annotations

from hypothesis import given, strategies as st

from linewarden.collectors._mqtt.order import Order


def take(order: Order[int], number: int, at: float = 0.0) -> list[int]:
    """Numbers that are read once this one came."""
    seq = number % 256
    if order.is_repeated(seq, number):
        return []
    if order.is_next(seq, number):
        return [number, *order.ready()]
    assert order.hold(seq, number, number, at)
    return []


@given(st.integers(0, 255), st.lists(st.integers(2, 40), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_within_a_window_any_order_is_put_right(first: int, windows: list[int], dice: object) -> None:
    order: Order[int] = Order()
    order.start(first, first)
    found, number = [], first + 1
    for size in windows:
        window = list(range(number, number + size))
        dice.shuffle(window)  # type: ignore[attr-defined]
        for one in window:
            found += take(order, one) + take(order, one)  # each comes twice
        number += size
    assert found == list(range(first + 1, number))
    assert order.since is None and not len(order)


def test_the_timer_is_that_of_the_oldest_gap() -> None:
    order: Order[int] = Order()
    order.start(0, 0)
    assert take(order, 3, at=5.0) == [] and take(order, 2, at=6.0) == []
    assert order.since == 5.0
    assert take(order, 1) == [1, 2, 3] and order.since is None


def test_what_is_given_up_may_still_come_late_and_once() -> None:
    order: Order[int] = Order()
    order.start(253, 253)
    assert take(order, 256) == [] and take(order, 258) == []
    assert order.give_up() == [256, 258] and order.next == 3
    assert order.is_late(254, 7) and not order.is_late(254, 7)
    assert order.is_late(257 % 256, 8) and not order.is_late(256 % 256, 9)
    assert take(order, 259) == [259]


def test_one_number_with_two_messages_is_not_held_twice() -> None:
    order: Order[int] = Order()
    order.start(0, 0)
    assert order.hold(2, 1, 1, 0.0) and not order.hold(2, 9, 9, 0.0)
