"""Open Cybersecurity Schema Framework: a Detection Finding (class 2004) a notice, or a case.

Source: OCSF schema 1.4.0 (detection_finding, finding_info, evidences, attack, network_endpoint, related_event).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linewarden import __version__
from linewarden.cases.export.common import (
    ATTACK_VERSION,
    CLOSED,
    OPENED,
    PRODUCT,
    RAISED,
    SITE,
    TACTIC_IDS,
    case_id,
    kind_of,
    summary,
    tactic_name,
)  # fmt: skip
from linewarden.cases.model import Case, Event, is_group, technique_name

VERSION = "1.4.0"
CLASS = 2004
SEVERITY = {"info": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"),
            "critical": (5, "Critical")}  # fmt: skip
MOST_EVIDENCES = 200


def notice_as_ocsf(event: Event, case: str = "") -> dict[str, Any]:
    """The finding. `case`: the id of the case that it is part of."""
    found = _finding(event, [event], _attacks([event]))
    if event.case:
        found |= _activity(event.state) | {"risk_score": event.priority}
        found["finding_info"]["uid"] = case_id(event.case)
    elif case:
        found["finding_info"]["related_events"] = [
            {"uid": case_id(case), "type_uid": CLASS * 100 + 1, "type": "Detection Finding: Create"}
        ]
    return found


def _activity(state: str) -> dict[str, Any]:
    """A case that was told before is updated or closed under the same `finding_info.uid`."""
    number, name = {OPENED: (1, "Create"), RAISED: (2, "Update"), CLOSED: (3, "Close")}[state]
    return {
        "activity_id": number, "activity_name": name, "type_uid": CLASS * 100 + number,
        "type_name": f"Detection Finding: {name}",
    }  # fmt: skip


def case_as_ocsf(case: Case, priority: int, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A case as one finding: the evidence of all its notices, and which notices those are."""
    told = summary(case, priority, names)
    found = _finding(told, case.events, _attacks(case.unexpected or case.events))
    info = found["finding_info"]
    info["related_events"] = [
        {"uid": e.notice_id, "type_uid": CLASS * 100 + 1, "type": e.note} for e in case.events[:MOST_EVIDENCES]
    ]
    info["related_events_count"] = len(case.events)
    found["risk_score"] = priority
    known = names or {}
    found["resources"] = [{"uid": a, "name": known.get(a, a)} for a in case.assets]
    return found


def _finding(event: Event, proofs: Sequence[Event], attacks: list[dict[str, Any]]) -> dict[str, Any]:
    number, word = SEVERITY[event.severity]
    first, last = event.ts // 1_000_000, event.until // 1_000_000
    found: dict[str, Any] = {
        "category_uid": 2, "category_name": "Findings", "class_uid": CLASS, "class_name": "Detection Finding",
        "activity_id": 1, "activity_name": "Create", "type_uid": CLASS * 100 + 1,
        "type_name": "Detection Finding: Create", "time": first, "start_time": first, "end_time": last,
        "severity_id": number, "severity": word, "is_alert": True, "count": event.count, "message": event.msg,
        "confidence_score": round(event.confidence * 100), **_confidence(event.confidence),
        "status_id": 3 if event.expected else 1, "status": "Suppressed" if event.expected else "New",
        "metadata": {
            "version": VERSION, "uid": event.notice_id, "log_provider": event.sensor or PRODUCT,
            "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": __version__},
        },
        "finding_info": {
            "uid": event.notice_id, "title": event.title, "desc": event.why or event.msg, "created_time": first,
            "first_seen_time": first, "last_seen_time": last, "types": [event.note], "attacks": attacks,
            "analytic": {"uid": event.note, "name": event.title, "type_id": 1, "type": "Rule", "desc": event.meaning},
        },
        "evidences": [_evidence(e) for e in proofs[:MOST_EVIDENCES]],
        "resources": [{"uid": event.resp or event.resp_h, "name": event.resp_h}]
        if event.resp_h and not is_group(event.resp_h) else [],
    }  # fmt: skip
    if event.runbook:
        found["remediation"] = {"desc": "\n".join(f"{i}. {step}" for i, step in enumerate(event.runbook, 1))}
    if event.expected:
        found["status_detail"] = event.expected
    return found


def _confidence(sure: float) -> dict[str, Any]:
    number, word = (3, "High") if sure >= 0.75 else (2, "Medium") if sure >= 0.4 else (1, "Low")
    return {"confidence_id": number, "confidence": word}


def _attacks(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Each technique once, with the tactic under which it was seen."""
    pairs = dict.fromkeys((e.tactic, t) for e in events for t in e.techniques)
    return [_attack(tactic, technique) for tactic, technique in pairs]


def _attack(tactic: str, technique: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "version": ATTACK_VERSION,
        "technique": {
            "uid": technique, "name": technique_name(technique).partition(" ")[2] or technique,
            "src_url": f"{SITE}/techniques/{technique.replace('.', '/')}/",
        },
    }  # fmt: skip
    if number := TACTIC_IDS.get(tactic):
        src = f"{SITE}/tactics/{number}/"
        found["tactic"] = {"uid": number, "name": tactic_name(tactic), "src_url": src}
    return found


def _evidence(event: Event) -> dict[str, Any]:
    """Who spoke to whom, and the packets that show it."""
    found: dict[str, Any] = {
        "data": {
            "notice": event.notice_id, "msg": event.msg, "why": event.why, "capture": event.capture,
            "frames": list(event.frames or (event.frame,)), "connection": event.uid,
        },
    }  # fmt: skip
    for key, address, port in (
        ("src_endpoint", event.orig_h, event.orig_p),
        ("dst_endpoint", event.resp_h, event.resp_p),
    ):
        kind = kind_of(address)
        if address:
            # An endpoint needs more than a MAC address: the schema wants an ip, a uid or a name.
            named = {"mac": address, "uid": address} if kind == "mac" else {"ip" if kind else "name": address}
            found[key] = named | ({"port": port} if port else {})
    return found
