"""A service is made and started on a Windows machine over the network, as psexec does."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge


def told(row: Row, known: Knowledge) -> Finding:
    """Each service that is made."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    return Finding(
        row,
        f"{known.name(who)} made the service {row['object'] or 'without a name'} on {known.name(whom)}.",
        (who, whom, row["object"] or ""),
        why=(
            f"{row['operation']} of {row['program'] or 'an unknown program'}",
            f"returned {row['returned'] or 'not seen'}",
        ),
    )


BASE = {
    "id.orig_h": "10.0.0.66",
    "id.resp_h": "10.0.0.2",
    "object": "PSEXESVC",
    "program": "%SystemRoot%\\PSEXESVC.exe",
}

DETECTION = Detection(
    title="Service made on another machine",
    severity=Severity.HIGH,
    attack=("T0867", "T0886"),
    meaning="Somebody runs programs of their own on a Windows machine of the plant, with the rights of the system. "
    "It is how ransomware goes from one machine to the next.",
    runbook=(
        "Ask the administrator whether this tool was used now, from this machine.",
        "Look at the program that was copied (its hash is in the records), and at what it did next.",
        "If nobody did: cut both machines off, and change the account that was used.",
    ),
    benign="Software distribution, or an administrator with psexec.",
    needs={
        "smb": pl.col("operation").fill_null("").str.starts_with("CreateService"),
        "dcerpc": pl.col("operation").fill_null("").str.starts_with("CreateService"),
    },
    watch=stateless(told),
    fires=Case({"smb": [{**BASE, "operation": "CreateServiceWOW64W"}]}),
    quiet=Case({"smb": [{**BASE, "operation": "QueryServiceStatus"}]}),
)
