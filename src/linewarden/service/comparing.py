"""Two captures or lakes as plants, to compare them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.service.corrections_file import Kept, load
from linewarden.service.lake import Lake, is_lake, open_lake, plant_of
from linewarden.service.reading import Problem, Settings, read_captures
from linewarden.wire.captures import Capture, find_captures

if TYPE_CHECKING:
    from linewarden.plant.diff import PlantDiff
    from linewarden.plant.model import Plant
    from linewarden.plant.names import Names
    from linewarden.sensor.sensor import Progress


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from `before` to `after`, and what was wrong with captures that were read for it."""

    before: Plant
    after: Plant
    diff: PlantDiff
    problems: tuple[Problem, ...]


def compare(
    a: str,
    b: str,
    names: Names | None = None,
    settings: Settings | None = None,
    on_step: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Compares two captures (files, folders, globs) or lakes.

    A lake brings the names and corrections that are kept in it; where only one side has some, they count for both, so
    that a name alone is no difference. Raises CaptureError, StoreError or ConfigError of either side.
    """
    sides = [_side(a), _side(b)]
    kept = [_kept(side) for side in sides]
    own = [
        Kept(names or mine.names or other.names, mine.corrections if any_of(mine) else other.corrections)
        for mine, other in (kept, kept[::-1])
    ]
    problems: list[Problem] = []
    before, after = (_plant(s, k, settings, on_step, problems) for s, k in zip(sides, own, strict=True))
    from linewarden.plant.diff import diff

    return Comparison(before, after, diff(before, after), tuple(problems))


def any_of(kept: Kept) -> bool:
    """True if something was corrected."""
    return bool(kept.corrections.merges or kept.corrections.splits or kept.corrections.fields)


def _side(text: str) -> Lake | tuple[Capture, ...]:
    return open_lake(Path(text)) if is_lake(Path(text)) else find_captures([text])


def _kept(side: Lake | tuple[Capture, ...]) -> Kept:
    return load(side.path) if isinstance(side, Lake) else Kept()


def _plant(
    side: Lake | tuple[Capture, ...],
    kept: Kept,
    settings: Settings | None,
    on_step: Callable[[Progress], None] | None,
    problems: list[Problem],
) -> Plant:
    if isinstance(side, Lake):
        return plant_of(side, kept.names, kept.corrections)
    result = read_captures(side, names=kept.names, corrections=kept.corrections, settings=settings, on_step=on_step)
    problems += result.problems
    return result.plant
