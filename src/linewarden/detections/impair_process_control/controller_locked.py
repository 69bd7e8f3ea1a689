"""A client locks or reserves a controller for itself."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

LOCK = {
    "verb": "inhibit", "protocol": "enip", "function": "acquire_lock", "target": "lock", "id.orig_h": "10.0.0.9",
    "id.resp_h": "10.0.0.1",
}  # fmt: skip

DETECTION = Detection(
    title="Controller locked by a client",
    severity=Severity.MEDIUM,
    attack=("T0855",),
    meaning="While a client holds the lock nobody else can change the controller, neither the engineer who must "
    "help. It is also what an engineering tool does before it edits or downloads.",
    runbook=(
        "Ask whether an engineer works on this controller now, from this station.",
        "Look at what follows from the same sender: edits, downloads, a change of mode.",
        "If nobody works on it: end the session at the controller, and find out who uses the station.",
    ),
    benign="An engineering session: tools lock before they edit, and release afterwards.",
    needs={"command": pl.col("function").str.contains("acquire_lock|take_control|reserve") & OT},
    watch=stateless(command_told("locked", "tried to lock")),
    fires=Case({"command": [{**LOCK, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**LOCK, "function": "release_lock"}]}),
)
