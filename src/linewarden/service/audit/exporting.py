"""Entries for other systems: as they are (JSON lines), or as notices in the formats that receivers know."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator
from typing import Any

from linewarden.cases.model import Event
from linewarden.service.audit.entry import Entry

FORMATS = ("json", "cef", "ecs", "syslog")
NOTE = "audit"
MEANING = "Somebody changed or decided something in Linewarden itself; this is not a finding in the plant."
LOUD = frozenset({"audit.rotate", "audit.begin"})
"""What happens rarely and is worth a look."""


def lines(those: Iterable[Entry], form: str) -> Iterator[str]:
    """A line an entry. `json` is the text that was hashed; `syslog` a message of RFC 5424 around CEF."""
    if form == "json":
        yield from (entry.body for entry in those)
        return
    from linewarden.cases.export.formats import document
    from linewarden.cases.export.rfc5424 import message

    host, process = platform.node() or "-", str(os.getpid())
    for entry in those:
        event = as_event(entry)
        if form == "syslog":
            yield message(event, document(event, "cef"), host, process).decode("utf-8", "replace")
        else:
            yield document(event, form)


def as_event(entry: Entry) -> Event:
    """An entry told as a notice: what carries notices to a SIEM carries it, too. The id is the same each time."""
    says = said(entry)
    who = actor(says)
    ts = round(entry.ts.timestamp() * 1_000_000) * 1000
    target = str(says.get("target", ""))
    return Event(
        notice_id=f"audit-{entry.seq}-{entry.leaf.hex()[:16]}", ts=ts, until=ts, note=NOTE, title=entry.action,
        msg=f"{who} on {says.get('host', '?')}: {entry.action} of {target}", severity="low" if entry.action in LOUD
        else "info", tactic="", techniques=(), confidence=1.0, orig=who, resp=target, orig_h="", resp_h="", capture="",
        frame=0, why=in_short(says), meaning=MEANING,
    )  # fmt: skip


def said(entry: Entry) -> dict[str, Any]:
    """What an entry says; nothing if somebody made it no JSON."""
    try:
        found = json.loads(entry.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def actor(says: dict[str, Any]) -> str:
    """`anna as root`, or the user."""
    who = says.get("who")
    if not isinstance(who, dict):
        return "?"
    if asked := who.get("account") or who.get("token"):
        return str(asked)
    user = str(who.get("user") or f"somebody at {who.get('from') or '?'}")
    return f"{who['sudo']} as {user}" if who.get("sudo") else user


def in_short(says: dict[str, Any], most: int = 2000) -> str:
    """From what to what, in a line."""
    parts = [f"{key} {json.dumps(says[key], ensure_ascii=False)}" for key in ("before", "after") if says.get(key)]
    text = "; ".join(parts)
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"
