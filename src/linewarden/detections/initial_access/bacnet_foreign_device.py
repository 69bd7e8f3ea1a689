"""A station joins a BACnet network from elsewhere, or changes which networks hear each other."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import refused, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge

JOINS = "register_foreign_device"
CHANGES = ("write_broadcast_distribution_table", "delete_foreign_device_table_entry")


def told(row: Row, known: Knowledge) -> Finding:
    """Each station and what it did. Tools of engineers join so, too: from outside it is never one's own."""
    who, whom, joins = row["id.orig_h"], row["id.resp_h"], row["function"] == JOINS
    what = "joins the BACnet network of" if joins else "changes which BACnet networks hear each other, at"
    return Finding(
        row,
        f"{known.name(who)} {what} {known.name(whom)}.",
        (who, whom, row["function"]),
        why=(said(row), f"role of the sender: {known.role(who)}, of the target: {known.role(whom)}"),
        severity=_severity(who, whom, joins, known) if not refused(row) else Severity.LOW,
        confidence=0.9,
    )


def _severity(who: str, whom: str, joins: bool, known: Knowledge) -> Severity | None:
    if known.is_outside(who) and not known.is_outside(whom):
        return Severity.HIGH
    return Severity.LOW if joins else None


BASE = {
    "protocol": "bacnet", "verb": "subscribe", "function": JOINS, "id.orig_h": "8.8.4.4", "id.resp_h": "10.0.0.1",
    "target": "broadcast_management", "answered": 0,
}  # fmt: skip

DETECTION = Detection(
    title="BACnet network joined from elsewhere",
    severity=Severity.MEDIUM,
    attack=("T0822", "T0846"),
    meaning="A station that joined hears all that devices of the building call out, and its own calls reach all of"
    " them: it finds, reads and commands them from another network.",
    runbook=(
        "Find out whose address it is, and whether it is meant to be part of this network.",
        "Look at what it read and wrote since.",
        "Switch foreign devices off at the BBMD if nobody needs them, and compare its table of networks.",
    ),
    benign="A tool of the building's engineers that works from another subnet.",
    needs={"command": (pl.col("protocol") == "bacnet") & pl.col("function").is_in([JOINS, *CHANGES])},
    watch=stateless(told),
    fires=Case({"command": [BASE]}),
    quiet=Case({"command": [{**BASE, "function": "read_foreign_device_table"}]}),
)
