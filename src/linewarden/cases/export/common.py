"""What the formats have in common: names of tactics, kinds of addresses, times, and a case told as one notice."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from linewarden.cases.model import Case, Event

PRODUCT = "Linewarden"
ATTACK_VERSION = "18.1"
SITE = "https://attack.mitre.org"
TACTIC_IDS: Mapping[str, str] = {
    "collection": "TA0100", "command_and_control": "TA0101", "discovery": "TA0102", "evasion": "TA0103",
    "execution": "TA0104", "impact": "TA0105", "impair_process_control": "TA0106",
    "inhibit_response_function": "TA0107", "initial_access": "TA0108", "lateral_movement": "TA0109",
    "persistence": "TA0110", "privilege_escalation": "TA0111",
}  # fmt: skip
"""Source: MITRE ATT&CK for ICS, version 18.1 (STIX, x-mitre-tactic)."""
CASE = "case"
"""What stands in the place of a detection's name where a whole case is told as one notice."""
OPENED, RAISED, CLOSED = STATES = ("opened", "raised", "closed")
"""What becomes of a case: it opens, its priority rises, nothing was added to it for a day."""
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)


def tactic_name(tactic: str) -> str:
    """`Command and Control` for `command_and_control`."""
    return " ".join(w if w == "and" else w.capitalize() for w in tactic.split("_") if w)


def kind_of(address: str) -> str:
    """`ipv4`, `ipv6`, `mac`, or nothing for what is no address."""
    if _MAC.fullmatch(address):
        return "mac"
    try:
        return f"ipv{ipaddress.ip_address(address).version}"
    except ValueError:
        return ""


def utc(ns: int, digits: int = 3) -> str:
    """A time as RFC 3339 has it, in UTC, with so many digits after the point."""
    seconds, rest = divmod(ns, 10**9)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{rest:09d}"[: len(whole) + 1 + digits] + "Z"


def clean(text: str, most: int = 4000) -> str:
    """A text of the wire without what moves a cursor or ends a line early; tabs and line ends become blanks."""
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def notice_as_dict(event: Event, case: str = "") -> dict[str, Any]:
    """A notice in our own words: all that is known of it. `case`: the id of the case that it is part of."""
    found = {
        "notice_id": event.notice_id, "ts": utc(event.ts, 9), "ts_ns": event.ts, "until": utc(event.until, 9),
        "note": event.note, "title": event.title, "severity": event.severity, "tactic": event.tactic,
        "techniques": list(event.techniques), "confidence": event.confidence, "count": event.count, "msg": event.msg,
        "why": event.why, "meaning": event.meaning, "runbook": list(event.runbook), "benign": event.benign,
        "expected": event.expected,
        "orig": {"asset": event.orig, "address": event.orig_h, "port": event.orig_p},
        "resp": {"asset": event.resp, "address": event.resp_h, "port": event.resp_p},
        "sensor": event.sensor, "uid": event.uid, "capture": event.capture, "frame": event.frame,
        "frames": list(event.frames),
    }  # fmt: skip
    if event.case:
        found |= {"state": event.state, "priority": event.priority}
    return found | ({"case": event.case or case} if event.case or case else {})


def case_id(number: str) -> str:
    """What others know a case by. Its own number is that of the notice that opened it, which they know already."""
    return f"{CASE}-{number}"


def summary(case: Case, priority: int, names: Mapping[str, str] | None = None) -> Event:
    """A case told as one notice: its time from first to last, its worst event's meaning, all techniques."""
    known, worst = names or {}, case.worst
    assets = ", ".join(known.get(a, a) for a in case.assets[:8]) + (" and others" if case.assets[8:] else "")
    notices = len(case.events)
    said = f"{case.title}. Priority {priority} of 100, {notices} notice{'s' * (notices > 1)}; assets: {assets}."
    techniques = dict.fromkeys(t for e in case.unexpected or case.events for t in e.techniques)
    return replace(
        worst, notice_id=case_id(case.id), ts=case.began, until=case.until, note=CASE, title=case.title, msg=said,
        severity=case.severity, techniques=tuple(techniques), count=case.count,
        why="; ".join(dict.fromkeys(e.msg for e in case.events))[:2000],
    )  # fmt: skip


def word(case: Case, priority: int, state: str, names: Mapping[str, str] | None = None) -> Event:
    """What is told of a case when it opens, rises or closes. Told again, the same change has the same id."""
    told = summary(case, priority, names)
    which = f"-{priority}" if state == RAISED else ""
    return replace(
        told, notice_id=f"{case_id(case.id)}-{state}{which}", ts=case.began if state == OPENED else case.until,
        title=f"Case {state}: {told.title}", case=case.id, state=state, priority=priority,
    )  # fmt: skip
