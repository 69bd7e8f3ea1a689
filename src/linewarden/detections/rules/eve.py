"""Alerts of Suricata (EVE JSON) to notices.

Facts: Suricata's documentation of the EVE format: `alert.severity` is 1 for the worst, `flow` names who began the flow,
`pcap_cnt` is the packet's number in the capture that was read.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from linewarden.detections.attack import TECHNIQUES
from linewarden.detections.rules.sigma import attack_of
from linewarden.detections.run import Told
from linewarden.records import Notice

SEVERITIES: Mapping[int, str] = {1: "high", 2: "medium", 3: "low"}
"""Suricata's priorities in our words; all beyond are info."""
SURE: Mapping[str, float] = {"high": 0.9, "medium": 0.7, "low": 0.4}
"""What rule writers say of a signature in `metadata: confidence`; medium where they say nothing."""
PROTOCOLS: Mapping[str, str] = {"icmp": "icmp", "ipv6-icmp": "icmp6", "icmpv6": "icmp6"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3600 * 10**9
PREFIX = "suricata_"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert, from the originator of its flow to the responder. `ts` is ns UTC; `packet` counts in `capture`."""

    ts: int
    note: str
    signature: str
    severity: str
    confidence: float
    proto: str
    orig_h: str
    orig_p: int | None
    resp_h: str
    resp_p: int | None
    tags: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    sensor: str = "suricata"
    capture: str = ""
    packet: int = 0
    uid: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """The same alert, read again, has the same; whoever is taken for the originator."""
        return alert_key(self.note, self.ts, self.orig_h, self.orig_p, self.resp_h, self.resp_p)

    @property
    def notice_id(self) -> str:
        """One notice for what the same signature says of the same two in an hour; the rest is counted."""
        ends = sorted((self.orig_h, self.resp_h))
        text = "\x1f".join((self.note, *ends, str(self.ts // HOUR)))
        return hashlib.sha256(text.encode()).hexdigest()[:20]


def alert_key(note: str, ts: int, orig_h: str, orig_p: int | None, resp_h: str, resp_p: int | None) -> tuple[Any, ...]:
    """What tells alerts apart."""
    return (note, ts, *sorted([(orig_h, orig_p or 0), (resp_h, resp_p or 0)]))


def alert_of(event: Mapping[str, Any], capture: str | None = None) -> Alert | None:
    """The alert of an EVE event; None for an event of another type. ValueError, TypeError or KeyError: damaged.

    `capture`: what Suricata read, if it does not say so; without a capture a packet's number says nothing.
    """
    if event.get("event_type") != "alert":
        return None
    alert = event["alert"]
    meta = alert.get("metadata") or {}
    proto = str(event.get("proto", "")).lower()
    proto = PROTOCOLS.get(proto, proto)
    with_ports = proto in ("tcp", "udp", "sctp")
    (orig_h, orig_p), (resp_h, resp_p) = _ends(event)
    read = capture or _name(str(event.get("pcap_filename") or ""))
    return Alert(
        ts=_time(event),
        note=f"{PREFIX}{_sid(alert)}",
        signature=str(alert.get("signature") or "without a name"),
        severity=_severity(alert, meta),
        confidence=SURE.get(_first(meta, "confidence").lower(), SURE["medium"]),
        proto=proto,
        orig_h=orig_h,
        orig_p=orig_p if with_ports else None,
        resp_h=resp_h,
        resp_p=resp_p if with_ports else None,
        tags=_tags(meta),
        why=tuple(_why(event, alert)),
        sensor=str(event.get("host") or "suricata"),
        capture=read or str(event.get("in_iface") or ""),
        packet=_within(int(event.get("pcap_cnt") or 0)) if read else 0,
    )


def _sid(alert: Mapping[str, Any]) -> str:
    """Signature ids are distinct within a generator, and nearly all are of generator 1."""
    sid, gid = int(alert["signature_id"]), int(alert.get("gid") or 1)
    return str(sid) if gid == 1 else f"{gid}_{sid}"


def _ends(event: Mapping[str, Any]) -> tuple[tuple[str, int | None], tuple[str, int | None]]:
    """Originator and responder: as the flow says, else by the direction of the packet."""
    flow = event.get("flow") or {}
    said = flow if "src_ip" in flow and "dest_ip" in flow else event
    ends = [(_address(said[f"{side}_ip"]), _port(said.get(f"{side}_port"))) for side in ("src", "dest")]
    if said is event and event.get("direction") == "to_client":
        ends.reverse()
    return ends[0], ends[1]


def _address(text: Any) -> str:
    """As our sensor writes it: Suricata writes all digits of an IPv6 address."""
    return str(ipaddress.ip_address(str(text)))


def _port(value: Any) -> int | None:
    port = None if value is None else int(value)
    if port is not None and not 0 <= port <= 65_535:
        raise ValueError(f"{port} is no port")
    return port


def _severity(alert: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    if _first(meta, "signature_severity").lower() == "critical":
        return "critical"
    return SEVERITIES.get(int(alert.get("severity") or 3), "info")


def _first(meta: Mapping[str, Any], key: str) -> str:
    return next(iter(_all(meta, key)), "")


def _all(meta: Mapping[str, Any], key: str) -> list[str]:
    value = meta.get(key) or []
    return [str(v) for v in (value if isinstance(value, list) else [value])]


def _tags(meta: Mapping[str, Any]) -> tuple[str, ...]:
    names = (*_all(meta, "mitre_technique_id"), *_all(meta, "mitre_tactic_name"))
    return tuple(f"attack.{name.lower()}" for name in names)


def _why(event: Mapping[str, Any], alert: Mapping[str, Any]) -> Iterator[str]:
    yield f"rule {alert.get('gid', 1)}:{alert['signature_id']}:{alert.get('rev', 0)} of Suricata"
    if alert.get("category"):
        yield f"class: {alert['category']}"
    if event.get("app_proto"):
        yield f"protocol: {event['app_proto']}"
    if alert.get("action") == "blocked":
        yield "Suricata blocked it"


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _time(event: Mapping[str, Any]) -> int:
    """Its packet's time. What Suricata finds as it gives a flow up has another packet's; the flow had begun then."""
    began = (event.get("flow") or {}).get("start")
    return _within(max(_ns(str(event["timestamp"])), _ns(str(began)) if began else 0))


def _within(number: int) -> int:
    """A number that a column can hold. ValueError for another."""
    if not 0 <= number < 2**63:
        raise ValueError(f"{number} is out of range")
    return number


def _ns(text: str) -> int:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    since = time - EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def told_of(alert: Alert, again: bool) -> Told:
    """The alert as a notice; `again` if one of this id was told before."""
    attack, tactic = attack_of(alert.tags)
    others = [t.removeprefix("attack.").upper() for t in alert.tags if t.startswith("attack.t")]
    enterprise = [t for t in others if t not in attack and t[1:2].isdigit()]
    why = (*alert.why, *([f"ATT&CK Enterprise: {' '.join(enterprise)}"] if enterprise else ()))
    notice = Notice(
        note=alert.note,
        msg=f"{alert.signature} (Suricata): {alert.orig_h} to {alert.resp_h}.",
        severity=alert.severity,
        notice_id=alert.notice_id,
        tactic=tactic,
        techniques=" ".join(attack),
        techniques_v19=" ".join(TECHNIQUES[t].v19 for t in attack),
        confidence=alert.confidence,
        until=alert.ts,
        again=again,
        why="; ".join(why),
        frames=str(alert.packet) if alert.packet else "",
    )
    return Told(
        alert.ts, alert.uid, alert.sensor, alert.capture, alert.packet, alert.orig_h, alert.orig_p, alert.resp_h,
        alert.resp_p, notice,
    )  # fmt: skip
