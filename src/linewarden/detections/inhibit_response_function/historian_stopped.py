"""A service of a Windows machine is stopped or removed over the network: worst on a historian, SCADA or panel."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.commands import refused
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.memory import Bounded

OPENS = ("OpenServiceW", "CreateServiceW", "CreateServiceWOW64W")
"""What names the service that is told to stop later, by its handle ([MS-SCMR] 3.1.4.12 and 16)."""


def watch(_params: object) -> Watch:
    """Remembers which service a conversation opened last, to name the one that is stopped."""
    opened: Bounded[str, str] = Bounded(lambda: "")

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            if stream == "command":
                yield _stopped(row, known, opened.get(row["uid"]) or "")
            elif row["operation"] in OPENS:
                opened.put(row["uid"], row["object"] or "")
            elif row["operation"] == "DeleteService":
                yield _deleted(row, known, opened.get(row["uid"]) or "")

    return look


def _stopped(row: Row, known: Knowledge, service: str) -> Finding:
    tried = refused(row)
    return _finding(row, known, service, "tried to stop" if tried else "stopped", tried,
                    f"{row['protocol']} {row['function']}, result {row['result'] or 'not seen'}")  # fmt: skip


def _deleted(row: Row, known: Knowledge, service: str) -> Finding:
    tried = (row["returned"] or "ok") != "ok"
    return _finding(row, known, service, "tried to remove" if tried else "removed", tried,
                    f"DeleteService, returned {row['returned'] or 'not seen'}")  # fmt: skip


def _finding(row: Row, known: Knowledge, service: str, did: str, tried: bool, fact: str) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    role = known.role(whom)
    station = known.is_station(whom)
    severity = Severity.HIGH if station and not tried else Severity.MEDIUM if station or known.is_ot(whom) else None
    seen = "the archive" if role is Role.HISTORIAN else "the view of the process" if station else "a program"
    return Finding(
        row,
        f"{known.name(who)} {did} a service of {known.name(whom)}: {seen} may be gone.",
        (who, whom, did),
        # The name may become known only later: it is told as a fact, and is no part of what makes it the same again.
        why=(fact, *((f"service opened last: {service}",) if service else ()), f"role of the target: {role}"),
        severity=severity,
    )


STOP = {
    "verb": "stop", "protocol": "smb", "function": "write", "target": "service", "uid": "C7", "answered": 1,
    "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.3.5",
}  # fmt: skip

DETECTION = Detection(
    title="Service of a station stopped",
    severity=Severity.LOW,
    attack=("T0881",),
    meaning="The program behind a panel, an archive or an alarm list ends. Ransomware stops such services first, so "
    "that it can encrypt their files; people at the line see old values or none.",
    runbook=(
        "Look at the station: are the values and the alarms still alive?",
        "Ask the administrator whether this service was stopped on purpose, from this machine.",
        "If nobody did: cut the sender off, start the service again, and look for files with new endings.",
    ),
    benign="Updates and backups stop services for minutes; psexec and its like remove their own service at the end.",
    needs={
        "smb": pl.col("operation").fill_null("").is_in([*OPENS, "DeleteService"]),
        "dcerpc": pl.col("operation").fill_null("").is_in([*OPENS, "DeleteService"]),
        "command": (pl.col("verb") == "stop") & pl.col("protocol").cast(pl.String).is_in(["smb", "dcerpc"])
        & (pl.col("target") == "service"),
    },
    watch=watch,
    fires=Case(
        {"smb": [{"operation": "OpenServiceW", "object": "PIArchive", "uid": "C7", "id.resp_h": "10.0.3.5"}],
         "command": [STOP]},
        Knowledge(roles={"10.0.3.5": Role.HISTORIAN}),
    ),
    quiet=Case({"command": [{**STOP, "verb": "start"}, {**STOP, "protocol": "s7comm", "target": "plc"}]}),
)  # fmt: skip
