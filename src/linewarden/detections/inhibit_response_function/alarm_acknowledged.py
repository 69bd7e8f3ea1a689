"""An alarm is acknowledged or held back by a station at which no operator sits."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, refused, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

OPERATORS = frozenset({Role.SCADA, Role.HMI})
SILENT = r"(?i)alarm|event|condition|shelve|suppress"


def told(row: Row, known: Knowledge) -> Finding | None:
    """Nothing if an operator's station did it, as it should."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if known.role(who) in OPERATORS:
        return None
    stranger = known.role(who) is not Role.UNKNOWN
    return Finding(
        row,
        f"{known.name(who)} {'tried to quit' if refused(row) else 'quit'} an alarm of {known.name(whom)}, and no "
        "operator is known to sit there.",
        (who, whom),
        why=(said(row), f"role of the sender: {known.role(who)}"),
        severity=None if stranger and not refused(row) else Severity.LOW,
        count=int(row["count"] or 1),
        confidence=0.8 if stranger else 0.5,
    )


ACK = {
    "verb": "acknowledge", "protocol": "bacnet", "function": "acknowledge_alarm", "target": "alarm",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Alarm quit by a stranger",
    severity=Severity.MEDIUM,
    attack=("T0878",),
    meaning="An alarm that nobody saw is gone from the screen: what it warned of goes on.",
    runbook=(
        "Look at the process value that the alarm is about, at the machine itself.",
        "Ask the operators whether they saw this alarm.",
        "Find out what runs at the sending station.",
    ),
    benign="A second operator's panel whose role is not known yet: give it its role in the names file.",
    needs={
        "command": OT
        & (
            (pl.col("verb") == "acknowledge")
            | (pl.col("verb") == "inhibit") & pl.col("target").fill_null("").str.contains(SILENT)
            | (pl.col("function") == "call")
            & pl.col("target").fill_null("").str.contains(r"(?i)acknowledge|shelve|suppress")
        )
    },
    watch=stateless(told),
    fires=Case({"command": [ACK]}, Knowledge(roles={"10.0.0.9": Role.WORKSTATION})),
    quiet=Case({"command": [ACK]}, Knowledge(roles={"10.0.0.9": Role.HMI})),
)
