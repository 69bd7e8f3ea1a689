"""A limit, a threshold or the switch of an alarm is written."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, refused, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

ALARM = (
    r"(?i)(alarm|alrm|hi_?hi|lo_?lo|high_?limit|low_?limit|limit_enable|event_enable|notification|deadband|threshold)"
)
"""As names of tags, of OPC UA's limit alarms (OPC 10000-9) and of BACnet's event properties (ANSI/ASHRAE 135, 12)."""
CHANGE = ("write", "configure", "inhibit")


def told(row: Row, known: Knowledge) -> Finding:
    """Operators may do this at their screen; anybody else weighs more."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    usual = known.role(who) in (Role.SCADA, Role.HMI, Role.ENGINEERING)
    point = row["target"] or row["function"]
    return Finding(
        row,
        f"{known.name(who)} {'tried to change' if refused(row) else 'changed'} the alarm setting {point} of "
        f"{known.name(whom)}.",
        (who, whom, point),
        why=(said(row), f"role of the sender: {known.role(who)}"),
        severity=Severity.LOW if refused(row) or usual else Severity.HIGH if known.is_safety(whom) else None,
        count=int(row["count"] or 1),
        confidence=0.8,
    )


WRITE = {
    "verb": "write", "protocol": "opcua", "function": "write", "target": "ns=2 Tank1.HighLimit", "value": "9999",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Alarm setting changed",
    severity=Severity.MEDIUM,
    attack=("T0838", "T0878"),
    meaning="An alarm that should call people may come too late, or never. Nothing else looks different.",
    runbook=(
        "Compare the setting with the approved list of alarms, and put it back.",
        "See whether the value that it guards is near its true limit now.",
        "Ask who uses the sending station, and why the alarm was in the way.",
    ),
    benign="An operator who sets a nuisance alarm right, with an entry in the shift's log.",
    needs={"command": OT & pl.col("verb").is_in(CHANGE) & pl.col("target").fill_null("").str.contains(ALARM)},
    watch=stateless(told),
    fires=Case({"command": [WRITE]}),
    quiet=Case({"command": [{**WRITE, "target": "ns=2 Tank1.Setpoint"}, {**WRITE, "verb": "read"}]}),
)
