"""Somebody changes something in a safety controller."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, refused, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

CHANGES = ("write", "configure", "set_mode", "force", "inhibit", "program_download", "firmware_update", "start", "stop")


def told(row: Row, known: Knowledge) -> Finding | None:
    """Each change, tried or done."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if not known.is_safety(whom):
        return None
    done = not refused(row)
    return Finding(
        row,
        f"{known.name(who)} {'changed' if done else 'tried to change'} the safety controller {known.name(whom)}: "
        f"{row['verb']} {row['target'] or row['function']}.",
        (who, whom, row["verb"]),
        why=(said(row), f"role of the sender: {known.role(who)}"),
        severity=None if done else Severity.HIGH,
        count=int(row["count"] or 1),
    )


WRITE = {
    "verb": "write", "protocol": "modbus", "function": "write_single_register", "target": "holding_register 9",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip
KNOWN = Knowledge(roles={"10.0.0.1": Role.SAFETY_CONTROLLER})

DETECTION = Detection(
    title="Safety controller changed",
    severity=Severity.CRITICAL,
    attack=("T0855", "T0880"),
    meaning="The last line of protection for people may not act any more, or acts without cause. Nobody has a "
    "reason to change it while the machine runs.",
    runbook=(
        "Bring the machine to a safe state, with the people who answer for it.",
        "Compare the safety program and its limits with the approved ones; test the function before it runs again.",
        "Find out who uses the sending station; keep it as it is, for who looks into it.",
    ),
    benign="A test or a change of the safety function by its engineer, with the machine stopped.",
    needs={"command": pl.col("verb").is_in(CHANGES) & OT},
    watch=stateless(told, alike=("id.orig_h", "id.resp_h")),
    fires=Case({"command": [WRITE]}, KNOWN),
    quiet=Case({"command": [{**WRITE, "verb": "read"}]}, KNOWN),
)
