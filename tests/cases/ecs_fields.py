"""The fields of the Elastic Common Schema that we export: type, and whether the schema wants a list.

Taken over from generated/csv/fields.csv (columns Field, Type, Normalization) of github.com/elastic/ecs at
7b665790c7c477dc8452ff16024dda76c706cc9c (8.12.0-dev, the newest of which we had the text; we say 8.17). Allowed values
are those of schemas/event.yml and docs/reference/ecs-allowed-values-event-category.md there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

TEXT, IP, DATE, LONG = "keyword", "ip", "date", "long"
FIELDS = {
    "@timestamp": DATE, "message": "match_only_text", "ecs.version": TEXT,
    "event.action": TEXT, "event.category": [TEXT], "event.dataset": TEXT, "event.end": DATE, "event.id": TEXT,
    "event.kind": TEXT, "event.module": TEXT, "event.provider": TEXT, "event.reason": TEXT, "event.severity": LONG,
    "event.start": DATE, "event.type": [TEXT],
    "rule.category": TEXT, "rule.description": TEXT, "rule.id": TEXT, "rule.name": TEXT, "rule.ruleset": TEXT,
    "rule.version": TEXT,
    "observer.name": TEXT, "observer.product": TEXT, "observer.type": TEXT, "observer.vendor": TEXT,
    "observer.version": TEXT,
    **{f"{end}.{name}": kind for end in ("source", "destination")
       for name, kind in {"address": TEXT, "ip": IP, "mac": TEXT, "port": LONG}.items()},
    "network.type": TEXT, "related.ip": [IP],
    "threat.framework": TEXT, "threat.tactic.id": [TEXT], "threat.tactic.name": [TEXT],
    "threat.tactic.reference": [TEXT], "threat.technique.id": [TEXT], "threat.technique.name": [TEXT],
    "threat.technique.reference": [TEXT],
}  # fmt: skip
KINDS = ("alert", "event", "metric", "state", "pipeline_error", "signal")
CATEGORIES = {"network": ("access", "allowed", "connection", "denied", "end", "info", "protocol", "start"),
              "intrusion_detection": ("allowed", "denied", "info")}  # fmt: skip
"""Of those that we use: which types go with them."""
MAC = r"[0-9A-F]{2}(-[0-9A-F]{2}){5}"
"""As the field's own text wants it, after RFC 7042."""


def faults(document: Mapping[str, Any]) -> list[str]:
    """What the schema would not take; fields of our own stand below `linewarden`."""
    found = [f for path, value in flat(document) for f in _of(path, value)]
    event = document["event"]
    if event["kind"] not in KINDS:
        found.append(f"event.kind {event['kind']}")
    for category in event["category"]:
        if category not in CATEGORIES or not set(event["type"]) <= set(CATEGORIES[category]):
            found.append(f"event.type {event['type']} of category {category}")
    return found


def flat(document: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Paths with dots, and values; our own fields are left out."""
    for key, value in document.items():
        path = before + key
        if isinstance(value, Mapping) and path != "linewarden":
            yield from flat(value, path + ".")
        elif path != "linewarden":
            yield path, value


def _of(path: str, value: Any) -> Iterator[str]:
    kind = FIELDS.get(path)
    if kind is None:
        yield f"{path} is no field of ECS"
    elif isinstance(kind, list) != isinstance(value, list):
        yield f"{path} {'wants' if isinstance(kind, list) else 'is'} a list"
    else:
        for item in value if isinstance(value, list) else [value]:
            if not _fits(kind[0] if isinstance(kind, list) else kind, path, item):
                yield f"{path}: {item!r} is no {kind}"


def _fits(kind: str, path: str, value: Any) -> bool:
    if kind == LONG:
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == IP:
        return bool(ipaddress.ip_address(value))
    if kind == DATE:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", value))
    return bool(re.fullmatch(MAC, value)) if path.endswith(".mac") else True
