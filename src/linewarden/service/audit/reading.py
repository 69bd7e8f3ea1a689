"""Entries as people look at them: the newest first, page by page, of some kind or time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from linewarden.service.audit.entry import Entry
from linewarden.service.audit.exporting import actor, said
from linewarden.service.state import State
from linewarden.service.state.engine import READS
from linewarden.service.state.engine import said as explained
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


def newest(
    state: State, limit: int, *, before: int | None = None, action: str = "", since: datetime | None = None,
    until: datetime | None = None,
) -> list[Said]:  # fmt: skip
    """Entries, the newest first: those before the number `before`, whose action begins with `action`, in a time.

    Raises StoreError.
    """
    wanted = select(_C.seq, _C.ts, _C.action, _C.body, _C.leaf).order_by(_C.seq.desc()).limit(limit)
    conditions = (
        _C.seq < before if before is not None else None,
        _C.action.startswith(action, autoescape=True) if action else None,
        _C.ts >= since if since else None,
        _C.ts < until if until else None,
    )
    wanted = wanted.where(*(c for c in conditions if c is not None))
    with explained(state.where), state.engine.connect().execution_options(**READS) as connection:
        return [_said(Entry(int(r.seq), r.ts, r.action, r.body, bytes(r.leaf))) for r in connection.execute(wanted)]


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
