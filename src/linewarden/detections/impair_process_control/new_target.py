"""A known writer writes where it never wrote."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """Which area is new."""
    who, whom = ends(row, known)
    verb, _, area = row["what"].partition(" ")
    return Finding(
        row,
        f"{who} wrote {area} of {whom} for the first time ({row['protocol']}).",
        (row["id.orig_h"], row["id.resp_h"], row["what"]),
        facts(row, f"{verb} is usual from there, but to other targets"),
        severity=Severity.MEDIUM if known.is_safety(row["id.resp_h"]) else None,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="New target is written",
    severity=Severity.LOW,
    attack=("T0836", "T0855"),
    meaning="A parameter, output or block is changed that was never changed over the network while we looked.",
    runbook=(
        "Look up what the target is: a setpoint, an output, a limit of an alarm.",
        "Ask who sits at the sending station whether they changed it.",
        "If it was right, approve it in the baseline; if not, put the old value back.",
    ),
    benign="A setting that is seldom touched, such as at a product change-over.",
    needs={
        "novelty": (pl.col("kind") == "target")
        & pl.col("what").str.contains("^(write|force|configure|program_download) ")
        & (pl.col("confidence") >= SURE)
    },
    watch=stateless(told),
    fires=Case({"novelty": [example("target", what="write coil 64-127")]}),
    quiet=Case({"novelty": [example("target", what="read coil 64-127")]}),
)
