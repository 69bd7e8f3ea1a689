"""Somebody changes a switch, an access point or a router: SNMP set, or its web page."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

NETWORK = frozenset({Role.SWITCH, Role.ACCESS_POINT, Role.ROUTER})
OFFICE = frozenset({Role.PRINTER, Role.PHONE, Role.CAMERA, Role.WORKSTATION, Role.SERVER})
MIRROR, NAME = "a mirror port", "its name or place"
TABLES = (
    ("1.3.6.1.2.1.16.22.1.3", MIRROR, True), ("1.3.6.1.2.1.17.7.1.4", "its VLANs", True),
    ("1.3.6.1.2.1.17.4", "its table of addresses", True), ("1.3.6.1.2.1.17.2", "its spanning tree", True),
    ("1.3.6.1.2.1.2.2.1.7", "a port (on or off)", True), ("1.3.6.1.2.1.31.1.1.1", "settings of a port", True),
    ("1.3.6.1.2.1.4", "its addresses or routes", True), ("1.3.6.1.2.1.105", "power of a port (PoE)", True),
    ("1.3.6.1.6.3", "its SNMP accounts or trap receivers", True),
    ("1.3.6.1.2.1.1", NAME, False), ("1.3.6.1.4.1", "a setting of the maker's own", False),
)  # fmt: skip
"""Object, in words, and whether a change of it alone shows that a network is changed.

Source: RFC 2613 (SMON), RFC 4363 (Q-BRIDGE), RFC 4188 (BRIDGE), RFC 2863 (IF), RFC 4293 (IP), RFC 3621 (PoE), RFC 3418.
"""


def _object(oid: str) -> tuple[str, bool]:
    for start, words, network in TABLES:
        if oid == start or oid.startswith(start + "."):
            return words, network
    return f"object {oid}" if oid else "an object that was encrypted", False


def told(row: Row, known: Knowledge) -> Finding | None:
    """By what it is that was set, and on whom; names of printers and the like are nobody's concern."""
    return _by_snmp(row, known) if "pdu_name" in row else _by_web(row, known)


def _by_snmp(row: Row, known: Knowledge) -> Finding | None:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    what, network = _object(str(row["oid"] or ""))
    if known.role(whom) in OFFICE and not network:
        return None
    done = row["reply_pdu"] is not None and not row["error_status"]
    return Finding(
        row,
        f"{known.name(who)} {'changed' if done else 'tried to change'} {what} of {known.name(whom)} by SNMP.",
        (who, whom, what),
        why=(f"set of {row['oid'] or '?'}, answer: {row['error_name'] or ('seen' if done else 'none')}",
             f"SNMP {row['version'] or ''}{', password in clear' if row['community'] is not None else ''}",
             f"role: {known.role(whom)}"),
        severity=None if done and (network or known.role(whom) in NETWORK) and what != NAME
        else Severity.LOW,
        techniques=("T0842", "T0859") if what == MIRROR else (),
        confidence=0.9,
    )  # fmt: skip


def _by_web(row: Row, known: Knowledge) -> Finding | None:
    """Pages of switches send forms to sign in and to show things, too: it weighs little."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if known.role(whom) not in NETWORK:
        return None
    return Finding(
        row,
        f"{known.name(who)} sent settings or a login to the web page of {known.name(whom)}.",
        (who, whom, "http"),
        why=(f"{row['method']} {str(row['uri'])[:80]}, answer {row['status_code']}", f"role: {known.role(whom)}"),
        severity=Severity.LOW,
        confidence=0.5,
    )


SET = {
    "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.2", "id.resp_p": 161, "pdu_name": "set_request", "reply_pdu": 2,
    "version": "v2c", "community": "private", "error_status": 0, "error_name": "noError",
}  # fmt: skip
KNOWN = Knowledge(roles={"10.0.0.2": Role.SWITCH, "10.0.0.9": Role.PRINTER})

DETECTION = Detection(
    title="Switch changed",
    severity=Severity.MEDIUM,
    attack=("T0859", "T0842"),
    meaning="Who sets a switch can take machines off the network, join zones that were apart, or copy all traffic to a"
    " port of his own.",
    runbook=(
        "Ask the administrator whether this was done now, from this machine.",
        "Compare the settings of the switch with the last saved ones: ports, VLANs, mirror ports, accounts.",
        "If nobody did: set it back, change its passwords and communities, and allow SNMP sets from one station only.",
    ),
    benign="Work on the network that was announced; a management station that keeps names and ports up to date.",
    needs={
        "snmp": pl.col("pdu_name").fill_null("") == "set_request",
        "http": pl.col("method").fill_null("").is_in(["POST", "PUT", "PATCH", "DELETE"])
        & (pl.col("status_code").fill_null(500) < 400),
    },
    watch=stateless(told),
    fires=Case({"snmp": [{**SET, "oid": "1.3.6.1.2.1.16.22.1.3.1.1.4.1.2"}, {**SET, "oid": "1.3.6.1.2.1.2.2.1.7.3"}]},
               KNOWN),
    quiet=Case({"snmp": [{**SET, "oid": "1.3.6.1.2.1.1.5.0", "id.resp_h": "10.0.0.9"}],
                "http": [{"id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.9", "method": "POST", "uri": "/",
                          "status_code": 200}]}, KNOWN),
)  # fmt: skip
