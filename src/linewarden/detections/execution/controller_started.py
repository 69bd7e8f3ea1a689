"""A controller, or a program in it, is started or set to another mode."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

START = {
    "verb": "start",
    "protocol": "s7comm",
    "function": "pi_program",
    "id.orig_h": "10.0.0.9",
    "id.resp_h": "10.0.0.1",
}

DETECTION = Detection(
    title="Controller started, or its mode changed",
    severity=Severity.MEDIUM,
    attack=("T0858",),
    meaning="A controller leaves the state in which somebody left it. Machines may move; in program mode or with "
    "its key overridden it accepts changes that it refuses otherwise.",
    runbook=(
        "Ask at the machine whether a start or a change of mode was meant to happen now.",
        "Look at what the same sender did before: a download before a start is a new program that runs.",
        "If it was not meant: make the machine safe first, then find out who uses the sending station.",
    ),
    benign="A start after maintenance, or a mode change by the controls engineer.",
    needs={"command": pl.col("verb").is_in(["start", "set_mode"]) & OT},
    watch=stateless(command_told("started, or changed the mode of,", "tried to start, or change the mode of,")),
    fires=Case({"command": [{**START, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**START, "verb": "read"}]}),
)
