"""Somebody logs in where, or when, they never did."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """At a new host, or at an hour of the day at which this pair never did."""
    who, whom = ends(row, known)
    when = f"between {row['what']}:00 and {row['what']}:59 UTC " if row["kind"] == "hour" else ""
    return Finding(
        row,
        f"{who} logged in at {whom} ({row['protocol']}) {when}for the first time.",
        (row["id.orig_h"], row["id.resp_h"], row["kind"], row["what"] or ""),
        facts(row, f"role of {row['id.resp_h']}: {known.role(row['id.resp_h'])}"),
        severity=Severity.MEDIUM if known.is_field(row["id.resp_h"]) else None,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="Login at a new host or hour",
    severity=Severity.LOW,
    attack=("T0859",),
    meaning="A valid password in the wrong hands looks just like this: the right name, from another place or at "
    "another time.",
    runbook=(
        "Ask the owner of the account whether it was them.",
        "Look at what was done in this session, and what the same station did before.",
        "If it was not them, change the password and cut the session off.",
    ),
    benign="Somebody helps out, works late, or a task was moved to another hour.",
    needs={"novelty": pl.col("kind").is_in(["login", "hour"]) & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("login", protocol="ftp"), example("hour", protocol="ftp", what="03")]}),
    quiet=Case({"novelty": [example("peer", protocol="ftp"), example("login", protocol="ftp", confidence=0.3)]}),
)
