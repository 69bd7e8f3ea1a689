"""What a controller runs, and when, is bound anew: tasks, organisation blocks, schedules."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

TASK = r"(?i)\btask\b|tasking|program_invocation|\bschedule\b|^OB\d|^_?0?8\d{5}[APB]?$|class_112\b"
"""Tasks by name; of S7 the organisation blocks (block type 08), which its cycle, timers and interrupts call; of CIP the
class Task (0x70, Rockwell)."""
CHANGE = ("program_download", "configure", "write", "set_mode")
BIND = {
    "verb": "program_download", "protocol": "s7comm", "function": "request_download", "target": "_0800035P",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Tasking of a controller changed",
    severity=Severity.MEDIUM,
    attack=("T0821",),
    meaning="Code is called at other times, or other code is called: an attacker hangs his program before the "
    "machine's own in this way.",
    runbook=(
        "See which blocks the cycle and the interrupts call, and compare with the approved project.",
        "Ask the controls engineer whether this is their change.",
        "If not: make the machine safe, load the approved program.",
    ),
    benign="A program download that holds all blocks, by the controls engineer.",
    needs={"command": OT & pl.col("verb").is_in(CHANGE) & pl.col("target").fill_null("").str.contains(TASK)},
    watch=stateless(command_told("changed the tasking of", "tried to change the tasking of", Severity.HIGH)),
    fires=Case({"command": [BIND]}),
    quiet=Case({"command": [{**BIND, "target": "_0A00001P"}, {**BIND, "verb": "read"}]}),
)
