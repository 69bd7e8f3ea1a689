"""A device's name or address is set by PROFINET DCP."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import command_told
from linewarden.detections.detection import Case, Detection, Severity, stateless

SET = {
    "verb": "configure", "protocol": "profinet_dcp", "function": "set", "target": "ip_parameter",
    "id.orig_h": "00:11:22:33:44:55", "id.resp_h": "00:11:22:33:44:66",
}  # fmt: skip

DETECTION = Detection(
    title="Name or address of a device set",
    severity=Severity.HIGH,
    attack=("T0855", "T0814"),
    meaning="The controller finds its I/O device by its name: with another name or address the two lose each other,"
    " and the outputs go to what was set for that.",
    runbook=(
        "Ask whether a device is being replaced or commissioned on this line now.",
        "See whether the controller still exchanges data with it; if not, set the planned name back.",
        "Find the sender by its MAC address in the switch's table, and unplug it if nobody answers for it.",
    ),
    benign="Commissioning, or a device that was replaced.",
    needs={"command": (pl.col("verb") == "configure") & (pl.col("protocol") == "profinet_dcp")},
    watch=stateless(command_told("set name or address of", "tried to set name or address of")),
    fires=Case({"command": [{**SET, "answered": 1, "result": "ok"}]}),
    quiet=Case({"command": [{**SET, "verb": "browse", "function": "identify"}]}),
)
