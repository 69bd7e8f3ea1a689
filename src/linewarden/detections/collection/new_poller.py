"""Somebody new reads or subscribes at a device that always had the same clients."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import OT, SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """More if it is a controller that got a new client."""
    who, whom = ends(row, known)
    field = known.is_field(row["id.resp_h"])
    return Finding(
        row,
        f"{who} speaks {row['protocol']} with {whom} for the first time.",
        (row["id.orig_h"], row["id.resp_h"], row["protocol"]),
        facts(row, f"role of {row['id.orig_h']}: {known.role(row['id.orig_h'])}"),
        severity=Severity.MEDIUM if field else Severity.LOW,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="New poller or subscriber",
    severity=Severity.LOW,
    attack=("T0801", "T0848"),
    meaning="Clients of a controller hardly ever change. A new one can read the process now, and in most protocols "
    "nothing keeps it from writing.",
    runbook=(
        "Find out what stands at the new address, and who put it there.",
        "Look at what it asked for: only values, or also programs, modes and writes.",
        "If it belongs there, approve it in the baseline; if nobody knows it, cut it off at the switch.",
    ),
    benign="A new HMI, historian or engineering station that was announced.",
    needs={"novelty": (pl.col("kind") == "peer") & pl.col("protocol").is_in(OT) & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("peer")]}),
    quiet=Case({"novelty": [example("peer", protocol="http"), example("peer", confidence=0.3)]}),
)
