"""Somebody polls several times faster or slower than they always did."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """From which beat to which."""
    who, whom = ends(row, known)
    usual = f"{row['low']:g} s" if row["low"] == row["high"] else f"{row['low']:g} to {row['high']:g} s"
    return Finding(
        row,
        f"{who} asks {whom} every {row['value']:g} s now; usual is {usual} ({row['protocol']} {row['what']}).",
        (row["id.orig_h"], row["id.resp_h"], row["what"]),
        facts(row, "faster than usual" if row["value"] < row["low"] else "slower than usual"),
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="Polling has another rhythm",
    severity=Severity.LOW,
    attack=("T0802", "T0814"),
    meaning="Machines poll like clocks. A faster beat may be a second program at the same station, and can be too much "
    "for an old controller; a slower one means that the screen shows old values.",
    runbook=(
        "See whether the project of the polling station was changed.",
        "See whether the controller answers as fast as before.",
        "If it is right, approve it; the range of the baseline holds it from now on.",
    ),
    benign="Another screen is open at the HMI, or trend recording was switched on.",
    needs={"novelty": (pl.col("kind") == "rhythm") & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("rhythm", what="read read_coils", value=0.1, low=1.0, high=1.1)]}),
    quiet=Case({"novelty": [example("verb", what="read read_coils")]}),
)
