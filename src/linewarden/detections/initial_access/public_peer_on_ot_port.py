"""A public address and a device of the plant speak an industrial protocol."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.plant.vocabulary import CONTROL, protocol, spelled

PORTS = {
    102: "s7comm", 502: "modbus", 2404: "iec104", 4840: "opcua", 9600: "fins", 20000: "dnp3", 44818: "enip",
    47808: "bacnet", 2222: "cip_io", 34964: "profinet_cm",
}  # fmt: skip
"""Where nothing was recognised in the content. Source: IANA's registry of ports; Omron for 9600."""
SPOKEN = pl.col("service").cast(pl.String).is_in([*CONTROL, "slmp", "melsoft", "cip_io", "profinet_cm"])


def told(row: Row, known: Knowledge) -> Finding | None:
    """Outward, and inward where it is UDP: who comes in by TCP is told by `inbound_from_outside`.

    Some plants use public addresses as their own: outside is only who is public where the other is not.
    """
    who, whom = row["id.orig_h"], row["id.resp_h"]
    inward, outward = known.is_outside(who), known.is_outside(whom)
    if inward == outward or (inward and row["proto"] == "tcp"):
        return None
    spoken = protocol(row["service"]) or PORTS[row["id.resp_p"]]
    ours, peer = (whom, who) if inward else (who, whom)
    return Finding(
        row,
        f"{known.name(ours)} {'answers' if inward else 'speaks to'} {known.name(peer)}, a public address,"
        f" in {spelled(spoken)}.",
        (ours, peer, spoken),
        why=(f"{row['proto']}/{row['id.resp_p']}, {row['orig_bytes']} and {row['resp_bytes']} bytes",
             f"recognised by its {'content' if row['service'] else 'port'}", f"role: {known.role(ours)}"),
        severity=Severity.HIGH if inward and row["service"] else None if row["service"] else Severity.LOW,
        confidence=0.9 if row["service"] else 0.5,
    )  # fmt: skip


BASE = {
    "id.orig_h": "8.8.4.4", "id.resp_h": "10.0.0.1", "id.resp_p": 47808, "proto": "udp", "service": "bacnet",
    "orig_bytes": 90, "resp_bytes": 200,
}  # fmt: skip

DETECTION = Detection(
    title="Industrial protocol with a public address",
    severity=Severity.MEDIUM,
    attack=("T0883", "T0822"),
    meaning="These protocols ask nobody who they are. Whoever is at the other end, or on the way there, reads and"
    " writes the process as an operator does.",
    runbook=(
        "See what was asked and written in these conversations.",
        "Find out whose address it is, and who opened this way at the firewall.",
        "Close it, or put it into a VPN that ends in a zone of its own.",
    ),
    benign="A plant that uses public addresses inside, or a remote station whose link was never encrypted.",
    needs={
        "conn": pl.col("proto").is_in(["tcp", "udp"]) & (pl.col("orig_bytes") > 0) & (pl.col("resp_bytes") > 0)
        & (SPOKEN | (pl.col("service").is_null() & pl.col("id.resp_p").is_in(list(PORTS))))
    },
    watch=stateless(told, alike=("id.orig_h", "id.resp_h", "proto")),
    fires=Case({"conn": [BASE]}),
    quiet=Case({"conn": [{**BASE, "resp_bytes": 0}, {**BASE, "id.resp_h": "8.8.8.8"}]}),
)  # fmt: skip
