"""Two devices speak with each other that never did, in a service that is not the process's own."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import OT, SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """More if a controller is asked, or asks."""
    who, whom = ends(row, known)
    field = known.is_field(row["id.resp_h"]) or known.is_field(row["id.orig_h"])
    return Finding(
        row,
        f"{who} uses {row['protocol']} of {whom} for the first time.",
        (row["id.orig_h"], row["id.resp_h"], row["protocol"] or ""),
        facts(row, f"roles: {known.role(row['id.orig_h'])} and {known.role(row['id.resp_h'])}"),
        severity=Severity.MEDIUM if field else Severity.LOW,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="New pair of devices",
    severity=Severity.LOW,
    attack=("T0886",),
    meaning="In a plant it is settled who speaks with whom. A new pair is how an intruder goes from one machine to the "
    "next; by itself it harms nothing yet.",
    runbook=(
        "Ask who works at the asking device now, and what for.",
        "Look at what was done in this conversation: logins, files, programs.",
        "If it is right, approve it in the baseline; else close the way between the two.",
    ),
    benign="A new tool or server, or a job that runs once a month.",
    needs={"novelty": (pl.col("kind") == "peer") & ~pl.col("protocol").is_in(OT) & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("peer", protocol="smb")]}),
    quiet=Case({"novelty": [example("peer", protocol="modbus"), example("peer", protocol="smb", confidence=0.3)]}),
)
