"""A known reader reads where it never read."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """Which area is new."""
    who, whom = ends(row, known)
    return Finding(
        row,
        f"{who} reads {row['what'].partition(' ')[2]} of {whom} for the first time ({row['protocol']}).",
        (row["id.orig_h"], row["id.resp_h"]),
        facts(row, "reading is usual from there, but of other targets"),
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="New points are read",
    severity=Severity.INFO,
    attack=("T0861", "T0801"),
    meaning="Somebody looks at more of the process than before. That by itself harms nothing, but comes before harm.",
    runbook=(
        "See whether the reader got a new project or screen.",
        "See whether it goes on through more and more areas: that is somebody who searches.",
        "If it is right, approve it in the baseline.",
    ),
    benign="A new screen of the HMI, or a page that is seldom opened.",
    needs={
        "novelty": (pl.col("kind") == "target")
        & pl.col("what").str.contains("^(read|program_upload) ")
        & (pl.col("confidence") >= SURE)
    },
    watch=stateless(told),
    fires=Case({"novelty": [example("target", what="read holding_register wide")]}),
    quiet=Case({"novelty": [example("target", what="write holding_register 0-63")]}),
)
