"""Something of an office speaks on the port of an industrial protocol: SSH on Modbus's, HTTP on DNP3's."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.plant.vocabulary import spelled

PORTS = {
    102: "s7comm", 502: "modbus", 2404: "iec104", 4840: "opcua", 20000: "dnp3", 44818: "enip", 47808: "bacnet",
}  # fmt: skip
"""Source: IANA's registry of ports."""
STRANGE = ("ssh", "http", "smb", "vnc", "telnet", "ftp", "tds", "dcerpc", "dns", "dns_tcp", "mqtt", "rdp")
"""What has no business there. TLS has: it may hold the industrial protocol."""


def told(row: Row, known: Knowledge) -> Finding:
    """Each pair and port."""
    who, whom, port = row["id.orig_h"], row["id.resp_h"], row["id.resp_p"]
    return Finding(
        row,
        f"{known.name(who)} speaks {spelled(row['service'])} to {known.name(whom)} on the port of"
        f" {spelled(PORTS[port])}.",
        (who, whom, str(port)),
        why=(f"port {port}, content {row['service']}", f"{row['orig_bytes']} and {row['resp_bytes']} bytes",
             f"role of the target: {known.role(whom)}"),
        severity=None if row["resp_bytes"] else Severity.LOW,
        confidence=0.7,
    )  # fmt: skip


BASE = {
    "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "id.resp_p": 502, "proto": "tcp", "service": "ssh",
    "direction": "syn", "orig_bytes": 900, "resp_bytes": 900,
}  # fmt: skip

DETECTION = Detection(
    title="Wrong protocol on an industrial port",
    severity=Severity.MEDIUM,
    attack=("T0885", "T0884"),
    meaning="The firewall lets this port through because machines need it. Somebody uses it for a session, a tunnel or"
    " a file of his own; or a scanner greets every port in the same words.",
    runbook=(
        "Find out which program listens there, and who began to speak to it.",
        "Look at what else the sender did: scans, logins, writes.",
        "Let the firewall check the protocol, not the port alone.",
    ),
    benign="A scanner that was announced; a service that somebody put on this port by chance.",
    needs={
        # The originator is sure: else the port may be one that a client got by chance.
        "conn": pl.col("id.resp_p").is_in(list(PORTS)) & pl.col("service").fill_null("").is_in(STRANGE)
        & pl.col("direction").is_in(["syn", "dialogue"])
    },
    watch=stateless(told),
    fires=Case({"conn": [BASE]}),
    quiet=Case({"conn": [{**BASE, "service": "modbus"}, {**BASE, "service": "tls"}, {**BASE, "direction": "port"}]}),
)  # fmt: skip
