"""The tables of the work on cases. Each change is one transaction with its entry in the audit log.

`by` is the name that readers see; who it was, and why they might, the entry has of `Access.doing`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from linewarden.service.audit.entry import Change
from linewarden.service.audit.ledger import Ledger
from linewarden.service.casework.model import (
    Acknowledged,
    CaseState,
    ChangedMeanwhileError,
    Comment,
    StepDone,
    Turn,
    Work,
    step_id,
)
from linewarden.service.state.case_tables import BY, CASE_CHANGE, CASE_COMMENT, CASE_STEP, CASE_WORK, NOTICE_ACK
from linewarden.service.state.engine import READS, said
from linewarden.service.state.people.base import insert_for
from linewarden.service.state.rows import MOST_TEXT, storable
from linewarden.service.state.store import State

MANY = 500
"""Ids that are asked for in one question: databases bound the parameters of a statement."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Reads and changes what people did with cases. Raises StoreError where the database does not take part."""

    state: State
    ledger: Ledger

    # --- looking ---

    def works(self) -> dict[str, Work]:
        """All that somebody touched, by the id of the case."""
        return {r["case_id"]: _work(r) for r in self._all(select(CASE_WORK))}

    def work(self, case_id: str) -> Work:
        """Of one case."""
        rows = self._all(select(CASE_WORK).where(CASE_WORK.c.case_id == case_id))
        return _work(rows[0]) if rows else Work(case_id)

    def turns(self, case_id: str) -> tuple[Turn, ...]:
        """What was changed of a case, in its order."""
        return self._rows(Turn, _turns(case_id, 0))

    def comments(self, case_id: str) -> tuple[Comment, ...]:
        """What was written, in its order."""
        c = CASE_COMMENT.c
        wanted = select(c.id, c.ts, c.by, c.text).where(c.case_id == case_id).order_by(c.id)
        return self._rows(Comment, wanted)

    def steps(self, case_id: str) -> dict[str, StepDone]:
        """Steps that were done, by their id."""
        c = CASE_STEP.c
        return {s.step: s for s in self._rows(StepDone, select(c.step, c.ts, c.by).where(c.case_id == case_id))}

    def acknowledged(self, notice_ids: Sequence[str] | None = None) -> dict[str, Acknowledged]:
        """Notices that somebody has seen, by their id: all, or those of these."""
        if notice_ids is None:
            return {a.notice_id: a for a in self._rows(Acknowledged, select(NOTICE_ACK))}
        found: dict[str, Acknowledged] = {}
        for at in range(0, len(notice_ids), MANY):
            some = select(NOTICE_ACK).where(NOTICE_ACK.c.notice_id.in_(notice_ids[at : at + MANY]))
            found.update((a.notice_id, a) for a in self._rows(Acknowledged, some))
        return found

    # --- changing ---

    def change(self, case_id: str, version: int, changes: Mapping[str, str], by: str) -> Work:
        """Sets `state` or `assignee`. `version` is the one that the changer saw.

        Raises ChangedMeanwhileError if it is no longer that.
        """
        with self._write() as connection:
            old = _lock(connection, case_id)
            if old.version != version:
                turns = tuple(Turn(**r._mapping) for r in connection.execute(_turns(case_id, version)))
                raise ChangedMeanwhileError(old, turns)
            new = {k: v for k, v in changes.items() if str(getattr(old, k)) != v}
            if not new:
                return old
            before = {k: str(getattr(old, k)) for k in new}
            _keep(connection, old, new, by)
            self.ledger.record(connection, Change("case.change", case_id, before, dict(new)))
        return self.work(case_id)

    def comment(self, case_id: str, text: str, by: str) -> Comment:
        """Adds a comment."""
        now, by, kept = datetime.now(UTC), by[:BY], storable(text, MOST_TEXT)
        row = {"case_id": case_id, "ts": now, "by": by, "text": kept}
        with self._write() as connection:
            made = connection.execute(insert(CASE_COMMENT).values(row).returning(CASE_COMMENT.c.id)).scalar_one()
            self.ledger.record(connection, Change("case.comment", case_id, after={"text": kept}))
        return Comment(int(made), now, by, kept)

    def tick(self, case_id: str, text: str, done: bool, by: str) -> None:
        """A step of the runbook was done, or was not after all."""
        c, step = CASE_STEP.c, step_id(text)
        with self._write() as connection:
            if done:
                row = {"case_id": case_id, "step": step, "ts": datetime.now(UTC), "by": by[:BY]}
                touched = connection.execute(insert_for(connection, CASE_STEP).on_conflict_do_nothing().values(row))
            else:
                touched = connection.execute(delete(CASE_STEP).where(c.case_id == case_id, c.step == step))
            if touched.rowcount:
                change = Change("case.step", case_id, {"done": not done}, {"done": done}, {"step": text})
                self.ledger.record(connection, change)

    def acknowledge(self, notice_ids: Iterable[str], by: str) -> int:
        """These notices were seen; gives how many were not before."""
        new = []
        with self._write() as connection:
            for notice_id in notice_ids:
                row = {"notice_id": notice_id, "ts": datetime.now(UTC), "by": by[:BY]}
                if connection.execute(insert_for(connection, NOTICE_ACK).on_conflict_do_nothing().values(row)).rowcount:
                    new.append(notice_id)
            if new:
                target = new[0] if len(new) == 1 else f"{len(new)} notices"
                self.ledger.record(connection, Change("notice.acknowledge", target, after={"acknowledged": new}))
        return len(new)

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        with said(self.state.where), self.state.engine.begin() as connection:
            yield connection

    def _all(self, what: Select[Any]) -> list[dict[str, Any]]:
        with said(self.state.where), self.state.engine.connect().execution_options(**READS) as connection:
            return [dict(row) for row in connection.execute(what).mappings()]

    def _rows(self, kind: Any, what: Select[Any]) -> tuple[Any, ...]:
        return tuple(kind(**row) for row in self._all(what))


def _work(row: Any) -> Work:
    return Work(**{**row, "state": CaseState(row["state"])})


def _turns(case_id: str, after: int) -> Select[Any]:
    c = CASE_CHANGE.c
    wanted = select(c.version, c.ts, c.by, c.field, c.before, c.after).where(c.case_id == case_id, c.version > after)
    return wanted.order_by(c.id)


def _lock(connection: Connection, case_id: str) -> Work:
    """The row as nobody else changes it until this transaction ends (SQLite: the whole database is locked)."""
    new = {"case_id": case_id, "version": 0, "state": str(CaseState.OPEN), "assignee": "",
           "changed": datetime.now(UTC), "by": ""}  # fmt: skip
    connection.execute(insert_for(connection, CASE_WORK).on_conflict_do_nothing().values(new))
    row = connection.execute(select(CASE_WORK).where(CASE_WORK.c.case_id == case_id).with_for_update()).mappings().one()
    return _work(row)


def _keep(connection: Connection, old: Work, new: Mapping[str, str], by: str) -> None:
    now, version = datetime.now(UTC), old.version + 1
    values = {**new, "version": version, "changed": now, "by": by[:BY]}
    connection.execute(update(CASE_WORK).where(CASE_WORK.c.case_id == old.case_id).values(values))
    rows = [
        {"case_id": old.case_id, "version": version, "ts": now, "by": by[:BY], "field": field,
         "before": str(getattr(old, field))[:BY], "after": value[:BY]}
        for field, value in new.items()
    ]  # fmt: skip
    connection.execute(insert(CASE_CHANGE), rows)
