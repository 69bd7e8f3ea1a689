"""Entries as people look at them: page by page, of some kind or time, or with some words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from linewarden.service.audit.entry import Entry
from linewarden.service.audit.exporting import actor, said
from linewarden.service.state import State
from linewarden.service.state.engine import READS, said as explained
from linewarden.service.state.tables import AUDIT_ENTRY

_C = AUDIT_ENTRY.c


@dataclass(frozen=True, slots=True)
class Said:
    """An entry in plain values. `before` and `after` as they were written; None where there was none."""

    seq: int
    ts: datetime
    who: str
    host: str
    action: str
    target: str
    before: Any
    after: Any
    detail: Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries. `beyond`: the number of the last one that was seen; `words` must all be somewhere in an entry."""

    limit: int
    beyond: int | None = None
    oldest_first: bool = False
    action: str = ""
    """What the action begins with."""
    words: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def entries(state: State, wanted: Wanted) -> list[Said]:
    """The newest first, or the oldest. Raises StoreError."""
    order = _C.seq if wanted.oldest_first else _C.seq.desc()
    chosen = select(_C.seq, _C.ts, _C.action, _C.body, _C.leaf).order_by(order).limit(wanted.limit)
    chosen = chosen.where(*_conditions(wanted))
    with explained(state.where), state.engine.connect().execution_options(**READS) as connection:
        return [_said(Entry(int(r.seq), r.ts, r.action, r.body, bytes(r.leaf))) for r in connection.execute(chosen)]


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.beyond is not None:
        yield _C.seq > wanted.beyond if wanted.oldest_first else _C.seq < wanted.beyond
    if wanted.action:
        yield _C.action.startswith(wanted.action, autoescape=True)
    for word in wanted.words:  # as it stands in canonical JSON
        yield _C.body.icontains(json.dumps(word, ensure_ascii=False)[1:-1], autoescape=True)
    if wanted.since:
        yield _C.ts >= wanted.since
    if wanted.until:
        yield _C.ts < wanted.until


def _said(entry: Entry) -> Said:
    says = said(entry)
    return Said(
        entry.seq, entry.ts, person(says), str(says.get("host", "")), entry.action, str(says.get("target", "")),
        says.get("before"), says.get("after"), says.get("detail"),
    )  # fmt: skip


def person(says: dict[str, Any]) -> str:
    """Who did it: the account, where one is named, else the user of the machine."""
    who = says.get("who")
    named = next((who[k] for k in ("account", "token") if who.get(k)), "") if isinstance(who, dict) else ""
    return str(named) or actor(says)
