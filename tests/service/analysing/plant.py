"""A small machine for the tests: a controller with a set-point and three measurements, read once a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.run import Told
from linewarden.records.notice import Notice
from linewarden.service.analysing.settings import Analytics, Wanted

BEGIN = 1_700_000_000
PLC, PANEL, STRANGER = "10.0.0.1", "10.0.0.9", "10.0.0.66"
SAID = Analytics(wanted=Wanted(first_minutes=2, learn_hours=0.25))
"""Known after a quarter of an hour."""
KNOWN = Knowledge(
    roles={PLC: Role.CONTROLLER, PANEL: Role.HMI, STRANGER: Role.HISTORIAN},
    names={PLC: "plc-1", PANEL: "panel", STRANGER: "historian"},
    ids={PLC: "a1", PANEL: "a2", STRANGER: "a3"},
)
Change = Callable[[np.ndarray, np.ndarray], None]


def values(seconds: range, seed: int = 1) -> np.ndarray:
    """(n, 4): set-point 500, what is filled, a flow that follows it, a temperature that sways."""
    dice = np.random.default_rng(seed + seconds.start)
    at = np.array(seconds)
    filled = 500 + dice.normal(0, 1.0, len(at))
    return np.column_stack(
        [np.full(len(at), 500.0), filled, filled / 10 + dice.normal(0, 0.1, len(at)), 60 + 3 * np.sin(at / 50)]
    )


def readings(seconds: range, change: Change | None = None, seed: int = 1) -> pl.DataFrame:
    """Records of `reading`, one a second; `change` alters the values in place: (values, seconds)."""
    rows = values(seconds, seed)
    if change is not None:
        change(rows, np.array(seconds))
    count = len(rows)
    ts = (BEGIN + np.array(seconds, np.int64)) * 1_000_000_000 + 250_000_000
    return pl.DataFrame(
        {
            "ts": pl.Series(ts).cast(pl.Datetime("ns", "UTC")), "uid": ["C1"] * count, "sensor": ["tap"] * count,
            "capture": ["live"] * count, "frame": pl.Series(np.array(seconds, np.uint64) + np.uint64(1)),
            "source": [PLC] * count, "protocol": ["modbus"] * count, "unit": pl.Series([1] * count, dtype=pl.Int64),
            "area": ["holding_register"] * count, "start": pl.Series([0] * count, dtype=pl.Int64),
            "name": pl.Series([None] * count, dtype=pl.String), "values": pl.Series(rows).arr.to_list(),
            "quality": pl.Series([None] * count, dtype=pl.String),
        }
    )  # fmt: skip


def command(
    second: float, who: str, target: str = "holding_register 0", value: str = "450", **other: Any
) -> pl.DataFrame:
    """One record of `command`."""
    row = {
        "ts": int((BEGIN + second) * 1e9), "uid": "C2", "sensor": "tap", "capture": "live", "frame": 7_000_000,
        "id.orig_h": who, "id.resp_h": PLC, "protocol": "modbus", "verb": "write", "function": "write_single_register",
        "target": target, "value": value, "count": 1, "answered": 1, "errors": 0, **other,
    }  # fmt: skip
    return pl.DataFrame([row]).with_columns(pl.col("ts").cast(pl.Datetime("ns", "UTC")))


def heartbeat(seconds: range) -> pl.DataFrame:
    """What the panel writes all the time."""
    return pl.concat([command(s, PANEL, "holding_register 9", str(s % 1000)) for s in seconds])


def notice(second: float, note: str, severity: str = "high", orig: str = STRANGER, tactic: str = "collection") -> Told:
    """What a detection found about the controller."""
    found = Notice(note, f"{note} at the controller.", severity, f"id-{note}", tactic, "T0830")
    return Told(int((BEGIN + second) * 1e9), "", "tap", "live", 1, orig, None, PLC, None, found)
