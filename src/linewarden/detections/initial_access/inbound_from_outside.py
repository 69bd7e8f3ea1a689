"""A device of the plant answers somebody on the internet."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.plant.vocabulary import CONTROL


def told(row: Row, known: Knowledge) -> Finding | None:
    """Each pair; a control protocol or a field device weighs more. Two public addresses are not outside and inside."""
    who, whom, service = row["id.orig_h"], row["id.resp_h"], row["service"] or row["proto"]
    if not known.is_outside(who) or known.is_outside(whom):
        return None
    grave = service in CONTROL or known.is_field(whom)
    return Finding(
        row,
        f"{known.name(whom)} answers {known.name(who)} on the internet ({service}).",
        (who, whom, service),
        why=(f"port {row['id.resp_p']}, {row['resp_bytes']} bytes back", f"role: {known.role(whom)}"),
        severity=Severity.HIGH if grave else None,
    )


BASE = {
    "id.orig_h": "8.8.4.4", "id.resp_h": "10.0.0.1", "id.resp_p": 80, "proto": "tcp", "service": "http",
    "conn_state": "SF", "resp_bytes": 900,
}  # fmt: skip

DETECTION = Detection(
    title="Reachable from the internet, and reached",
    severity=Severity.MEDIUM,
    attack=("T0883", "T0822"),
    meaning="Whoever finds the address can do what its protocol allows, and most of these ask for no password worth"
    " the name. Search engines find such devices within hours.",
    runbook=(
        "See what was done: the commands and pages of this conversation.",
        "Close the way in at the firewall; remote service goes through a gateway that asks who it is.",
        "Change the passwords of the device, and compare its settings and its program with the approved ones.",
    ),
    benign="A service that is meant for the public, in a zone of its own.",
    needs={"conn": (pl.col("proto") == "tcp") & (pl.col("resp_bytes") > 0) & (pl.col("orig_bytes") > 0)},
    watch=stateless(told, alike=("id.orig_h", "id.resp_h")),
    fires=Case({"conn": [{**BASE, "orig_bytes": 90}]}),
    quiet=Case({"conn": [{**BASE, "orig_bytes": 90, "id.orig_h": "10.0.5.5"}]}),
)
