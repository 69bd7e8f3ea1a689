"""A known device answers on a service that it never had."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """More if it is a controller."""
    who, whom = ends(row, known)
    return Finding(
        row,
        f"{whom} answers {row['protocol']} for the first time; {who} asked.",
        (row["id.resp_h"], row["protocol"] or ""),
        facts(row, f"port {row['id.resp_p'] or 'unknown'}"),
        severity=Severity.MEDIUM if known.is_field(row["id.resp_h"]) else Severity.LOW,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="New service on a known device",
    severity=Severity.LOW,
    attack=("T0886", "T0885"),
    meaning="Something was switched on or installed there, or it was always open and nobody used it until now. Each "
    "service is one more way in.",
    runbook=(
        "Ask who looks after the device whether a service was switched on.",
        "Look at who used it, and whether that needed a password.",
        "If nobody needs it, switch it off; if it is right, approve it in the baseline.",
    ),
    benign="An update or a new function, or a service that is used once a month.",
    needs={"novelty": (pl.col("kind") == "service") & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("service", peer=None, protocol="telnet")]}),
    quiet=Case({"novelty": [example("peer"), example("service", confidence=0.3)]}),
)
