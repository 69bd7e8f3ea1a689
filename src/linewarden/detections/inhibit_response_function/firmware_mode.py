"""A device is put into the mode in which it takes new firmware."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

MODE = r"(?i)(firmware|update|upgrade|boot(?:loader)?)[ _]*(mode|check|prepare|start|enter)|prepare_?for_?update"
ENTER = {
    "verb": "firmware_update", "protocol": "enip", "function": "firmware_check", "id.orig_h": "10.0.0.9",
    "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Device made ready for new firmware",
    severity=Severity.MEDIUM,
    attack=("T0800",),
    meaning="In this mode a device does not do its work, or takes firmware without asking again. An attacker may "
    "leave it so on purpose: it stays out of service.",
    runbook=(
        "See at the device whether it still does its work.",
        "Ask whether an update was planned now, from this station.",
        "If not: cut the sender off, restart the device, compare its version.",
    ),
    benign="The first step of a planned update; a tool that asks whether an update would be possible.",
    needs={
        "command": OT
        & pl.col("verb").is_in(["firmware_update", "configure", "set_mode", "write"])
        & (pl.col("function").str.contains(MODE) | pl.col("target").fill_null("").str.contains(MODE))
    },
    watch=stateless(command_told("made ready for new firmware", "tried to make ready for new firmware")),
    fires=Case({"command": [ENTER]}),
    quiet=Case({"command": [{**ENTER, "verb": "diagnose", "function": "get_attributes_all"}]}),
)
