"""STIX 2.1: notices and cases as a bundle.

A notice is a `sighting` of `attack-pattern`s (techniques of ATT&CK for ICS), proved by `observed-data` with the
addresses and the traffic between them. A case is a `grouping` of all that its notices bring. Plain dicts; the tests
read them with OASIS' own library.

Source: STIX Version 2.1, OASIS Standard, 2021-06-10; ids of observables after its section 2.9, ours by name (UUIDv5).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linewarden.cases.export.common import PRODUCT, SITE, kind_of, summary, utc
from linewarden.cases.model import STAGES, Case, Event, technique_name
from linewarden.detections.attack import TECHNIQUES

OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace that section 2.9 gives for observables."""
OURS = uuid.uuid5(uuid.NAMESPACE_URL, "https://linewarden.example/stix")
SINCE = "2026-01-01T00:00:00.000Z"
"""When the objects that never change were made: always the same, so that a rerun gives the same bundle."""
MOST_COUNT = 999_999_999
_ADDRESS = {"ipv4": "ipv4-addr", "ipv6": "ipv6-addr", "mac": "mac-addr"}

Object = dict[str, Any]


def notices_as_stix(events: Sequence[Event]) -> Object:
    """A bundle of these notices, each object once."""
    return _bundle(o for e in events for o in _notice(e))


def cases_as_stix(cases: Iterable[tuple[int, Case]], names: Mapping[str, str] | None = None) -> Object:
    """A bundle of these cases (priority, case) with their notices."""
    return _bundle(o for priority, case in cases for o in _case(case, priority, names))


def _bundle(objects: Iterable[Object]) -> Object:
    """Objects that come twice, such as an address or a case's notice, stand in it once."""
    found = {_producer()["id"]: _producer()} | {o["id"]: o for o in objects}
    return {"type": "bundle", "id": f"bundle--{uuid.uuid5(OURS, ' '.join(found))}", "objects": list(found.values())}


def _case(case: Case, priority: int, names: Mapping[str, str] | None) -> list[Object]:
    told = summary(case, priority, names)
    inner = list({o["id"]: o for e in case.events for o in _notice(e)}.values())
    return [*inner, _common("grouping", case.id, case.began, case.until) | {
        "name": told.title, "description": "\n".join(filter(None, (told.msg, told.meaning))),
        "context": "suspicious-activity", "object_refs": [o["id"] for o in inner], "labels": [told.severity],
        "confidence": round(told.confidence * 100), "external_references": [_reference(told.notice_id)],
    }]  # fmt: skip


def _notice(event: Event) -> list[Object]:
    """All objects of a notice; sightings are of its techniques or, if it names none, of the detection itself."""
    observables = _observables(event)
    seen = _common("observed-data", event.notice_id, event.ts, event.until) | {
        "first_observed": utc(event.ts), "last_observed": utc(event.until),
        "number_observed": min(max(event.count, 1), MOST_COUNT), "object_refs": [o["id"] for o in observables],
        "external_references": [_reference(event.notice_id), *_packet(event)],
    }  # fmt: skip
    patterns = [_technique(t) for t in event.techniques] or [_unnamed(event)]
    sightings = [_sighting(event, pattern, seen) for pattern in patterns]
    return [*observables, seen, *patterns, *sightings]


def _sighting(event: Event, pattern: Object, seen: Object) -> Object:
    said = [event.msg, event.why and f"Why: {event.why}", event.expected and f"Expected: {event.expected}"]
    return _common("sighting", f"{event.notice_id} {pattern['id']}", event.ts, event.until) | {
        "description": "\n".join(filter(None, said)),
        "first_seen": utc(event.ts), "last_seen": utc(event.until), "count": min(event.count, MOST_COUNT),
        "sighting_of_ref": pattern["id"], "observed_data_refs": [seen["id"]],
        "where_sighted_refs": [_producer()["id"]], "confidence": round(event.confidence * 100),
        "labels": [event.severity, event.note], "external_references": [_reference(event.notice_id)],
    }  # fmt: skip


def _observables(event: Event) -> list[Object]:
    """Addresses, and the traffic between them; where no address is known, the capture that shows it."""
    ends = {h: {"value": h.lower()} for h in (event.orig_h, event.resp_h) if h and kind_of(h)}
    found = {h: _observable(_ADDRESS[kind_of(h)], said) for h, said in ends.items()}
    if not found:
        return [_observable("file", {"name": event.capture or event.note})]
    kinds = {kind_of(h) for h in found}
    traffic: Object = {
        # A notice that was counted on has another end: the traffic is named by its beginning, and stays one object.
        "start": utc(event.ts), "protocols": ["ethernet"] if kinds == {"mac"} else sorted(kinds - {"mac"}),
    }  # fmt: skip
    for key, address, port in (("src", event.orig_h, event.orig_p), ("dst", event.resp_h, event.resp_p)):
        if address in found:
            traffic[f"{key}_ref"] = found[address]["id"]
        if port:
            traffic[f"{key}_port"] = port
    return [*found.values(), _observable("network-traffic", traffic)]


def _observable(kind: str, said: Object) -> Object:
    """Its id follows from what it says: RFC 8785 JSON of it, which for texts and whole numbers is this."""
    named = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(OBSERVABLES, named)}", **said}


def _technique(number: str) -> Object:
    known = TECHNIQUES.get(number)
    tactics = [t for t in STAGES if known and t in known.tactics]
    return _common("attack-pattern", number) | {
        "name": technique_name(number).partition(" ")[2] or number,
        "external_references": [{
            "source_name": "mitre-attack", "external_id": number,
            "url": f"{SITE}/techniques/{number.replace('.', '/')}",
        }],
    } | ({"kill_chain_phases": [
        {"kill_chain_name": "mitre-ics-attack", "phase_name": t.replace("_", "-")} for t in tactics
    ]} if tactics else {})  # fmt: skip


def _unnamed(event: Event) -> Object:
    """What was found has no number in ATT&CK."""
    return _common("attack-pattern", f"detection {event.note}") | {
        "name": event.title or event.note,
        "external_references": [{"source_name": "linewarden", "external_id": event.note}],
    }


def _producer() -> Object:
    made = {"type": "identity", "spec_version": "2.1", "id": f"identity--{uuid.uuid5(OURS, PRODUCT)}"}
    return made | {"created": SINCE, "modified": SINCE, "name": PRODUCT, "identity_class": "system"}


def _common(kind: str, name: str, began: int | None = None, until: int | None = None) -> Object:
    """What all objects but observables have. One that was counted on has the same id and a later `modified`."""
    made = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(OURS, f'{kind} {name}')}"}
    created = SINCE if began is None else utc(began)
    modified = created if began is None or until is None else utc(max(began, until))
    return made | {"created_by_ref": _producer()["id"], "created": created, "modified": modified}


def _reference(number: str) -> Object:
    return {"source_name": "linewarden", "external_id": number}


def _packet(event: Event) -> list[Object]:
    if not event.capture:
        return []
    frames = ", ".join(str(f) for f in (event.frames or (event.frame,)))
    return [{"source_name": "linewarden-capture", "description": f"{event.capture}, packets {frames}"}]
