"""Elastic Common Schema: one JSON object a notice.

Source: Elastic Common Schema reference, version 8.17 (field sets Base, Event, Rule, Threat, Source, Destination,
Network, Observer, Related). What has no field there is under `linewarden`.
"""

from __future__ import annotations

from typing import Any

from linewarden import __version__
from linewarden.cases.export.common import PRODUCT, SITE, TACTIC_IDS, kind_of, tactic_name, utc
from linewarden.cases.model import Event, technique_name

VERSION = "8.17.0"
SEVERITY = {"critical": 99, "high": 73, "medium": 47, "low": 21, "info": 1}
"""Our levels on Elastic's scale of risk, 0 to 100."""


def notice_as_ecs(event: Event, case: str = "") -> dict[str, Any]:
    """The document. `case`: the id of the case that it is part of."""
    ends = [a for a in (event.orig_h, event.resp_h) if a]
    types = {kind for kind in map(kind_of, ends) if kind.startswith("ip")}
    found: dict[str, Any] = {
        "@timestamp": utc(event.ts),
        "ecs": {"version": VERSION},
        "message": event.msg,
        "event": _event(event),
        "rule": {
            "id": event.note, "name": event.title, "description": event.meaning, "category": event.tactic,
            "ruleset": "linewarden", "version": __version__,
        },
        "observer": {"vendor": PRODUCT, "product": PRODUCT, "version": __version__, "type": "ids"}
        | ({"name": event.sensor} if event.sensor else {}),
        "source": _endpoint(event.orig_h, event.orig_p),
        "destination": _endpoint(event.resp_h, event.resp_p),
        "network": {"type": types.pop()} if len(types) == 1 else {},
        "related": {"ip": sorted({a for a in ends if kind_of(a).startswith("ip")})},
        "threat": _threat(event),
        "linewarden": _ours(event, case),
    }  # fmt: skip
    return {key: value for key, value in found.items() if value and value != {"ip": []}}


def _event(event: Event) -> dict[str, Any]:
    return {
        "id": event.notice_id, "kind": "alert", "category": ["network", "intrusion_detection"], "type": ["info"],
        "module": "linewarden", "dataset": "linewarden.notice", "provider": "linewarden",
        "action": f"case_{event.state}" if event.case else event.note,
        "severity": SEVERITY[event.severity], "start": utc(event.ts), "end": utc(event.until),
        "reason": event.why or event.msg,
    }  # fmt: skip


def _endpoint(address: str, port: int | None) -> dict[str, Any]:
    if not address:
        return {}
    kind = kind_of(address)
    found: dict[str, Any] = {"address": address}
    if kind == "mac":
        found["mac"] = address.upper().replace(":", "-")  # RFC 7042, as ECS wants it
    elif kind:
        found["ip"] = address
    return found | ({"port": port} if port else {})


def _threat(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {"framework": "MITRE ATT&CK"}
    if tactic := TACTIC_IDS.get(event.tactic):
        reference = [f"{SITE}/tactics/{tactic}/"]
        found["tactic"] = {"id": [tactic], "name": [tactic_name(event.tactic)], "reference": reference}
    if event.techniques:
        found["technique"] = {
            "id": list(event.techniques),
            "name": [technique_name(t).partition(" ")[2] or t for t in event.techniques],
            "reference": [f"{SITE}/techniques/{t.replace('.', '/')}/" for t in event.techniques],
        }
    return found if len(found) > 1 else {}


def _ours(event: Event, case: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "severity": event.severity, "confidence": event.confidence, "count": event.count, "capture": event.capture,
        "frame": event.frame, "frames": list(event.frames), "runbook": list(event.runbook), "benign": event.benign,
        "expected": event.expected, "case": {"id": event.case or case} if event.case or case else None,
    }  # fmt: skip
    if event.case:
        found["case"] |= {"state": event.state, "priority": event.priority}
    return {key: value for key, value in found.items() if value not in (None, "", [])}
