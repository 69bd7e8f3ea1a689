"""When what is asked."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from linewarden.collectors._polling.schedule import SOON, Backoff, Schedule


def test_a_hundred_devices_are_spread_over_the_interval() -> None:
    """Asked once a second, no tenth of a second has more than a quarter of them."""
    places = [0] * 10
    for device in range(100):
        schedule = Schedule({"1 s": 1.0}, f"10.0.0.{device}:502", 0.0)
        schedule.pass_by(100.0)
        places[int((100.0 + schedule.wait(100.0)) % 1.0 * 10)] += 1
    assert max(places) <= 25
    assert min(places) > 0


@given(st.floats(0.01, 3600), st.floats(0, 1e6), st.text(max_size=5))
def test_each_interval_has_one_poll_and_the_first_comes_soon(interval: float, start: float, key: str) -> None:
    schedule, now, times = Schedule({"g": interval}, key, start), start, []
    for _ in range(6):
        now += schedule.wait(now) + 1e-9
        assert schedule.due(now) == [("g", 0)]
        times.append(now)
    assert times[0] <= start + min(interval, SOON) + 1e-6
    for before, after in pairwise(times[1:]):
        assert abs(after - before - interval) < 1e-6 + interval * 1e-6


def test_what_was_missed_is_counted_and_not_made_up_for() -> None:
    schedule = Schedule({"g": 1.0}, "x", 0.0)
    schedule.due(5.0)
    assert schedule.due(5.0) == []
    ((_, missed),) = schedule.due(9.5)
    assert missed in (3, 4)
    assert schedule.due(9.5) == []
    assert 0 < schedule.wait(9.5) <= 1.0


def test_after_a_loss_all_groups_are_due_at_once() -> None:
    schedule = Schedule({"fast": 1.0, "slow": 600.0}, "x", 0.0)
    schedule.pass_by(10.0)
    schedule.soon(10.0)
    assert {name for name, _ in schedule.due(10.0)} == {"fast", "slow"}


def test_waits_grow_to_a_bound_and_begin_anew() -> None:
    backoff = Backoff(1.0, 30.0)
    waits = [backoff.next() for _ in range(50)]
    assert 0.75 <= waits[0] <= 1.0
    assert waits[0] < waits[2] < waits[4]
    assert all(22 <= w <= 30 for w in waits[10:])
    backoff.reset()
    assert backoff.next() <= 1.0
