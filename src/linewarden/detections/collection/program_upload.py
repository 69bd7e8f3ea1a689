"""A program, or a block of one, is read out of a controller."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

ENGINEERS = frozenset({Role.ENGINEERING, Role.SCADA, Role.UNKNOWN})
"""Roles whose tools read programs; what nobody knows yet may be an engineer's laptop."""
_told = command_told("read the program of", "tried to read the program of", Severity.MEDIUM)


def told(row: Row, known: Knowledge) -> Finding:
    """More if the reader has no tool for it, or stands outside of the plant's own networks."""
    who, found = row["id.orig_h"], _told(row, known)
    outside = (known.levels.get(who, 0.0) >= 4 or known.is_outside(who)) and not known.is_outside(row["id.resp_h"])
    stranger = outside or known.role(who) not in ENGINEERS
    return replace(found, severity=Severity.MEDIUM) if stranger else found


UPLOAD = {
    "verb": "program_upload", "protocol": "s7comm", "function": "start_upload", "target": "OB1",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1",
}  # fmt: skip

DETECTION = Detection(
    title="Program read out of a controller",
    severity=Severity.LOW,
    attack=("T0845",),
    meaning="Somebody has the program now: it tells how the process works, and is what is changed before a "
    "download. The process itself is not changed.",
    runbook=(
        "Ask whether an engineer compared or backed up this program now.",
        "Watch for a download from the same station.",
        "If nobody did: treat the program and the recipes in it as known to others.",
    ),
    benign="A backup or a comparison by the controls engineer, or a tool that does so every night.",
    needs={"command": (pl.col("verb") == "program_upload") & OT},
    watch=stateless(told),
    fires=Case({"command": [{**UPLOAD, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**UPLOAD, "verb": "read"}]}),
)
