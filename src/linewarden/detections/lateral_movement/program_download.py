"""A program, or a block of one, is written into a controller."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role


def told(row: Row, known: Knowledge) -> Finding:
    """Each download is told; one from a station that is not known for engineering weighs more."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    stranger = known.role(who) not in (Role.ENGINEERING, Role.UNKNOWN)
    refused = row["errors"] and not row["answered"] - row["errors"]
    block = f" {row['target']}" if row["target"] else ""
    did = "tried to write" if refused else "wrote"
    return Finding(
        row,
        f"{known.name(who)} {did} program{block} into {known.name(whom)} ({row['protocol']}).",
        (who, whom),
        why=(
            f"{row['protocol']} {row['function']}{block}, result {row['result'] or 'unknown'}",
            f"role of the sender: {known.role(who)}",
        ),
        severity=Severity.CRITICAL if known.is_safety(whom) else Severity.MEDIUM if refused else None,
        confidence=1.0 if stranger else 0.9,
    )


DETECTION = Detection(
    title="Program written into a controller",
    severity=Severity.HIGH,
    attack=("T0843", "T0889"),
    meaning="From now on the controller may do something else than what was approved: every output that it drives and "
    "every interlock that it computes may have changed.",
    runbook=(
        "Ask whoever answers for the line whether a change was planned now, and from this station.",
        "Compare the program in the controller with the approved one (upload and compare, or its checksum).",
        "If nobody planned it: keep people away from the machine, cut the sender off, load the approved program.",
    ),
    benign="An announced change by the controls engineer, from the engineering station, inside a maintenance window.",
    needs={"command": pl.col("verb") == "program_download"},
    watch=stateless(told),
    fires=Case(
        {"command": [{"verb": "program_download", "protocol": "s7comm", "function": "download_block", "target": "DB1",
                      "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "result": "ok", "answered": 1}]}
    ),
    quiet=Case(
        {"command": [{"verb": "program_upload", "protocol": "s7comm", "function": "upload_block", "target": "DB1",
                      "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "result": "ok", "answered": 1}]}
    ),
)  # fmt: skip
