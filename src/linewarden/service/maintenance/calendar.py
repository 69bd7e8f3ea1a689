"""Proposals in SQL: entered by the program, accepted or declined by a person, each with its entry in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from linewarden.errors import ConfigError
from linewarden.service.audit.entry import Change
from linewarden.service.audit.ledger import Ledger
from linewarden.service.state.engine import READS, said
from linewarden.service.state.maintenance_tables import BY, MAINTENANCE_ENTRY, UNIT, WHY

_C = MAINTENANCE_ENTRY.c


class State(StrEnum):
    """What a person said of a proposal."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Entry:
    """Work on a unit from begin to end. facts: the estimate and the costs that it rests on; by: who said so last."""

    id: str
    unit: str
    begin: datetime
    end: datetime
    state: State
    why: str
    facts: Mapping[str, Any]
    made: datetime
    changed: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar of a site."""

    ledger: Ledger
    site: str

    def all(self, state: State | None = None) -> list[Entry]:
        """By begin. Raises StoreError."""
        wanted = select(MAINTENANCE_ENTRY).where(_C.site == self.site).order_by(_C.begin, _C.id)
        if state is not None:
            wanted = wanted.where(_C.state == state.value)
        where = self.ledger.state.where
        with said(where), self.ledger.state.engine.connect().execution_options(**READS) as connection:
            return [_entry(row) for row in connection.execute(wanted).mappings()]

    def enter(self, unit: str, begin: datetime, end: datetime, why: str, facts: Mapping[str, Any], by: str) -> Entry:
        """A proposal. One for the same unit that nobody has answered yet is replaced: it was of an older estimate."""
        now = datetime.now(UTC)
        row = {
            "id": secrets.token_hex(8), "site": self.site, "unit": unit[:UNIT], "begin": begin, "end": end,
            "state": State.PROPOSED.value, "why": why[:WHY], "facts": dict(facts), "made": now, "changed": now,
            "by": by[:BY], "reason": "",
        }  # fmt: skip
        with said(self.ledger.state.where), self.ledger.state.engine.begin() as connection:
            old = (_C.site == self.site) & (_C.unit == row["unit"]) & (_C.state == State.PROPOSED.value)
            before = connection.execute(select(_C.id).where(old)).scalars().all()
            connection.execute(MAINTENANCE_ENTRY.delete().where(old))
            connection.execute(insert(MAINTENANCE_ENTRY).values(row))
            told = {"unit": unit, "begin": begin.isoformat(), "end": end.isoformat(), "why": why}
            change = Change("maintenance.propose", str(row["id"]), {"replaces": list(before)} if before else None, told)
            self.ledger.record(connection, change)
        return Entry(
            str(row["id"]), unit[:UNIT], begin, end, State.PROPOSED, why[:WHY], facts, now, now, by[:BY]
        )  # fmt: skip

    def answer(self, id: str, state: State, by: str, reason: str = "") -> Entry:
        """Accepted or declined, by the beginning of its id. Raises ConfigError where none or several have it."""
        found = [e for e in self.all() if id and e.id.startswith(id)]
        if len(found) != 1:
            many = "several entries begin so" if found else "no such entry"
            raise ConfigError(f"{id}: {many}; `linewarden health calendar` lists them")
        now = datetime.now(UTC)
        (entry,) = found
        changed = {"state": state.value, "changed": now, "by": by[:BY], "reason": reason[:WHY]}
        with said(self.ledger.state.where), self.ledger.state.engine.begin() as connection:
            connection.execute(update(MAINTENANCE_ENTRY).where(_C.id == entry.id).values(changed))
            action = "maintenance.accept" if state is State.ACCEPTED else "maintenance.decline"
            after = {"state": state.value, "unit": entry.unit, "reason": reason}
            self.ledger.record(connection, Change(action, entry.id, {"state": entry.state.value}, after))
        return Entry(
            entry.id, entry.unit, entry.begin, entry.end, state, entry.why, entry.facts, entry.made, now, by[:BY],
            reason[:WHY],
        )  # fmt: skip


def _entry(row: RowMapping) -> Entry:
    return Entry(
        row["id"], row["unit"], row["begin"], row["end"], State(row["state"]), row["why"], row["facts"], row["made"],
        row["changed"], row["by"], row["reason"],
    )  # fmt: skip
