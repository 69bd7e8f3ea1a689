"""A password goes over the wire for everybody to read, or none is needed at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge

DEFAULTS = ("public", "private")
"""Communities that every device of the nineties came with, and every scanner tries first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was to be read: in words, and whether it lets anybody in at once."""

    did: str
    fact: str
    open: bool = False


def seen(stream: str, row: Row) -> Seen:
    """Of a login, or of a set request of SNMP."""
    if stream == "snmp":
        known = row["community"] in DEFAULTS
        what = f"the well-known community '{row['community']}'" if known else "a community that anybody can read"
        return Seen(f"changed settings (SNMP {row['version']}) with {what} on",
                    f"set of {row['oid'] or 'an object'}, answer {row['error_name'] or 'not seen'}", known)  # fmt: skip
    if row["target"].endswith("no password"):
        return Seen("took over the screen (VNC) without a password of", "security type none was chosen", True)
    user = f", user {row['value']}" if row["value"] else ""
    return Seen(f"sent a password in clear ({row['protocol']}) to",
                f"{row['target']}{user}, result {row['result'] or 'not seen'}")  # fmt: skip


def watch(_params: object) -> Watch:
    """Each target and protocol is told; a second sender within the day is counted."""

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            who, whom, what = row["id.orig_h"], row["id.resp_h"], seen(stream, row)
            weighs = known.is_ot(whom) or what.open
            yield Finding(
                row,
                f"{known.name(who)} {what.did} {known.name(whom)}.",
                (whom, stream if stream == "snmp" else row["protocol"], str(what.open)),
                why=(what.fact, f"role of the target: {known.role(whom)}"),
                severity=Severity.MEDIUM if weighs else None,
            )

    return look


LOGIN = {
    "verb": "authenticate", "protocol": "telnet", "function": "login", "target": "telnet, clear text", "value": "admin",
    "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip
SET = {
    "pdu_name": "set_request", "version": "2c", "community": "private", "id.orig_h": "10.0.0.66",
    "id.resp_h": "10.0.0.1", "error_name": "noError",
}  # fmt: skip

DETECTION = Detection(
    title="Password in clear text",
    severity=Severity.LOW,
    attack=("T0842", "T0859"),
    meaning="Whoever sees this network, from any cable or mirror port, now has a valid login and can use it as the "
    "owner could.",
    runbook=(
        "See what this login can do: a panel, a switch, a controller's web page?",
        "Switch to the encrypted form (SSH, SFTP, HTTPS, SNMPv3, MQTT over TLS), or close the service.",
        "Change this password, and every other place where the same one is used.",
    ),
    benign="Old devices know nothing else; then the network around them has to be closed, and this be written down.",
    needs={
        "command": (pl.col("verb") == "authenticate")
        & pl.col("target").fill_null("").str.contains(r"clear text$|^vnc, no password$"),
        "snmp": (pl.col("pdu_name") == "set_request") & (pl.col("version") != "3"),
    },
    watch=watch,
    fires=Case({"command": [LOGIN], "snmp": [SET]}),
    quiet=Case({
        "command": [{**LOGIN, "protocol": "http", "target": "http digest"}], "snmp": [{**SET, "version": "3"}],
    }),
    refractory_s=86_400.0,
)  # fmt: skip
