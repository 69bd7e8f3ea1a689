"""What detections on commands have in common: who told whom to do what, and whether it was done."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from linewarden.detections.detection import Finding, Row, Severity
from linewarden.detections.knowledge import Knowledge

IT = ("smb", "dcerpc", "http", "ftp", "telnet", "vnc", "ssh", "mqtt")
"""Protocols whose verbs are said to computers, not to machines."""
OT = ~pl.col("protocol").cast(pl.String).is_in(IT)
WRITTEN = (pl.col("verb") == "write") & OT & pl.col("target").is_not_null() & (pl.col("errors") == 0)
"""A point that was written, and nobody refused it."""


def refused(row: Row) -> bool:
    """All answers of this row were refusals."""
    return bool(row["errors"]) and row["errors"] >= row["answered"]


def said(row: Row) -> str:
    """The command as a fact: protocol, function, target, result."""
    target = f" {row['target']}" if row["target"] else ""
    value = f" = {row['value']}" if row["value"] else ""
    return f"{row['protocol']} {row['function']}{target}{value}, result {row['result'] or 'not seen'}"


def command_told(did: str, tried: str, safety: Severity = Severity.CRITICAL) -> Callable[[Row, Knowledge], Finding]:
    """Tells each such command: `did` and `tried` stand between who and whom, as in "A stopped B".

    A refused one weighs medium at most; one to a safety controller as much as `safety` says.
    """

    def told(row: Row, known: Knowledge) -> Finding:
        who, whom = row["id.orig_h"], row["id.resp_h"]
        severity = Severity.MEDIUM if refused(row) else safety if known.is_safety(whom) else None
        return Finding(
            row,
            f"{known.name(who)} {tried if refused(row) else did} {known.name(whom)} ({row['protocol']}).",
            (who, whom, row["protocol"]),
            why=(said(row), f"role of the sender: {known.role(who)}, of the target: {known.role(whom)}"),
            severity=severity,
            count=int(row["count"] or 1),
        )

    return told
