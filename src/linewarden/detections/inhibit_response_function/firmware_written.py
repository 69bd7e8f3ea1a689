"""Firmware is written into a controller, a module or an adapter, or the mode for it is entered."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

UPDATE = {
    "verb": "firmware_update", "protocol": "enip", "function": "firmware_update", "id.orig_h": "10.0.0.9",
    "id.resp_h": "10.0.0.1",
}  # fmt: skip

DETECTION = Detection(
    title="Firmware written",
    severity=Severity.HIGH,
    attack=("T0857", "T0839", "T0800"),
    meaning="Below the program the device may be another from now on, and no comparison of programs shows it. While"
    " it is written the device does not do its work.",
    runbook=(
        "Ask whether an update was planned, of this device, from this station, to this version.",
        "Compare the version that the device tells now with the planned one.",
        "If it was not planned: take the device out of service, and load the maker's signed image anew.",
    ),
    benign="A planned update in a maintenance window.",
    needs={"command": (pl.col("verb") == "firmware_update") & OT},
    watch=stateless(command_told("wrote firmware into", "tried to write firmware into")),
    fires=Case({"command": [{**UPDATE, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**UPDATE, "verb": "diagnose", "function": "get_attributes_all"}]}),
)
