"""Somebody signs in with the name and password that a device came with."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge

STREAMS = ("ftp", "http", "mqtt", "telnet")
"""Protocols in which the password is to be read; only logins that the server took have such a row."""


def watch(_params: object) -> Watch:
    """Each device and account is told once a day."""

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            yield _finding(stream, row, known)

    return look


def _finding(stream: str, row: Row, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    return Finding(
        row,
        f"{known.name(who)} signed in to {known.name(whom)} as {row['username']} with a factory password ({stream}).",
        (whom, stream, row["username"]),
        why=(f"devices come with this name and password: {row['default_of']}", "the server took it",
             f"role of the target: {known.role(whom)}"),
        severity=_weight(who, whom, known),
        # Somebody may have chosen the same by themselves; it is no better for that.
        confidence=0.9,
    )  # fmt: skip


def _weight(who: str, whom: str, known: Knowledge) -> Severity | None:
    """Into the plant, and from the internet, it is what an intruder tries first, and it works."""
    if known.is_outside(who):
        return Severity.CRITICAL if known.is_ot(whom) else Severity.HIGH
    return Severity.HIGH if known.is_ot(whom) and not known.is_ot(who) else None


LOGIN = {
    "username": "admin", "default_of": "Moxa", "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "id.resp_p": 80,
}  # fmt: skip

DETECTION = Detection(
    title="Login with a factory password",
    severity=Severity.MEDIUM,
    attack=("T0812", "T0859"),
    meaning="The password of this device stands in its manual and on the internet: whoever reaches it can change its "
    "settings, or use it to reach others.",
    runbook=(
        "Ask whether this login was somebody of the plant or of the maker.",
        "Change the password of the device now, and look for others of the same kind.",
        "If it was nobody: see what was done in this session, and cut the sender off.",
    ),
    benign="A device that is being set up, or one whose password nobody may change: then close the network around it.",
    needs={stream: pl.col("default_of").is_not_null() for stream in STREAMS},
    watch=watch,
    fires=Case({"http": [LOGIN]}),
    quiet=Case({"http": [{**LOGIN, "default_of": None}]}),
    refractory_s=86_400.0,
)
