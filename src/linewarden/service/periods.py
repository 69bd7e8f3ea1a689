"""A plant before and after a moment, from the same records, to see what changed; and the part of a plant in a zone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import StoreError
from linewarden.service import lake_files
from linewarden.service.lake import TRIES, pieces_of

if TYPE_CHECKING:
    from linewarden.plant.fold import PlantFold
    from linewarden.plant.model import Plant


def parted(lake: Path, at: int, start: int | None = None, end: int | None = None) -> tuple[Plant, Plant]:
    """The plant that the records before `at` tell of, and that of those from then on; `start` and `end` bound them.

    Times are ns UTC. Names and corrections of people count for both. Raises StoreError.
    """
    from linewarden.service.corrections_file import load

    kept = load(lake)
    for _ in range(TRIES):
        with lake_files.reading(lake), suppress(FileNotFoundError):
            before, after = _folded(lake, at, start, end)
            return before.plant(kept.names, kept.corrections), after.plant(kept.names, kept.corrections)
    raise StoreError(f"{lake}: files went each time while they were read; try again when `lake retain` has ended")


def _folded(lake: Path, at: int, start: int | None, end: int | None) -> tuple[PlantFold, PlantFold]:
    import polars as pl

    from linewarden.plant.fold import STREAMS, PlantFold

    before, after = PlantFold(), PlantFold()
    ts = pl.col("ts").dt.epoch("ns")
    within = (ts >= (start or 0)) & (ts <= (end if end is not None else (1 << 63) - 1))
    for stream in sorted(STREAMS):
        for file in lake_files.files(lake / f"stream={stream}"):
            for piece in pieces_of(file):
                rows = piece.filter(within)
                for fold, part in ((before, rows.filter(ts < at)), (after, rows.filter(ts >= at))):
                    if part.height:
                        fold.add(stream, part)
    return before, after


def part_of(plant: Plant, zone: str) -> Plant:
    """What is in a zone: its assets, what they say among themselves, and findings that concern no others."""
    assets = tuple(a for a in plant.assets if a.zone == zone)
    ids = {a.id for a in assets}
    talks = tuple(c for c in plant.conversations if c.source in ids and (c.group or c.target in ids))
    return replace(
        plant, assets=assets, conversations=talks, protocols=(), names=None, captures=(), tap=(),
        exposures=tuple(f for f in plant.exposures if f.assets and ids.issuperset(f.assets)),
        packets=sum(c.packets for c in talks), bytes=sum(c.bytes for c in talks),
    )  # fmt: skip
