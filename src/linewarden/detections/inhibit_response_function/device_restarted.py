"""A device is restarted by a command."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

RESTART = {
    "verb": "restart", "protocol": "dnp3", "function": "cold_restart", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1",
}  # fmt: skip

DETECTION = Detection(
    title="Device restarted",
    severity=Severity.HIGH,
    attack=("T0816", "T0814"),
    meaning="For seconds to minutes the device neither controls nor reports, and it comes back in the state that "
    "its program starts with; what operators forced or acknowledged may be gone.",
    runbook=(
        "Ask at the machine whether it stands, and whether somebody restarted it on purpose.",
        "See that it came back, and that its values and set-points are what they should be.",
        "If nobody did: cut the sender off; a restart after a download or a firmware change belongs to that.",
    ),
    benign="A restart by the controls engineer, during maintenance.",
    needs={"command": (pl.col("verb") == "restart") & OT},
    watch=stateless(command_told("restarted", "tried to restart")),
    fires=Case({"command": [{**RESTART, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**RESTART, "verb": "read", "function": "read"}]}),
)
