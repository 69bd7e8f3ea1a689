"""One moment of a plant, as plain values: who looks at it sees one state, however long the look takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linewarden.cases.model import Case, Event
from linewarden.plant.model import Asset, Plant
from linewarden.service.view.made import Made


@dataclass(frozen=True, slots=True)
class View:
    """A moment. `version` grows with each; `as_of` is when it was folded, ns UTC, 0 before the first time.

    `reading`: how much of the lake was read when it is read for the first time, 0..1; None: all of it. `wrong`: why it
    is not up to date, in a line; empty while it is.
    """

    version: int = 0
    as_of: int = 0
    plant: Plant = field(default_factory=Plant)
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """By id."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """IP or MAC address -> id of the asset."""
    cases: tuple[tuple[int, Case], ...] = ()
    """Each with its priority, the most urgent first."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """How much depends on assets, 0..1 by id, where somebody said it."""
    lone: tuple[Event, ...] = ()
    """Notices that belong to no case."""
    reading: float | None = 0.0
    wrong: str = ""
    made: Made = field(default_factory=Made, compare=False)
    """What others made of it: kept as long as it is."""
    made_of_plant: Made = field(default_factory=Made, compare=False)
    """What they made of the plant alone: kept while that is the same, whatever notices come."""

    @property
    def notices(self) -> tuple[Event, ...]:
        """All notices, the newest first."""
        told = (e for _, case in self.cases for e in case.events)
        return tuple(sorted((*told, *self.lone), key=lambda e: (-e.ts, e.notice_id)))

    def name(self, asset: str) -> str:
        """What to call an asset, by id or address."""
        found = self.assets.get(self.addresses.get(asset, asset))
        return found.name if found else asset

    def zone(self, asset: str) -> str:
        """The zone that it is in, empty if in none."""
        found = self.assets.get(self.addresses.get(asset, asset))
        return (found.zone or "") if found else ""

    def case(self, id: str) -> tuple[int, Case] | None:
        """A case with its priority."""
        return next((pc for pc in self.cases if pc[1].id == id), None)
