"""OEE by ISO 22400-2: figures of a shift worked out by hand, and what must hold for any."""

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from linewarden.analytics.oee.measure import Times, measured
from linewarden.analytics.oee.shifts import joined, shift_of, windows, zone_of
from linewarden.analytics.oee.spans import SECOND, Kind, Pieces, Span, flat, from_counters, from_pieces, from_states

H = 3600 * SECOND
M = 60 * SECOND
KINDS = [Kind.RUN, Kind.STOP, Kind.SETUP, Kind.PLANNED, Kind.UNKNOWN]
SPANS = st.lists(
    st.builds(
        lambda b, n, k: Span(b * M, (b + n) * M, k), st.integers(0, 400), st.integers(0, 90), st.sampled_from(KINDS)
    ),
    max_size=25,
)
PIECES = st.lists(
    st.builds(
        lambda at, n, bad: Pieces(at * M, float(n), float(min(bad, n))),
        st.integers(0, 500), st.integers(0, 9), st.integers(0, 9),
    ),
    max_size=25,
).map(lambda p: sorted(p, key=lambda x: x.at))  # fmt: skip


def test_a_shift_by_hand() -> None:
    """8 h, 30 min break, 60 min stop of which 20 overlap another, 5 min micro-stops; 300 pieces at a planned minute."""
    spans = [
        Span(0, 8 * H, Kind.RUN),
        Span(2 * H, 2 * H + 30 * M, Kind.PLANNED, "break"),
        Span(4 * H, 4 * H + 40 * M, Kind.STOP, "jam"),
        Span(4 * H + 20 * M, 5 * H, Kind.STOP, "jam"),
        Span(6 * H, 6 * H + 5 * M, Kind.STOP, "sensor"),
    ]
    pieces = [Pieces(k * M + M // 2, 1.0, float(k % 30 == 0)) for k in range(60, 360) if not 120 <= k < 150]
    got = measured(spans, pieces, [(0, 8 * H)], ideal=60.0, micro=360.0)
    assert (got.planned, got.run, got.stop, got.micro) == (450 * M, 385 * M, 60 * M, 5 * M)
    assert (got.stops, got.micro_stops, got.reasons["jam"]) == (1, 1, 60 * M)
    assert got.availability == pytest.approx(390 / 450)
    assert got.performance == pytest.approx(270 / 390)
    assert got.quality == pytest.approx(1 - 9 / 270)
    assert got.oee == pytest.approx((270 - 9) / 450)
    assert sum(got.losses.values()) == pytest.approx(7.5)


def test_unknown_time_is_told_and_bounds_say_what_it_may_be() -> None:
    got = measured([Span(0, 3 * H, Kind.RUN), Span(3 * H, 4 * H, Kind.STOP)], [Pieces(5 * H, 7)], [(0, 8 * H)])
    assert got.unknown == 4 * H
    assert got.availability == pytest.approx(0.75)
    assert got.bounds == pytest.approx((3 / 8, 7 / 8))
    assert got.made_unknown == 7 and got.made == 0 and got.quality is None and got.oee is None


@given(SPANS, PIECES, st.integers(0, 480), st.floats(0, 1200))
def test_splitting_a_range_and_adding_gives_the_same(
    spans: list[Span], pieces: list[Pieces], cut: int, micro: float
) -> None:
    whole = measured(spans, pieces, [(0, 480 * M)], ideal=30.0, micro=micro)
    parts = measured(spans, pieces, [(0, cut * M)], ideal=30.0, micro=micro) + measured(
        spans, pieces, [(cut * M, 480 * M)], ideal=30.0, micro=micro
    )
    for name in (
        "planned",
        "run",
        "stop",
        "setup",
        "micro",
        "unknown",
        "micro_stops",
        "made",
        "rejected",
        "made_unknown",
    ):
        assert getattr(whole, name) == pytest.approx(getattr(parts, name)), name
    assert +whole.reasons == +parts.reasons


@given(SPANS, PIECES)
def test_figures_are_never_negative_and_losses_add_up(spans: list[Span], pieces: list[Pieces]) -> None:
    got = measured(spans, pieces, [(0, 480 * M)], ideal=30.0)
    for figure in (got.availability, got.performance, got.quality, got.oee):
        assert figure is None or figure >= 0
    assert got.availability is None or got.availability <= 1
    assert got.quality is None or got.quality <= 1
    assert got.planned == got.run + got.stop + got.setup + got.micro + got.unknown
    assert sum(got.losses.values()) == pytest.approx(got.planned / H)


@given(SPANS, st.randoms(use_true_random=False), st.integers(0, 400))
def test_order_repeats_and_cuts_of_spans_change_nothing(spans: list[Span], dice: Random, cut: int) -> None:
    other = [*spans, *spans[: len(spans) // 2]]
    other = [p for s in other for p in (_cut(s, cut * M))]
    dice.shuffle(other)
    assert flat(other) == flat(spans)


def _cut(span: Span, at: int) -> list[Span]:
    if not span.begin < at < span.end:
        return [span]
    return [Span(span.begin, at, span.kind, span.reason), Span(at, span.end, span.kind, span.reason)]


def at(text: str, zone: str = "Europe/Berlin") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-01", 8)], ids=["spring", "autumn", "usual"]
)
def test_a_night_shift_is_as_long_as_the_night(day: str, hours: int) -> None:
    night = shift_of("night=22:00-06:00")
    begin = at(f"{day}T12:00")
    (found,) = windows([night], zone_of("Europe/Berlin"), begin, begin + 24 * H)
    assert found.end - found.begin == hours * H
    assert datetime.fromtimestamp(found.begin / SECOND, ZoneInfo("Europe/Berlin")).hour == 22


def test_shifts_of_weekdays_and_handover() -> None:
    shifts = [shift_of("early=mon-fri 06:00-14:30"), shift_of("late=mon-fri 14:00-22:00")]
    monday = at("2026-06-01T00:00", "UTC")
    found = windows(shifts, UTC, monday, monday + 7 * 24 * H)
    assert len(found) == 10
    assert sum(e - b for b, e in joined(found)) == 5 * 16 * H


@pytest.mark.parametrize("text", ["6-14", "x=foo 06:00-14:00", "25:00-26:00"])
def test_a_wrong_shift_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)[1:-1]):
        shift_of(text)


def test_states_hold_until_stale_and_others_are_unknown() -> None:
    spans = from_states([(0, 1.0), (H, 2.0), (2 * H, 9.0), (3 * H, 1.0)], {1.0: Kind.RUN, 2.0: Kind.STOP}, 2 * H, 9 * H)
    got = measured(spans, [], [(0, 9 * H)])
    assert (got.run, got.stop, got.unknown) == (3 * H, H, 5 * H)


def test_a_counter_that_is_reset_and_a_machine_without_a_state() -> None:
    pieces = from_counters([(k * M, float(k % 100)) for k in range(200)], [(0, 0.0), (50 * M, 2.0)])
    assert sum(p.made for p in pieces) == 99 + 99
    assert sum(p.rejected for p in pieces) == 2
    spans = from_pieces([Pieces(0, 1), Pieces(M, 1), Pieces(20 * M, 1)], 60.0)
    assert sum(s.end - s.begin for s in spans if s.kind is Kind.STOP) == 18 * M


def test_times_of_two_plans_do_not_add() -> None:
    with pytest.raises(ValueError, match="different"):
        Times(ideal=1) + Times(ideal=2)
