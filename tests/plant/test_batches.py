"""The engine's fold and that of frames give the same rows, whatever the records and however they are split."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from tests.effort import examples

from linewarden.plant import rows
from linewarden.plant.batches import Batches, _plan
from linewarden.plant.fold import PlantFold
from linewarden.plant.frames import Frames
from linewarden.sensor.sensor import Sensor, streams

KINDS = (("conn", "knock"), ("conn",), *((t,) for t in rows.TABLES if t not in ("conn", "knock")))
COLUMNS = {s.name: s.columns for s in streams()}
Record = tuple[str, dict[str, Any]]

ADDRESS = st.sampled_from(["10.0.0.1", "10.0.0.2", "FE80::A", "00:1B:1b:00:00:01", ""])
WORD = st.sampled_from([None, "", "a", "B", "ä", "Z" * 70])
TIME = st.sampled_from([None, *range(0, 5_000_000_000, 1_000_000_000)])
FEW = st.sampled_from([0, 1, 2, 3, 4, 2**40])
OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "conn": {
        "proto": st.sampled_from(["tcp", "udp", "eth", "icmp"]),
        "service": st.sampled_from([None, "modbus", "dns"]),
        "conn_state": st.sampled_from([None, "SF", "REJ", "OTH", "S0"]),
        "history": st.sampled_from([None, "", "S", "ShAD", "D"]),
        "until": TIME,
    },
    "command": {"verb": st.sampled_from(["read", "write"]), "until": TIME},
    "identity": {"protocol": st.sampled_from(["lldp", "s7comm"]), "name": WORD, "model": WORD, "location": WORD},
    "binding": {
        "until": TIME,
        "ttl_max": st.sampled_from([None, 0, 64, 255]),
        "source": st.sampled_from(["ip", "arp"]),
    },
    "weird": {"name": st.sampled_from(["odd", "bad"]), "addl": WORD},
    "transfer": {"kind": st.sampled_from(["file", "program"]), "name": WORD},
    "tls": {"version": WORD},
    "snmp": {"version": WORD, "community": WORD},
}


def value(name: str, kind: str, nullable: bool) -> st.SearchStrategy[Any]:
    """Something that a column may hold."""
    if name == "ts":
        return st.integers(0, 4).map(lambda s: s * 1_000_000_000)
    if rows.RENAMED.get(name, name) in rows.ADDRESSES:
        return st.none() | ADDRESS if nullable else ADDRESS
    if kind in ("str", "text"):
        return WORD if nullable else st.sampled_from(["a", "b"])
    most = st.sampled_from([0, 1, 200]) if kind == "u8" else FEW if kind.endswith("64") else st.sampled_from([0, 502])
    return st.none() | most if nullable else most


@st.composite
def records(draw: Any) -> list[Record]:
    """Rows of the streams that the fold reads, with few different values, so that keys meet again."""
    found = []
    for _ in range(draw(st.integers(1, 12))):
        stream = draw(st.sampled_from(sorted(OWN)))
        read = {rows.source(n) for n in rows.names(stream)}
        row = {
            c.name: draw(OWN[stream][c.name] if c.name in OWN[stream] else value(c.name, c.type, c.nullable))
            for c in COLUMNS[stream]
            if c.name in read
        }
        found.append((stream, row))
    return found


def batch(stream: str, rows_: list[dict[str, Any]]) -> Any:
    """Rows as the engine's own batch: what reading hands over."""
    sensor = Sensor()
    needed = {"u": 0, "f": 0.0, "i": 0, "b": False, "t": 0}
    sensor.append(
        stream,
        [
            tuple(
                r.get(c.name, None if c.nullable else needed.get(c.type[0], "")) for c in COLUMNS[stream]
            )
            for r in rows_
        ],
    )  # fmt: skip
    ((_, made),) = sensor._engine.drain()
    return made


def by_stream(found: list[Record]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each stream."""
    return {s: [r for t, r in found if t == s] for s in sorted({s for s, _ in found})}


def both(parts: list[list[Record]]) -> tuple[Batches, Frames]:
    """The two folds, each part of the records given as one batch a stream."""
    ours, theirs = Batches(), Frames()
    for part in parts:
        for stream, some in by_stream(part).items():
            made = batch(stream, some)
            ours.add(stream, made)
            theirs.add(stream, pl.DataFrame(made))
    return ours, theirs


def split(data: Any, found: list[Record]) -> list[list[Record]]:
    """The records in another order, cut into parts."""
    mixed = data.draw(st.permutations(found))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(mixed)), max_size=3)))
    return [mixed[a:b] for a, b in zip([0, *cuts], [*cuts, len(mixed)], strict=True) if a < b]


@settings(max_examples=examples(12), deadline=None)
@given(data=st.data())
def test_the_engine_and_polars_fold_alike_in_any_split(data: Any) -> None:
    found = data.draw(records())
    ours, theirs = both(split(data, found))
    whole, _ = both([found])
    for tables in KINDS:
        assert ours.rows(*tables) == theirs.rows(*tables) == whole.rows(*tables), tables


@settings(max_examples=examples(10), deadline=None)
@given(data=st.data())
def test_bounds_leave_the_same_rows_and_count_the_same(data: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("conn", "knock", "binding"):
            patch.setitem(rows.TABLES, name, replace(rows.TABLES[name], keep=2))
        most = ((("address", "protocol"), 1), (("address",), 2))
        patch.setitem(rows.TABLES, "identity", replace(rows.TABLES["identity"], most=most, keep=3))
        _plan.cache_clear()
        try:
            ours, theirs = both([data.draw(records())])
            for tables in KINDS:
                assert ours.rows(*tables) == theirs.rows(*tables), tables
            for table in rows.TABLES:
                assert ours.left(table) == theirs.left(table), table
        finally:
            _plan.cache_clear()


def test_made_up_texts_take_no_room_for_ever(make: Any) -> None:
    """Texts that no row holds any more are let go: after 40 MB of them the rows are right, and memory is small."""
    fold = Batches()
    for n in range(40):
        fold.add(
            "weird", batch("weird", [make.weird("odd", at=n, addl=f"{n} {m} " + "x" * 1_000) for m in range(1_000)])
        )
    (row,) = fold.rows("weird")
    assert row.n == 40_000 and row.addl.startswith("0 ") and row.ts == make.T0


def test_a_plan_that_does_not_fit_is_refused() -> None:
    from linewarden.sensor.folding import Folding

    plan = json.loads(_plan())
    plan["tables"][0]["order"] = ["nothing"]
    for wrong in ("", "{}", json.dumps(plan)):
        with pytest.raises(ValueError, match=r"EOF|missing field|has no field"):
            Folding(wrong)


def test_streams_of_no_use_are_ignored(make: Any) -> None:
    fold = PlantFold(Batches())
    fold.add("reading", batch("weird", [make.weird("odd")]))
    assert fold.plant().assets == ()
