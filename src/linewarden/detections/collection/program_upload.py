"""A program, or a block of one, is read out of a controller."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

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
    watch=stateless(command_told("read the program of", "tried to read the program of", Severity.MEDIUM)),
    fires=Case({"command": [{**UPLOAD, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**UPLOAD, "verb": "read"}]}),
)
