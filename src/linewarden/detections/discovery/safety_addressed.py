"""A station speaks to a safety controller that has no business with it."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import STATIONS, Knowledge, Role

USUAL = STATIONS | {Role.CONTROLLER, Role.SAFETY_CONTROLLER, Role.IO, Role.GATEWAY}


def told(row: Row, known: Knowledge) -> Finding | None:
    """Reading is told, too; what changes something has a detection of its own."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if not known.is_safety(whom) or known.role(who) in USUAL:
        return None
    stranger = known.role(who) is Role.UNKNOWN  # or one that is new to us: a sensor knows little in its first seconds
    return Finding(
        row,
        f"{known.name(who)} speaks to the safety controller {known.name(whom)} ({row['protocol']}).",
        (who, whom),
        why=(said(row), f"role of the sender: {known.role(who)}"),
        severity=Severity.LOW if stranger else None,
        count=int(row["count"] or 1),
        confidence=0.6 if stranger else 0.9,
    )


READ = {
    "verb": "read", "protocol": "modbus", "function": "read_coils", "target": "coil 0-7", "id.orig_h": "10.0.0.66",
    "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip
ROLES = {"10.0.0.1": Role.SAFETY_CONTROLLER, "10.0.0.5": Role.SCADA, "10.0.0.66": Role.WORKSTATION}

DETECTION = Detection(
    title="Safety controller addressed by a stranger",
    severity=Severity.MEDIUM,
    attack=("T0888", "T0846"),
    meaning="Few stations have a reason to speak to what protects people. Attacks on safety systems began with "
    "weeks of looking.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "See that the key switch of the safety controller stands at RUN.",
        "If nobody answers for the sender: cut it off.",
    ),
    benign="The safety engineer's laptop, or a new data collector: give it its role in the names file.",
    needs={"command": pl.col("verb").is_in(["read", "browse", "diagnose", "subscribe", "program_upload"]) & OT},
    watch=stateless(told, alike=("id.orig_h", "id.resp_h")),
    fires=Case({"command": [READ]}, Knowledge(roles=ROLES)),
    quiet=Case({"command": [{**READ, "id.orig_h": "10.0.0.5"}]}, Knowledge(roles=ROLES)),
)
