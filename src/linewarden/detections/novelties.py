"""What detections on the stream `novelty` have in common: the facts, in words, and a row to try them on."""

from __future__ import annotations

from typing import Any

from linewarden.baseline.coverage import span
from linewarden.detections.detection import Row
from linewarden.detections.knowledge import Knowledge

OT = (
    "modbus", "s7comm", "s7comm_plus", "enip", "cip_io", "opcua", "dnp3", "iec104", "bacnet", "profinet_cm",
    "profinet_dcp", "ads", "mms", "umas", "fins", "fins_tcp", "tristation", "mqtt",
)  # fmt: skip
"""Protocols in which process values are read and written."""
SURE = 0.4
"""From this confidence on new things are told: the baseline itself learns in silence below 0.3."""


def facts(row: Row, *more: str) -> tuple[str, ...]:
    """What led to it: how long the baseline knew the subject, and how sure that makes it."""
    subject = "the network" if row["kind"] in ("asset", "vendor") else row["subject"]
    known = f"{subject} was known for {span(row['learned_s'])} without this"
    return (*more, known, f"baseline {row['confidence']:.0%} sure")


def ends(row: Row, known: Knowledge) -> tuple[str, str]:
    """Who and whom, in words."""
    return known.name(row["id.orig_h"]), known.name(row["id.resp_h"])


def example(kind: str, **more: Any) -> dict[str, Any]:
    """A row for the case of a detection."""
    return {
        "kind": kind, "subject": "10.0.0.1", "peer": "10.0.0.66", "protocol": "modbus", "learned_s": 7200.0,
        "confidence": 0.8, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "id.resp_p": 502, **more,
    }  # fmt: skip
