"""From states and counters to times."""

from __future__ import annotations

from datetime import UTC

import pytest

from linewarden.analytics.oee.measure import Times
from linewarden.analytics.oee.shifts import windows
from linewarden.analytics.oee.spans import Kind
from linewarden.errors import ConfigError
from linewarden.service.surveying.effectiveness import grouped, kinds_of, pieces_of, remarks, spans_of, whole_days

S = 1_000_000_000
DAY = 86_400 * S


def test_a_value_means_one_thing() -> None:
    assert kinds_of({"run": "1, 2", "planned": "0"}) == {"1": Kind.RUN, "2": Kind.RUN, "0": Kind.PLANNED}
    with pytest.raises(ConfigError, match="--stop: '1' stands in --run"):
        kinds_of({"run": "1", "stop": "1"})


def test_what_was_made_and_is_not_good_is_rejected() -> None:
    made, good = [(0, 0.0), (S, 5.0), (2 * S, 9.0)], [(0, 0.0), (S, 4.0), (2 * S, 8.0)]
    for found in (pieces_of(made, good, []), pieces_of(None, good, [(0, 0.0), (S, 1.0)])):
        assert sum(p.made - p.rejected for p in found) == 8
        assert sum(p.rejected for p in found) == 1


def test_a_state_holds_until_the_next_and_not_for_ever() -> None:
    spans = spans_of([0, 10 * S], ["1", "1"], {"1": Kind.RUN}, 4.0, 12 * S, tag="mode")
    assert [(s.begin, s.end) for s in spans] == [(0, 4 * S), (10 * S, 12 * S)]
    with pytest.raises(ConfigError, match="'mode' never is 7; it is 1"):
        spans_of([0], ["1"], {"7": Kind.RUN}, 4.0, S, tag="mode")


def test_days_are_whole_where_no_shift_is_said() -> None:
    planned = windows(whole_days("day"), UTC, 6 * 3600 * S, 2 * DAY)
    assert list(grouped(planned, "day", UTC)) == ["1970-01-01 Thu", "1970-01-02 Fri"]
    assert whole_days("shift") == ()


def test_a_plan_that_is_too_slow_is_said() -> None:
    fast = Times(planned=100 * S, run=100 * S, made=200, ideal=S)
    assert remarks(fast, "") == ["Performance above 100 %: pieces come faster than ideal says; it is too long."]
