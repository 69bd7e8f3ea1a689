"""The log in SQL: `record` appends in the transaction of the change that it tells of, so that both are kept or none.

Writers take turns: SQLite by the lock that a writing transaction begins with, PostgreSQL by an advisory lock that ends
with the transaction. Who changes more in the same transaction does that first and records last: the lock is held less.
"""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from linewarden.errors import StoreError
from linewarden.service.audit.acting import who_acts
from linewarden.service.audit.entry import Change, Entry, body_of, whoever_runs_this
from linewarden.service.state import State
from linewarden.service.state.engine import READS, said
from linewarden.service.state.tables import AUDIT_ENTRY, AUDIT_NODE
from linewarden.trust import key_files
from linewarden.trust.merkle import Frontier, Get, leaf_hash

LOCK = 0x4C57_6175_6469_74  # "LWaudit": the number of our advisory lock in PostgreSQL
BEGIN = "audit.begin"
ROTATE = "audit.rotate"
PAGE = 1_000
_C = AUDIT_ENTRY.c


@dataclass(frozen=True, slots=True)
class Ledger:
    """The audit log of a database. Its key (`key_file`) is made with the first entry; only signing needs it later."""

    state: State
    key_file: Path

    def record(self, connection: Connection, change: Change, who: Mapping[str, Any] | None = None) -> int:
        """Appends in the transaction of `connection`; gives the entry's number. `who`: if not who runs this process."""
        seq = begin_append(connection)
        if seq == 0:
            self._begin(connection)
            seq = 1
        _append(connection, seq, change, who)
        if (now := who_acts()) is not None:
            now.entries += 1
        return seq

    def add(self, change: Change) -> int:
        """Appends in a transaction of its own. Raises StoreError."""
        with said(self.state.where), self.state.engine.begin() as connection:
            return self.record(connection, change)

    def _begin(self, connection: Connection) -> None:
        """The first entry names the log and who may sign for it, so that no signature fits another log."""
        origin = f"linewarden/{_word(platform.node())}/{secrets.token_hex(8)}"
        signer = key_files.signer(self.key_file, origin)
        _append(connection, 0, Change(BEGIN, origin, after={"key": str(signer.verifier)}), whoever_runs_this())


def begin_append(connection: Connection) -> int:
    """Waits for other writers, and gives the number of the next entry."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
    return size_of(connection)


def size_of(connection: Connection) -> int:
    """How many entries there are."""
    last = connection.execute(select(func.max(_C.seq))).scalar()
    return 0 if last is None else int(last) + 1


def _append(connection: Connection, seq: int, change: Change, who: Mapping[str, Any] | None) -> None:
    now = datetime.now(UTC)
    body = body_of(seq, now, change, who)
    leaf = leaf_hash(body.encode())
    nodes = Frontier.of(seq, getter(connection)).append(leaf)
    row = {"seq": seq, "ts": now, "action": change.action[:64], "body": body, "leaf": leaf}
    connection.execute(insert(AUDIT_ENTRY).values(row))
    if made := [{"level": level, "place": place, "hash": found} for level, place, found in nodes[1:]]:
        connection.execute(insert(AUDIT_NODE), made)


def getter(connection: Connection) -> Get:
    """Gives hashes of leaves and subtrees as the tables have them. Raises StoreError where one is missing."""

    def get(level: int, place: int) -> bytes:
        if level == 0:
            wanted = select(_C.leaf).where(_C.seq == place)
        else:
            wanted = select(AUDIT_NODE.c.hash).where(AUDIT_NODE.c.level == level, AUDIT_NODE.c.place == place)
        found = connection.execute(wanted).scalar()
        if found is None:
            raise StoreError("the audit log has a hole; `linewarden audit verify` says where")
        return bytes(found)

    return get


def entries(state: State, first: int = 0, end: int | None = None) -> Iterator[Entry]:
    """Entries in their order, page by page, from `first` to before `end`."""
    with said(state.where), state.engine.connect().execution_options(**READS) as connection:
        yield from entries_in(connection, first, end)


def entries_in(connection: Connection, first: int = 0, end: int | None = None) -> Iterator[Entry]:
    """The same, as one transaction sees them."""
    wanted = select(_C.seq, _C.ts, _C.action, _C.body, _C.leaf).order_by(_C.seq).limit(PAGE)
    wanted = wanted if end is None else wanted.where(_C.seq < end)
    after = first - 1
    while rows := connection.execute(wanted.where(_C.seq > after)).all():
        for row in rows:
            yield Entry(int(row.seq), row.ts, row.action, row.body, bytes(row.leaf))
        after = int(rows[-1].seq)


def last_of(connection: Connection, action: str) -> Entry | None:
    """The newest entry of a kind."""
    row = connection.execute(
        select(_C.seq, _C.ts, _C.action, _C.body, _C.leaf).where(_C.action == action).order_by(_C.seq.desc()).limit(1)
    ).first()
    return Entry(int(row.seq), row.ts, row.action, row.body, bytes(row.leaf)) if row else None


def _word(name: str) -> str:
    """What may stand in the name of a key: visible ASCII but no plus sign."""
    return "".join(c if "!" <= c <= "~" and c not in "+/" else "-" for c in name)[:64] or "host"
