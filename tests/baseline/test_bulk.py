"""Facts that are taken many at once leave the same baseline, and the same news, as one after the other."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.baseline import bulk
from linewarden.baseline.baseline import _PLAIN, SCHEMA, Baseline, Params
from linewarden.baseline.bulk import one_by_one
from linewarden.baseline.columns import Facts, Part
from linewarden.baseline.entry import Entry, key_of
from linewarden.baseline.facts import facts_of
from linewarden.baseline.things import Thing
from tests.baseline.plant import MINUTE, at
from tests.detections.build import frame
from tests.effort import examples

HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.9", "8.8.8.8", "9.9.9.9")
VERBS = ("read", "read", "write", "authenticate")
HASTY = Params(after_s=60, exchanges=2, minutes=1, confidence=0.05, most=60, most_below=4, most_network=3)
"""A baseline that soon tells news, and soon has no room."""
Row = dict[str, Any]

times = st.integers(0, 8 * 60).map(lambda s: s * 10**9)
hosts = st.sampled_from(HOSTS)


def command(ts: int, orig: str, resp: str, verb: str, target: int, value: float, count: int) -> Row:
    """A request, or several."""
    until = at(ts + (count - 1) * 7 * 10**9)
    return {"ts": ts, "id.orig_h": orig, "id.resp_h": resp, "id.resp_p": 502, "protocol": "modbus", "verb": verb,
            "function": f"{verb}_{target % 2}", "target": f"coil {target * 100}", "value": f"{value:g}",
            "count": count, "until": until, "answered": target % 3}  # fmt: skip


def conn(ts: int, orig: str, resp: str, port: int, service: str | None) -> Row:
    """A conversation."""
    return {"ts": ts, "id.orig_h": orig, "id.resp_h": resp, "id.resp_p": port, "proto": "tcp", "service": service,
            "orig_bytes": 9, "orig_pkts": 3, "resp_pkts": 2, "direction": "syn", "until": at(ts)}  # fmt: skip


def reading(ts: int, source: str, start: int, values: list[float]) -> Row:
    """Values of a block."""
    return {"ts": ts, "source": source, "protocol": "modbus", "unit": 1, "area": "coil", "start": start,
            "values": values}  # fmt: skip


def binding(ts: int, host: int, ip: str) -> Row:
    """Who is there."""
    return {"ts": ts, "mac": f"00:80:f4:00:00:{host:02x}", "ip": ip, "source": "arp", "frames": 2,
            "until": at(ts)}  # fmt: skip


values = st.sampled_from([0.0, 1.0, 1.5, 2.0, 50.0])
STREAMS: dict[str, st.SearchStrategy[Row]] = {
    "command": st.builds(
        command, times, hosts, hosts, st.sampled_from(VERBS), st.integers(0, 5), values, st.integers(1, 4)
    ),
    "conn": st.builds(conn, times, hosts, hosts, st.sampled_from([502, 443]), st.sampled_from([None, "modbus"])),
    "reading": st.builds(
        reading, times, hosts, st.integers(0, 1), st.lists(st.one_of(values, st.just(float("inf"))), max_size=2)
    ),
    "binding": st.builds(binding, times, st.integers(1, 6), hosts),
}


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, list[Row]]:
    """A batch of one stream; minutes of several batches may be the same, and later ones earlier."""
    stream = draw(st.sampled_from(sorted(STREAMS)))
    return stream, draw(st.lists(STREAMS[stream], min_size=1, max_size=40))


def everything(baseline: Baseline) -> dict[str, Any]:
    """What is in it, with the rooms that are counted."""
    return baseline.snapshot() | {"below": dict(baseline._below)}


def forget_some(baseline: Baseline, nth: int) -> None:
    """Each so manieth entry was wrong."""
    known: list[Entry] = [baseline.entries[key] for key in sorted(baseline.entries)]
    baseline.forget(entry.key for entry in known[::nth])


@pytest.mark.parametrize("params", [HASTY, Params(after_s=60, exchanges=2, minutes=1, confidence=0.05)])
@given(st.lists(batches(), min_size=1, max_size=8), st.integers(2, 9), st.booleans())
@settings(max_examples=examples(40), deadline=None)
def test_many_at_once_are_as_one_after_the_other(
    params: Params, given_batches: list[tuple[str, list[Row]]], nth: int, frozen: bool
) -> None:
    plain, both = Baseline(params), Baseline(params)
    least, bulk.FEW = bulk.FEW, 0
    try:
        for number, (stream, rows) in enumerate(given_batches):
            batch = frame(stream, rows, number * 100 + 1)
            facts = facts_of(stream, batch)
            told = one_by_one(plain, facts, facts.frame)
            assert both.learn(stream, batch).rows() == _as_frame(told)
            assert everything(both) == everything(plain)
            if number == 3:
                for baseline in (plain, both):
                    forget_some(baseline, nth)
                    baseline.freeze(frozen)
    finally:
        bulk.FEW = least


def test_what_finds_no_room_yet_finds_it_once_there_is_what_it_hangs_on() -> None:
    below = Thing("service", "10.0.0.1", "", "modbus", parents=(key_of("subject", "10.0.0.1"),))
    above = Thing("subject", "10.0.0.1")
    times = [n * MINUTE // 40 for n in range(200)]
    groups = pl.DataFrame(
        {"minute": [ts // MINUTE for ts in times], "ts": times, "until": times, "n": [1] * 200,
         "which": ["above" if n == 150 else "below" for n in range(200)]}
    )  # fmt: skip
    facts = Facts([Part(groups, ["which"], lambda which: (above,) if which == "above" else (below,))])
    plain, both = Baseline(), Baseline()
    assert bulk.take_all(both, facts) == one_by_one(plain, facts, facts.frame)
    assert everything(both) == everything(plain)
    assert both.left_out == 150
    assert both.entries[below.key].count == 49


def _as_frame(told: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return pl.DataFrame(told, schema=_PLAIN, orient="row").with_columns(pl.col("ts").cast(SCHEMA["ts"])).rows()
