"""A command that changes something is sent to all devices at once, by a broadcast."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.plant.vocabulary import spelled
from linewarden.records.command import Verb

CHANGES = (
    Verb.WRITE, Verb.FORCE, Verb.STOP, Verb.START, Verb.RESTART, Verb.SET_MODE, Verb.INHIBIT, Verb.FIRMWARE_UPDATE,
    Verb.PROGRAM_DOWNLOAD,
)  # fmt: skip
ALL_UNITS = ((pl.col("protocol") == "dnp3") & (pl.col("unit") >= 0xFFFD)) | (
    (pl.col("protocol") == "iec104") & (pl.col("unit") == 0xFFFF)
)
"""Addresses of all stations. Source: IEEE 1815-2012; IEC 60870-5-104. (Modbus's 0 is often the device's own.)"""
GROUP = pl.col("id.resp_h").str.contains(r"^(2(2[4-9]|3\d)\.|255\.255\.255\.255$|ff|.*\.255$)")
USUAL = "time|clock|internal_ind|group"
"""Clocks are set for all at once, by design; and BACnet's WriteGroup is meant for many."""


def told(row: Row, known: Knowledge) -> Finding:
    """Each sender, verb and protocol. There is no answer to a broadcast: that it was done cannot be seen."""
    who, verb = row["id.orig_h"], row["verb"]
    return Finding(
        row,
        f"{known.name(who)} sent a command ({verb.replace('_', ' ')}) to all devices at once"
        f" ({spelled(row['protocol'])}).",
        (who, verb, row["protocol"]),
        why=(said(row), f"sent to {row['id.resp_h']}" + (f", unit {row['unit']}" if row["unit"] is not None else ""),
             f"role of the sender: {known.role(who)}"),
        severity=Severity.MEDIUM if known.is_station(who) else None,
        count=int(row["count"] or 1),
        confidence=0.8,
    )  # fmt: skip


BASE = {
    "protocol": "dnp3", "verb": "write", "function": "direct_operate", "target": "control_relay_output_block 1",
    "unit": 0xFFFF, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1",
}  # fmt: skip

DETECTION = Detection(
    title="Command to all devices at once",
    severity=Severity.HIGH,
    attack=("T0855", "T0814"),
    meaning="Every device that hears it acts, and none answers. Operators switch one thing after another; to switch"
    " all at once is what somebody does who wants everything off.",
    runbook=(
        "See which devices changed their state at this time, and set them back with the operator.",
        "Find out what stands at the sending address, and who uses it.",
        "Forbid broadcasts of this protocol at the firewall between the zones.",
    ),
    benign="A scheme that was built so on purpose, such as load shedding: say so for this station.",
    needs={
        "command": pl.col("verb").is_in([str(v) for v in CHANGES]) & OT & (ALL_UNITS.fill_null(False) | GROUP)
        & ~(pl.col("target").fill_null("") + pl.col("function").cast(pl.String)).str.contains(USUAL)
    },
    watch=stateless(told),
    fires=Case({"command": [BASE]}),
    quiet=Case({"command": [{**BASE, "unit": 7}, {**BASE, "target": "time_and_date 0"}, {**BASE, "verb": "read"}]}),
)  # fmt: skip
