"""What is left out of a whole recording would have been no news, and changes none."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.baseline import needed
from linewarden.baseline.baseline import Baseline, Params
from linewarden.baseline.facts import TELLING, boil
from linewarden.baseline.needed import Needed
from linewarden.baseline.things import ANYBODY
from linewarden.detections.wanted import test_of
from linewarden.records.order import in_order
from linewarden.sensor.sieve import ALWAYS, Held, batches_of
from tests.baseline import test_bulk as rows_of
from tests.baseline.plant import HMI, PLC, STRANGER, command, shift, write
from tests.detections.build import NS, frame
from tests.effort import examples

test_of.__test__ = False  # type: ignore[attr-defined]
HASTY = Params(after_s=120, exchanges=2, minutes=1, confidence=0.05)
"""A baseline that soon tells news."""
MOST_ADDRESSES = 4_096
"""Beyond these all is learned (`engine/usual`)."""
ENDS = (NS + 170 * 10**9, NS + 400 * 10**9, 2**62)
"""Times at which the recording is cut, as it is judged slice by slice."""
HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "8.8.8.8", "9.9.9.9", "224.0.0.251")


def streams_of(hosts: tuple[str, ...]) -> dict[str, st.SearchStrategy[dict[str, Any]]]:
    """Rows of each stream, as those of `test_bulk`, of these hosts."""
    host, times = st.sampled_from(hosts), rows_of.times
    verbs, number = st.sampled_from(rows_of.VERBS), st.integers(0, 2)
    return {
        "command": st.builds(
            lambda row, beat: row | {"until": NS + row["ts"] + (row["count"] - 1) * beat},
            st.builds(rows_of.command, times, host, host, verbs, number, rows_of.values, st.integers(1, 4)),
            st.sampled_from([10**9, 10**9, 10**9, 20 * 10**9]),
        ),
        "conn": st.builds(rows_of.conn, times, host, host, st.sampled_from([502, 443]), st.sampled_from([None, "s7"])),
        "reading": st.builds(rows_of.reading, times, host, st.integers(0, 1), st.lists(rows_of.values, max_size=2)),
        "binding": st.builds(rows_of.binding, times, st.integers(1, 4), host),
    }  # fmt: skip


STREAMS = streams_of(HOSTS)
recordings = st.fixed_dictionaries({s: st.lists(rows, max_size=60) for s, rows in STREAMS.items()})


def news_of(rows: dict[str, pl.DataFrame], params: Params) -> list[tuple[Any, ...]]:
    """What is news in what was boiled down, slice by slice of time."""
    baseline, begin, news = Baseline(params), 0, list[tuple[Any, ...]]()
    for end in ENDS:
        for stream in sorted(rows):
            ts = rows[stream].get_column("ts").to_physical()
            news += baseline.learn(stream, rows[stream].filter((ts >= begin) & (ts < end))).rows()
        begin = end
    return news


def both(recording: dict[str, list[dict[str, Any]]], params: Params) -> tuple[list[Any], list[Any], int]:
    """News of all of it, news of what is needed, and how many rows are not."""
    frames = {s: frame(s, sorted(rows, key=lambda r: r["ts"])) for s, rows in recording.items() if rows}
    whole = {s: boil(s, rows) for s, rows in frames.items()}
    left = {s: whole[s].clear() for s in whole} | {s: in_order(rows) for s, rows in left_of(frames, params).items()}
    return news_of(whole, params), news_of(left, params), sum(_said(whole[s]) - _said(left[s]) for s in whole)


def left_of(frames: dict[str, pl.DataFrame], params: Params) -> dict[str, pl.DataFrame]:
    """What is needed of each stream."""
    asked = Needed(params)
    for stream, rows in frames.items():
        if stream == "reading":
            (batch,) = batches_of(rows)
            asked.readings(batch)
            continue
        held = Held([(test_of(TELLING[stream]) if stream in TELLING else ALWAYS, None)])
        for batch in batches_of(rows):
            held.add(batch)
        held.end()
        asked.take(stream, held, 0)
    found: dict[str, list[pl.DataFrame]] = {}
    for stream, rows in asked.rows():
        found.setdefault(stream, []).append(rows)
    return {stream: pl.concat(rows) for stream, rows in found.items()}


def _said(rows: pl.DataFrame) -> int:
    """Rows that say more than that the network was active."""
    by = rows.get_column("id.orig_h").cast(pl.String) if "id.orig_h" in rows.columns else None
    return rows.height if by is None else int((by != ANYBODY).sum())


@given(recordings)
@settings(max_examples=examples(80), deadline=None)
def test_what_is_left_out_changes_no_news(recording: dict[str, list[dict[str, Any]]]) -> None:
    everything, found, _ = both(recording, HASTY)
    assert found == everything


@given(recordings, st.integers(0, 4))
@settings(max_examples=examples(50), deadline=None)
def test_nor_where_there_is_so_much_that_all_of_an_address_is_learned(
    recording: dict[str, list[dict[str, Any]]], most: int
) -> None:
    before, needed.MOST_BELOW = needed.MOST_BELOW, most
    try:
        everything, found, _ = both(recording, HASTY)
    finally:
        needed.MOST_BELOW = before
    assert found == everything


def test_an_hour_of_the_same_is_left_out() -> None:
    everything, found, left_out = both({"command": shift(60)}, Params())
    assert found == everything == []
    assert left_out > 100


def test_a_stranger_and_a_value_that_is_out_of_range_are_not() -> None:
    rows = [*shift(60), command(61, STRANGER), write(62, 9_000)]
    everything, found, _ = both({"command": rows}, Params())
    assert found == everything
    kinds = pl.DataFrame(found, orient="row").select("column_9", "column_10").rows()
    assert [k for k, _ in kinds] == ["peer", "value"]


def test_of_ten_minutes_nothing_can_be_news() -> None:
    rows = [*shift(9), command(9.5, STRANGER)]
    everything, found, left_out = both({"command": rows}, Params())
    assert found == everything == []
    assert left_out == len(boil("command", frame("command", rows)))


shown = st.lists(
    st.tuples(st.sampled_from([10, 60, 60, 60, 120, 1800]), st.sampled_from([0.0, 1.0, 10.0, 10.0, 12.0, 12.0, 90.0])),
    min_size=12, max_size=90,
)  # fmt: skip
"""How long after the one before (s), and which value."""


@given(shown, st.sampled_from([HASTY, Params(), Params(confidence=0.6, floor=0.0, margin=0.0)]))
@settings(max_examples=examples(40), deadline=None)
def test_of_shown_values_just_those_blocks_are_learned_that_are_news(
    steps: list[tuple[int, float]], params: Params
) -> None:
    rows, ts = [], 0
    for wait, value in steps:
        ts += wait * 10**9
        rows += [rows_of.reading(ts, PLC, 40, [5.0, value]), rows_of.reading(ts, PLC, 80, [5.0])]
    everything, found, left_out = both({"reading": rows}, params)
    assert found == everything
    steady = boil("reading", frame("reading", rows)).filter(pl.col("start") == 80).height
    assert left_out == (steady if everything else 2 * steady)


def test_a_flood_is_learned_as_a_whole() -> None:
    rows = [command(m / 100, f"10.{m // 250}.0.{m % 250}", PLC) for m in range(MOST_ADDRESSES + 10)]
    _, _, left_out = both({"command": [*rows, command(60, HMI)]}, Params())
    assert left_out == 0


@pytest.fixture(autouse=True)
def everything_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little it is."""
    monkeypatch.setattr(needed, "FEW", 0)
