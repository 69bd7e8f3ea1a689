"""A Windows machine is told from afar to run something, or to give its secrets away.

Making services is `remote_service`; this is the rest: tasks, WMI, changed services, the registry, replication.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded


@dataclass(frozen=True, slots=True)
class Way:
    """What an operation does, in words between who and whom ("changed", or "tried to change"), and how bad it is."""

    did: str
    do: str
    what: str
    severity: Severity
    techniques: tuple[str, ...] = ()


_TASK = Way("set up", "set up", "a scheduled task on", Severity.HIGH, ("T0886", "T0853"))
_KEY = Way("changed", "change", "the registry of", Severity.MEDIUM, ("T0886",))
_DRIVER = Way("loaded", "load", "a printer driver into", Severity.MEDIUM, ("T0866",))
REPLICATION = "DRSGetNCChanges"
WAYS = {
    "SchRpcRegisterTask": _TASK,
    "NetrJobAdd": _TASK,
    "SchRpcRun": Way("started", "start", "a scheduled task on", Severity.HIGH, ("T0886", "T0853")),
    "ChangeServiceConfigW": Way("changed", "change", "a service of", Severity.MEDIUM, ("T0886",)),
    "BaseRegCreateKey": _KEY,
    "BaseRegDeleteKey": _KEY,
    "BaseRegDeleteValue": _KEY,
    "BaseRegSetValue": _KEY,
    "BaseRegSaveKey": Way(
        "saved", "save", "a part of the registry (it may hold passwords) of", Severity.HIGH, ("T0886",)
    ),
    "RpcAddPrinterDriver": _DRIVER,
    "RpcAddPrinterDriverEx": _DRIVER,
    REPLICATION: Way("copied", "copy", "the accounts with their passwords from", Severity.HIGH, ("T0859", "T0886")),
}
"""By operation ([MS-TSCH] 3.2.5, [MS-SCMR] 3.1.4.11, [MS-RRP] 3.1.5, [MS-RPRN] 3.1.4.4, [MS-DRSR] 4.1.10)."""
WMI = Way("reached", "reach", "WMI, which can run anything, on", Severity.MEDIUM, ("T0886", "T0853"))
INTERFACES = ("wmi_services", "wmi_login")
"""DCOM's interfaces of WMI: what is asked there is mostly sealed, so that a bind is all there is to see."""
OF_CONTROLLER = ("netlogon", "directory_replication")
"""Services that only domain controllers have: who offers one may copy accounts from another."""


def watch(_params: object) -> Watch:
    """Remembers domain controllers by what they offer, and tells what is asked of others."""
    controllers: Bounded[str, bool] = Bounded(lambda: True, 1000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            who, whom, operation = row["id.orig_h"], row["id.resp_h"], row["operation"]
            if row["interface"] in OF_CONTROLLER:
                controllers.put(whom, True)
            way = WAYS.get(operation) if operation else WMI if row["interface"] in INTERFACES else None
            if way is not None and not (operation == REPLICATION and who in controllers):
                yield _finding(row, known, way)

    return look


def _finding(row: Row, known: Knowledge, way: Way) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    refused = (row["returned"] or "ok") != "ok"
    asked = row["operation"] or f"bind to {row['interface']}"
    return Finding(
        row,
        f"{known.name(who)} {f'tried to {way.do}' if refused else way.did} {way.what} {known.name(whom)}.",
        (who, whom, way.did, way.what),
        why=(f"{asked} ({row['interface']}), returned {row['returned'] or 'not seen'}",
             f"role of the sender: {known.role(who)}, of the target: {known.role(whom)}"),
        severity=Severity.MEDIUM if refused else way.severity,
        techniques=way.techniques,
    )  # fmt: skip


BASE = {"id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.2"}
_WANTED = pl.col("operation").fill_null("").is_in(list(WAYS)) | pl.col("interface").fill_null("").is_in(
    [*INTERFACES, *OF_CONTROLLER]
)

DETECTION = Detection(
    title="Windows machine steered from afar",
    severity=Severity.HIGH,
    attack=("T0886", "T0853"),
    meaning="Somebody with an administrator's rights runs programs on another machine, changes its settings or takes "
    "passwords from it. It is how intruders go through a network of Windows machines.",
    runbook=(
        "Ask the administrator whether this was them, from this machine.",
        "Look at what the target did afterwards: new files, new programs, connections to others.",
        "If nobody did: cut both machines off, and change the account that was used.",
    ),
    benign="Management software and administrators do the same; it should come from the one or two machines for that.",
    needs={"dcerpc": _WANTED, "smb": _WANTED},
    watch=watch,
    fires=Case({"dcerpc": [{**BASE, "interface": "task_scheduler", "operation": "SchRpcRegisterTask"}]}),
    quiet=Case({
        "dcerpc": [
            {**BASE, "interface": "task_scheduler", "operation": "SchRpcEnumTasks"},
            # Two domain controllers: the asking one was seen as one before.
            {"id.orig_h": "10.0.5.9", "id.resp_h": "10.0.5.2", "interface": "netlogon"},
            {"id.orig_h": "10.0.5.2", "id.resp_h": "10.0.5.3", "interface": "directory_replication",
             "operation": REPLICATION},
        ],
    }),
)  # fmt: skip
