"""Facts of zones, and moves that can be undone, in SQL: each change with its entry in the audit log or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from linewarden.plant.criticality import Criticality
from linewarden.service.audit import Change
from linewarden.service.audit.ledger import Ledger
from linewarden.service.state.engine import said
from linewarden.service.state.zone_tables import ZONE, ZONE_MOVE
from linewarden.service.zones.model import Colour, ZoneFacts

MOVES = 50
"""Moves that are kept."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move that can be undone. `before`: asset id -> the zone that was put by hand until then, None if none was."""

    id: int
    made: datetime
    person: str
    before: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ZoneStore:
    """The zones of a site."""

    ledger: Ledger
    site: str

    def all(self) -> dict[str, ZoneFacts]:
        """By name. Raises StoreError."""
        with said(self.ledger.state.where), self.ledger.state.engine.connect() as connection:
            rows = connection.execute(select(ZONE).where(ZONE.c.site == self.site).order_by(ZONE.c.name)).mappings()
            return {row["name"]: _facts(row) for row in rows}

    def weights(self) -> dict[str, float]:
        """How much depends on zones, 0..1, where it is not the usual."""
        found = {name: facts.criticality for name, facts in self.all().items()}
        return {name: c.weight for name, c in found.items() if c is not Criticality.NORMAL}

    def put(self, facts: ZoneFacts, instead_of: str = "") -> None:
        """Keeps what was said of a zone, which may have had another name."""
        with said(self.ledger.state.where), self.ledger.state.engine.begin() as connection:
            before = self._one(connection, instead_of or facts.name)
            for name in {instead_of or facts.name, facts.name}:
                connection.execute(delete(ZONE).where(ZONE.c.site == self.site, ZONE.c.name == name))
            connection.execute(insert(ZONE).values(site=self.site, **_row(facts)))
            change = Change("zone.write", facts.name, _row(before) if before else None, _row(facts))
            self.ledger.record(connection, change)

    def drop(self, name: str) -> None:
        """Forgets what was said of it."""
        with said(self.ledger.state.where), self.ledger.state.engine.begin() as connection:
            before = self._one(connection, name)
            if before is not None:
                connection.execute(delete(ZONE).where(ZONE.c.site == self.site, ZONE.c.name == name))
            self.ledger.record(connection, Change("zone.delete", name, _row(before) if before else None))

    def _one(self, connection: Connection, name: str) -> ZoneFacts | None:
        found = connection.execute(select(ZONE).where(ZONE.c.site == self.site, ZONE.c.name == name)).mappings().first()
        return _facts(found) if found else None

    # --- moves ---

    def moved(self, person: str, zone: str, before: Mapping[str, str | None]) -> None:
        """Remembers a move to a zone."""
        row = {"site": self.site, "made": datetime.now(UTC), "person": person[:200], "assets": dict(before)}
        with said(self.ledger.state.where), self.ledger.state.engine.begin() as connection:
            connection.execute(insert(ZONE_MOVE).values(row))
            self.ledger.record(connection, Change("zone.assets", zone, dict(before), dict.fromkeys(before, zone)))
            ids = select(ZONE_MOVE.c.id).where(ZONE_MOVE.c.site == self.site).order_by(ZONE_MOVE.c.id.desc())
            kept = connection.execute(ids.limit(MOVES)).scalars().all()
            connection.execute(delete(ZONE_MOVE).where(ZONE_MOVE.c.site == self.site, ZONE_MOVE.c.id < min(kept)))

    def last_move(self) -> Move | None:
        """The newest that was not undone."""
        with said(self.ledger.state.where), self.ledger.state.engine.connect() as connection:
            rows = select(ZONE_MOVE).where(ZONE_MOVE.c.site == self.site).order_by(ZONE_MOVE.c.id.desc()).limit(1)
            row = connection.execute(rows).mappings().first()
        return Move(row["id"], row["made"], row["person"], row["assets"]) if row else None

    def undone(self, move: Move) -> None:
        """It cannot be undone again."""
        with said(self.ledger.state.where), self.ledger.state.engine.begin() as connection:
            connection.execute(delete(ZONE_MOVE).where(ZONE_MOVE.c.id == move.id))
            self.ledger.record(connection, Change("zone.undo", str(move.id), None, dict(move.before)))


def _facts(row: RowMapping) -> ZoneFacts:
    return ZoneFacts(
        row["name"], row["description"], row["security_level"], Criticality(row["criticality"]), Colour(row["colour"])
    )


def _row(facts: ZoneFacts) -> dict[str, Any]:
    return asdict(facts) | {"criticality": str(facts.criticality), "colour": str(facts.colour)}
