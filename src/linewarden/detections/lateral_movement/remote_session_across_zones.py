"""Somebody sits at a machine of the plant from another zone: RDP, VNC, SSH, Telnet, WinRM."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.plant.vocabulary import spelled

PORTS = {22: "ssh", 23: "telnet", 3389: "rdp", 5900: "vnc", 5901: "vnc", 5985: "winrm", 5986: "winrm"}
"""Where the content did not say what it is. WinRM is HTTP or TLS by its content."""
SESSIONS = ("ssh", "telnet", "rdp", "vnc", "winrm")
PORT = pl.col("id.resp_p").is_in(list(PORTS)) & pl.col("service").is_null()
WINRM = pl.col("id.resp_p").is_in([5985, 5986]) & pl.col("service").fill_null("").is_in(["http", "tls"])
LOW_LEVEL = 2
ENTERPRISE = 4


def told(row: Row, known: Knowledge) -> Finding | None:
    """Each pair and kind. It was established: both sides sent data. From the enterprise or outside it weighs more."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if not _into_plant(who, whom, known):
        return None
    kind = row["service"] if row["service"] in SESSIONS else PORTS[row["id.resp_p"]]
    return Finding(
        row,
        f"{known.name(who)} has a session by {spelled(kind)} with {known.name(whom)}, {_from(who, whom, known)}.",
        (who, whom, kind),
        why=(
            f"port {row['id.resp_p']}, {row['orig_bytes']} and {row['resp_bytes']} bytes, {row['duration']:.0f} s",
            f"level of the sender: {_level(who, known)}, of the target: {_level(whom, known)}",
            f"zones: {known.zone(who) or 'not named'}, {known.zone(whom) or 'not named'}",
        ),
        severity=_severity(who, whom, known),
        confidence=0.9 if row["service"] in SESSIONS else 0.7,
    )


def _into_plant(who: str, whom: str, known: Knowledge) -> bool:
    """The target stands at level 2 or below, or both zones are named and differ; within one zone it is nobody's."""
    here, there = known.zone(who), known.zone(whom)
    if here and there:
        return here != there and (known.is_ot(whom) or known.levels.get(whom) is None)
    return known.is_field(whom) or known.levels.get(whom, 9.0) <= LOW_LEVEL


def _outside(who: str, whom: str, known: Knowledge) -> bool:
    """Some plants use public addresses as their own: outside is only who is public where the target is not."""
    return known.is_outside(who) and not known.is_outside(whom)


def _severity(who: str, whom: str, known: Knowledge) -> Severity | None:
    """Between machines of the lowest levels whose zones nobody named, it is most often maintenance."""
    if _outside(who, whom, known) or _enterprise(who, known):
        return Severity.HIGH
    near = known.zone(who) is None and known.levels.get(who, 9.0) <= LOW_LEVEL
    return Severity.LOW if near else None


def _enterprise(who: str, known: Knowledge) -> bool:
    return known.levels.get(who) == ENTERPRISE


def _from(who: str, whom: str, known: Knowledge) -> str:
    if _outside(who, whom, known):
        return "from outside of the plant"
    if _enterprise(who, known):
        return "from the enterprise network"
    zone = known.zone(who)
    return f"from the zone {zone}" if zone else "from a station of the plant"


def _level(address: str, known: Knowledge) -> str:
    level = known.levels.get(address)
    return "not known" if level is None else f"{level:g}"


BASE = {
    "id.orig_h": "10.0.4.9", "id.resp_h": "10.0.1.5", "id.resp_p": 3389, "proto": "tcp", "service": "rdp",
    "conn_state": "SF", "orig_bytes": 9000, "resp_bytes": 70_000, "duration": 300.0,
}  # fmt: skip
KNOWN = Knowledge(roles={"10.0.1.5": Role.SCADA}, levels={"10.0.4.9": 4, "10.0.1.5": 2, "10.0.1.6": 2})

DETECTION = Detection(
    title="Remote session into the plant",
    severity=Severity.MEDIUM,
    attack=("T0886", "T0822"),
    meaning="Whoever sits at such a session can do everything that the machine can: move set-points, stop the line, or"
    " go on to the controllers. Intruders take the same way as service people.",
    runbook=(
        "Ask who is at work there now, and whether it was announced.",
        "Look at what the machine did during the session: writes, programs, files, further sessions.",
        "If nobody answers for it: end the session at the firewall, and change the password of the account.",
    ),
    benign="Maintenance that was announced, or a jump host: name its zone, or announce the window.",
    needs={
        "conn": (pl.col("proto") == "tcp") & (pl.col("orig_bytes") > 0) & (pl.col("resp_bytes") > 0)
        & (pl.col("service").fill_null("").is_in(SESSIONS) | PORT | WINRM)
    },
    watch=stateless(told),
    fires=Case({"conn": [BASE]}, KNOWN),
    quiet=Case({"conn": [{**BASE, "conn_state": "REJ", "resp_bytes": 0},
                         {**BASE, "id.resp_h": "10.0.4.10"}]}, KNOWN),
)  # fmt: skip
