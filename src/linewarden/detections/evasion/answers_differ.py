"""The same place of a conversation is sent twice, with other content: somebody changes it on its way."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import OT


def told(row: Row, known: Knowledge) -> Finding:
    """Between machines it weighs more than between computers."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    machines = row["protocol"] in OT or known.is_field(whom) or known.is_field(who)
    return Finding(
        row,
        f"What {known.name(who)} and {known.name(whom)} say is changed on its way, or two answer.",
        (who, whom),
        why=("the same bytes of the stream came twice, with other content",
             f"protocol: {row['protocol'] or 'unknown'}"),
        severity=None if machines else Severity.MEDIUM,
        count=int(row["count"] or 1),
        confidence=0.9,
    )  # fmt: skip


TWICE = {"name": "data_mismatch", "protocol": "modbus", "id.orig_h": "10.0.0.5", "id.resp_h": "10.0.0.1"}

DETECTION = Detection(
    title="Conversation changed on its way",
    severity=Severity.HIGH,
    attack=("T0856", "T0830"),
    meaning="Operators see values that the machine did not send, or the machine gets orders that nobody gave. TCP "
    "sends a lost piece again, but never with another content.",
    runbook=(
        "Compare a value at the machine itself with what the operators see.",
        "Look for who stands between: ARP tables, one address with two machines, the switch's table.",
        "Operate the machine at its own panel until the way is clean.",
    ),
    benign="A firewall or gateway that rewrites what it forwards, mirrored on both sides.",
    needs={"weird": pl.col("name") == "data_mismatch"},
    watch=stateless(told),
    fires=Case({"weird": [TWICE]}),
    quiet=Case({"weird": [{**TWICE, "name": "truncated_IP_len"}]}),
)
