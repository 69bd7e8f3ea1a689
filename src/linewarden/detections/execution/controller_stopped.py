"""A controller, or a program in it, is stopped."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

STOP = {"verb": "stop", "protocol": "s7comm", "function": "plc_stop", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1"}

DETECTION = Detection(
    title="Controller stopped",
    severity=Severity.HIGH,
    attack=("T0858", "T0881"),
    meaning="The controller drives its outputs no longer, or drives them to what was set for a stop: the machine "
    "stands, or runs on without control.",
    runbook=(
        "Ask at the machine whether it stands, and whether somebody stopped it on purpose.",
        "Do not start it again before the machine is clear of people and the cause is known.",
        "If nobody stopped it: cut the sender off, compare the program with the approved one, then start.",
    ),
    benign="A stop by the controls engineer, for a download or for maintenance, that the line knows of.",
    needs={"command": (pl.col("verb") == "stop") & OT},
    watch=stateless(command_told("stopped", "tried to stop")),
    fires=Case({"command": [{**STOP, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**STOP, "protocol": "smb", "function": "ioctl"}]}),
)
