"""The engine's look at values of points, against the plain one; and which readings it looks at."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.sensor.points import Points, sampled
from tests.detections.build import frame
from tests.detections.plain_points import SECOND, Params, PlainPoints, Reading

PARAMS = Params(replayed=3, distinct=2, still=3, still_s=2.0, lively=0.5, known=4)


def as_frame(readings: list[Reading]) -> pl.DataFrame:
    """As `values_repeated` hands it over."""
    schema = {"point": pl.UInt64, "ts": pl.Int64, "hash": pl.UInt64, "sum": pl.Float64, "frame": pl.UInt64,
              "by turn": pl.Boolean, "by hash": pl.Boolean}  # fmt: skip
    return pl.DataFrame(readings, schema=schema, orient="row")


@st.composite
def histories(draw: st.DrawFn) -> list[Reading]:
    """Readings in the order of time, of few points and values, so that much comes again."""
    steps = draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 3), st.booleans()), max_size=90)
    )
    ts, found = 0, []
    for number, (point, value, wait, chosen) in enumerate(steps):
        ts += wait * SECOND // 2
        # A sum may be that of several values.
        found.append(Reading(point, ts, value, float(value // 2), number // 2, wait > 0 or number % 3 == 0, chosen))
    return found


@given(histories(), st.lists(st.integers(0, 90), max_size=4), st.sampled_from([2, 10]))
@settings(max_examples=400, deadline=None)
def test_it_finds_what_the_plain_way_finds_wherever_it_is_cut(
    readings: list[Reading], cuts: list[int], most: int
) -> None:
    own, plain = Points(most, **PARAMS._asdict()), PlainPoints(most, PARAMS)
    ends = [0, *sorted(min(c, len(readings)) for c in cuts), len(readings)]
    for begin, end in pairwise(ends):
        piece = readings[begin:end]
        assert own.look(as_frame(piece)) == plain.look(piece)


@given(histories(), st.lists(st.integers(0, 90), max_size=4))
@settings(max_examples=200, deadline=None)
def test_it_finds_the_same_wherever_it_is_cut(readings: list[Reading], cuts: list[int]) -> None:
    ends = [0, *sorted(min(c, len(readings)) for c in cuts), len(readings)]
    cut, whole = Points(10, **PARAMS._asdict()), Points(10, **PARAMS._asdict())
    found = [(begin + row, f) for begin, end in pairwise(ends) for row, f in cut.look(as_frame(readings[begin:end]))]
    assert sorted(found, key=str) == sorted(whole.look(as_frame(readings)), key=str)


def test_what_stood_still_and_moves_again_can_stand_still_again() -> None:
    values = [*range(6), *([5] * 6), *range(10, 16), *([15] * 6)]
    readings = [Reading(1, n * SECOND, v, float(v), n, True, False) for n, v in enumerate(values)]
    found = Points(10, **PARAMS._asdict()).look(as_frame(readings))
    assert [frames for _, frames in found] == [None, None]


def test_a_long_history_forgets_its_beginning() -> None:
    noise = [(n * 7919) % 1009 for n in range(900)]
    again = noise[100:140] + noise[700:740]
    readings = [Reading(1, n * SECOND, v, float(v), n, False, True) for n, v in enumerate(noise + again)]
    own, plain = Points(5, **PARAMS._asdict()), PlainPoints(5, PARAMS)
    found = own.look(as_frame(readings))
    assert found == plain.look(readings)
    assert found and min(row for row, _ in found) >= 940, "what is beyond the history cannot come again"


def reading(second: float, values: list[float], **more: Any) -> dict[str, Any]:
    """A row of the stream."""
    return {"ts": int(second * SECOND), "source": "10.0.0.1", "protocol": "modbus", "unit": 1, "area": "coil",
            "start": 0, "values": values, **more}  # fmt: skip


def looked_at(rows: list[dict[str, Any]], one_in: int = 2**60, texts: Any = pl.String) -> pl.DataFrame:
    """The sample of some rows."""
    batch = frame("reading", rows).with_columns(pl.col("source", "protocol", "area", "name").cast(texts))
    return pl.DataFrame(sampled(batch, one_in))


@pytest.mark.parametrize("texts", [pl.String, pl.Categorical])
def test_the_first_of_each_second_and_point_is_looked_at(texts: Any) -> None:
    rows = [reading(0.5, [1.0]), reading(0.1, [2.0]), reading(0.2, [3.0], start=9), reading(0.9, []), reading(1, [4.0]),
            reading(1.5, [5.0], source="10.0.0.2"), reading(1.6, [6.0]), reading(0.1, [7.0])]  # fmt: skip
    found = looked_at(rows, texts=texts)
    assert found.get_column("number").to_list() == [1, 2, 4, 5, 7]
    assert found.get_column("sum").to_list() == [2, 3, 4, 5, 7]
    assert found.get_column("point").n_unique() == 3
    assert found.get_column("by turn").all() and not found.get_column("by hash").any()


def test_values_that_are_chosen_are_chosen_whenever_they_come() -> None:
    rows = [reading(n / 1000, [float(n % 100), 0.5]) for n in range(1000)]
    found = looked_at(rows, one_in=4).filter("by hash")
    assert {n % 100 for n in found.get_column("number")} == set((found.get_column("sum") - 0.5).to_list())
    assert found.height % 10 == 0 and 100 < found.height < 400
    assert found.group_by("hash").len().get_column("len").to_list() == [10] * (found.height // 10)


def test_equal_values_are_one_number_and_others_are_not() -> None:
    values = [[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [0.0], [-0.0], [float("nan")], [float("nan"), 1.0], [1.0, 9.0, 2.0]]
    found = looked_at([reading(n, v) for n, v in enumerate(values)])  # type: ignore[arg-type]
    hashes = found.get_column("hash").to_list()
    assert hashes[0] == hashes[1] and hashes[3] == hashes[4]
    assert len(set(hashes)) == 6
    assert found.get_column("values").list.len().max() == 3


def test_long_blocks_are_told_by_their_first_values() -> None:
    (shown,) = looked_at([reading(0, [float(n) for n in range(50)])]).get_column("values").to_list()
    assert shown == [0, 1, 2, 3, 4, 5]


def test_a_missing_column_is_said() -> None:
    with pytest.raises(ValueError, match="source"):
        sampled(frame("reading", [reading(0, [1])]).drop("source"), 4)
    with pytest.raises(ValueError, match="hash"):
        Points(5, **PARAMS._asdict()).look(as_frame([Reading(1, 0, 0, 0.0, 0, True, True)]).drop("hash"))
