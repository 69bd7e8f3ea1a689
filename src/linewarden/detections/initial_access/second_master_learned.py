"""A device that was always written by the same stations is written by another one."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """More if it is a safety controller, or the writer is no station that has a reason to write."""
    who, whom = ends(row, known)
    safety = known.is_safety(row["id.resp_h"])
    return Finding(
        row,
        f"{who} writes to {whom}, which so far only others did.",
        (row["id.orig_h"], row["id.resp_h"]),
        facts(row, f"role of the writer: {known.role(row['id.orig_h'])}"),
        severity=Severity.HIGH if safety else None,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="A second master writes",
    severity=Severity.MEDIUM,
    attack=("T0848", "T0855"),
    meaning="Two stations that write to one controller work against each other, or one of them is not what it seems. "
    "The controller obeys both.",
    runbook=(
        "Ask who answers for the new writer whether it shall write there.",
        "Look at what it wrote, and at what the first master wrote after.",
        "If nobody wanted it, cut it off at the switch and check the values that it wrote.",
    ),
    benign="A redundant SCADA server took over, or a panel was added.",
    needs={"novelty": (pl.col("kind") == "master") & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("master", protocol=None)]}),
    quiet=Case({"novelty": [example("peer"), example("master", confidence=0.3)]}),
)
