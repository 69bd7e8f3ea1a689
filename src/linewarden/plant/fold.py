"""Records in, plant out.

    fold = PlantFold()
    fold.add("conn", batch)          # any number of batches, in any order
    plant = fold.plant(names)        # at any time

Batches are boiled down at once (`rows.py`), so memory grows with what is distinct and not with traffic. `plant` joins
addresses (`join.py`), adds up who talks to whom (`traffic.py`), describes each device (`inventory.py`) and looks at the
tap and at what is exposed.
"""

from __future__ import annotations

import gc
from typing import Any, Protocol

from linewarden.plant.batches import Batches
from linewarden.plant.corrections import Corrections
from linewarden.plant.crowd import thin
from linewarden.plant.exposure_hints import find_exposures
from linewarden.plant.inventory import apply_corrections, apply_names, build_assets
from linewarden.plant.join import join
from linewarden.plant.model import Capture, Plant
from linewarden.plant.names import Names
from linewarden.plant.rows import STREAMS, Left
from linewarden.plant.tap import check_tap
from linewarden.plant.traffic import fold_traffic

__all__ = ["STREAMS", "Distinct", "PlantFold", "fold_of_batches"]


class Distinct(Protocol):
    """Tables of distinct rows (`rows.TABLES`) and what makes them of batches."""

    def add(self, stream: str, batch: Any) -> None:
        """Take a batch of one of `STREAMS`."""

    def rows(self, *tables: str) -> list[Any]:
        """The rows of tables of one kind together, sorted by key."""

    def left(self, table: str) -> Left:
        """What the bound of a table left out."""


def fold_of_batches() -> PlantFold:
    """A fold of the engine's own batches."""
    return PlantFold(Batches())


class PlantFold:
    """Incremental: any split of the same records, in any order, gives an equal `Plant`.

    Without `distinct`, of polars frames.
    """

    def __init__(self, distinct: Distinct | None = None) -> None:
        self._distinct = distinct or _frames()

    def add(self, stream: str, batch: Any) -> None:
        """Take a batch of one stream, with the columns that `records` declares. Streams of no use are ignored."""
        if stream in STREAMS:
            self._distinct.add(stream, batch)

    def plant(self, names: Names | None = None, corrections: Corrections | None = None) -> Plant:
        """The plant so far. `names` and `corrections` come last and overrule what was read from the wire."""
        # Hundreds of thousands of small objects are made and none is dropped: looking for cycles only costs time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._plant(names, corrections or Corrections())
        finally:
            if collecting:
                gc.enable()

    def _plant(self, names: Names | None, corrections: Corrections) -> Plant:
        rows = self._distinct.rows
        crowd = thin(rows("conn", "knock"), rows("binding"), rows("identity"))
        conns, bindings, identities = crowd.conns, crowd.bindings, crowd.identities
        commands = rows("command")
        weirds, facts = rows("weird"), rows("fact")
        merges = [*corrections.merges, *(names.merges() if names else ())]
        joined = join(conns, bindings, identities, merges, corrections.splits)
        traffic = fold_traffic(conns, commands, joined)
        traffic.count_unseen(crowd.unseen)
        traffic.count_unseen(rows("beyond"))
        assets = build_assets(joined, identities, traffic)
        report = None
        if names is not None:
            assets, report = apply_names(assets, joined, names)
        assets = apply_corrections(assets, joined, corrections)  # said of one device, and later than the list of all
        captures = tuple(Capture(c.name, c.packets, c.bytes, c.conns, c.ts, c.until) for c in rows("capture"))
        return Plant(
            assets=tuple(assets.values()),
            conversations=traffic.conversations(),
            protocols=traffic.protocols(),
            tap=check_tap(conns, bindings, weirds, facts, joined, traffic, assets, crowd, self._left()),
            exposures=find_exposures(conns, commands, facts, rows("transfer"), joined, assets),
            names=report,
            captures=captures,
            first_seen=min((c.first_ts for c in captures), default=0),
            last_seen=max((c.last_ts for c in captures), default=0),
            packets=sum(c.packets for c in captures),
            bytes=sum(c.bytes for c in captures),
        )

    def _left(self) -> dict[str, Left]:
        """What the bounds left out, by what it is."""
        left = self._distinct.left
        return {
            "conversations": left("conn").joined(left("knock")),
            "addresses of devices": left("binding"),
            "statements of devices about themselves": left("identity"),
            "kinds of commands": left("command"),
            "transfers": left("transfer"),
            "details of protocols": left("fact"),
        }


def _frames() -> Distinct:
    # polars takes a while to import, and reading captures needs none of it.
    from linewarden.plant.frames import Frames

    return Frames()
