"""A small plant in records: an HMI polls and writes a controller, a historian reads it; and what may happen to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from linewarden.baseline.baseline import Baseline
from tests.detections.build import frame

Row = dict[str, Any]
HMI, HISTORIAN, PLC, STRANGER = "10.0.0.9", "10.0.0.8", "10.0.0.1", "10.0.0.66"
MINUTE = 60 * 10**9


def command(minute: float, who: str = HMI, whom: str = PLC, **more: Any) -> Row:
    """A request; a read of every second, counted for a minute, unless said otherwise."""
    ts = int(minute * MINUTE)
    said = {"verb": "read", "function": "read_holding_registers", "target": "holding_register 0-31", "count": 60,
            "until": at(ts + 59 * 10**9)}  # fmt: skip
    if more.get("verb", "read") != "read":
        said = {"function": more["verb"], "target": "holding_register 20", "until": at(ts)}
    return {"ts": ts, "id.orig_h": who, "id.resp_h": whom, "id.resp_p": 502, "protocol": "modbus", "answered": 1,
            "result": "ok", **said, **more}  # fmt: skip


def at(ns: int) -> int:
    """A time of a column other than ts."""
    from tests.detections.build import NS

    return NS + ns


def write(minute: float, value: float = 180, who: str = HMI, **more: Any) -> Row:
    """A setpoint."""
    return command(minute, who, verb="write", function="write_single_register", value=f"{value:g}", **more)


def shift(minutes: int, begin: int = 0) -> list[Row]:
    """Usual work: two pollers, and the HMI writes a setpoint each minute."""
    rows = []
    for m in range(begin, begin + minutes):
        rows += [command(m), command(m + 0.1, HISTORIAN), write(m + 0.2, 180 + m % 5)]
    return rows


def learn(
    baseline: Baseline, rows: Iterable[Mapping[str, Any]], stream: str = "command", first: int = 1
) -> pl.DataFrame:
    """One batch."""
    return baseline.learn(stream, frame(stream, list(rows), first))


def learned(minutes: int = 30) -> Baseline:
    """A baseline of usual work."""
    baseline = Baseline()
    assert learn(baseline, shift(minutes)).height == 0
    return baseline
