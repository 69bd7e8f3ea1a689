"""A file for a device's firmware is sent to its web page."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge

WORDS = r"(?i)(firmware|fwup|upgrade|flash|sysupdate)"


def told(row: Row, known: Knowledge) -> Finding:
    """Each such request; of a field device it weighs more, refused it weighs less."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    turned_away = (row["status_code"] or 0) >= 400
    field = known.is_field(whom)
    severity = Severity.LOW if turned_away else Severity.HIGH if field else Severity.MEDIUM
    return Finding(
        row,
        f"{known.name(who)} {'tried to send' if turned_away else 'sent'} firmware to {known.name(whom)} by web.",
        (who, whom),
        why=(
            f"{row['method']} {row['uri']}, status {row['status_code'] or 'not seen'}",
            f"role of the target: {known.role(whom)}",
            "no login was seen" if not row["auth_scheme"] else f"login by {row['auth_scheme']}",
        ),
        severity=severity,
    )


POST = {"method": "POST", "uri": "/firmware", "status_code": 202, "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1"}

DETECTION = Detection(
    title="Firmware sent to a web page",
    severity=Severity.MEDIUM,
    attack=("T0857", "T0839"),
    meaning="Remote I/O, drives and switches take their firmware by a web page, often with the first password or "
    "none. From now on the device may be another.",
    runbook=(
        "Ask whether an update of this device was planned, from this station.",
        "Compare the version that the device tells now with the planned one.",
        "If it was not planned: take the device out of service, load the maker's image anew, set a password.",
    ),
    benign="A planned update in a maintenance window.",
    needs={"http": pl.col("method").is_in(["POST", "PUT"]) & pl.col("uri").fill_null("").str.contains(WORDS)},
    watch=stateless(told),
    fires=Case({"http": [POST]}),
    quiet=Case({"http": [{**POST, "method": "GET"}]}),
)
