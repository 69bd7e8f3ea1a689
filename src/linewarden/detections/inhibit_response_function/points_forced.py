"""Inputs or outputs are forced: held at a value whatever the program says."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

FORCE = {
    "verb": "force", "protocol": "s7comm", "function": "force", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1",
    "answered": 1, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Inputs or outputs forced",
    severity=Severity.HIGH,
    attack=("T0835", "T0831"),
    meaning="A forced point no longer follows the process or the program: a sensor may seem right and an interlock "
    "may have no effect. Forces often stay when people have left.",
    runbook=(
        "See the list of forced points in the controller, and what each of them moves.",
        "Keep people away from what they move, until it is known who forced them and why.",
        "Take the forces back one by one with whoever answers for the machine.",
    ),
    benign="Commissioning or fault finding by the controls engineer, with the machine under watch.",
    needs={"command": (pl.col("verb") == "force") & OT},
    watch=stateless(command_told("forced points of", "tried to force points of")),
    fires=Case({"command": [FORCE]}),
    quiet=Case({"command": [{**FORCE, "verb": "write"}]}),
)
