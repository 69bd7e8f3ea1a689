"""A device is told to be silent, to stop reporting, or to give up its alarms."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

SILENCE = {
    "verb": "inhibit", "protocol": "modbus", "function": "diagnostics", "target": "force_listen_only_mode",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1",
}  # fmt: skip

DETECTION = Detection(
    title="Device silenced",
    severity=Severity.HIGH,
    attack=("T0814", "T0804"),
    meaning="The device answers no more (Modbus listen-only mode, BACnet communication control) or reports no more "
    "events: operators see the last values, and no alarm comes.",
    runbook=(
        "Read a value at the device itself, and compare it with what the operators see.",
        "Set it back: enable communication again, or restart it when the process allows.",
        "Find out who uses the sending station, and cut it off if nobody answers for it.",
    ),
    benign="A test of the device, or a gateway that is commissioned.",
    needs={"command": (pl.col("verb") == "inhibit") & OT & ~pl.col("function").str.contains("lock")},
    watch=stateless(command_told("silenced", "tried to silence")),
    fires=Case({"command": [{**SILENCE, "answered": 0}]}),
    quiet=Case({"command": [{**SILENCE, "verb": "diagnose", "target": "return_query_data"}]}),
)
