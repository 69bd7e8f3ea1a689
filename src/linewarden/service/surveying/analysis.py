"""All that is found in an export: one value, from which the report, the summary and the JSON are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from linewarden.analytics.survey import levels, quality, together as tying
from linewarden.analytics.survey.moments import Found, look
from linewarden.errors import ConfigError
from linewarden.service.surveying.energy import EnergyPart, energy_of

if TYPE_CHECKING:
    from linewarden.analytics.contract import Detector
    from linewarden.analytics.energy.tariff import Tariff
    from linewarden.service.surveying.export import Export

LEAST_ROWS = 60
LEARNED = 1 / 3
"""The first part of the rows is what normal is, unless somebody says."""
MOST_TREES = 100_000
"""Values of normal time (rows times tags) up to which virtual sensors are learned unasked: they take long."""


@dataclass(frozen=True)
class Analysis:
    """tags: places of those that move, which detectors looked at. normal: rows that were learned."""

    export: Export
    flaws: tuple[quality.Flaw, ...]
    together: tying.Together
    modes: tying.Modes | None
    changes: tuple[levels.Change, ...]
    found: Found | None
    tags: tuple[int, ...]
    normal: slice
    stated: bool
    energy: EnergyPart | None
    why_not: str = ""


def analysed(
    export: Export, *, normal: tuple[float, float] | None = None, thorough: bool = False, tariff: Tariff | None = None,
    zone: str = "UTC", on_step: Callable[[str], None] | None = None,
) -> Analysis:  # fmt: skip
    """Raises ConfigError where the normal time holds too little."""
    step = on_step or (lambda _text: None)
    facts = export.facts
    counts = tuple(quality.Counts(f.count, f.missing, f.low, f.high, f.distinct, f.at_low, f.at_high) for f in facts)
    step("quality of the data")
    flaws = quality.flaws(export.tags, export.rows, export.at, counts, export.total)
    clocks = () if export.counted else quality.clocks(export.rows, export.at)
    export = _noted(export, clocks)
    moving = tuple(
        k for k, f in enumerate(facts) if f.low < f.high and f.count >= 0.2 * (f.count + f.missing) and k not in clocks
    )
    rows = export.rows[:, list(moving)]
    step("what moves together")
    tied = tying.together(rows) if len(moving) > 1 else tying.Together((), np.eye(0), (), ())
    modes = tying.modes(rows, tuple(facts[k].distinct for k in moving)) if len(moving) > 1 else None
    step("changes of level")
    changes = levels.changes(rows, export.at)
    learned = _normal(export, normal)
    found, why = _found(export, moving, learned, thorough, step) if moving else (None, "no tag moves")
    step("energy")
    energy = energy_of(export, tariff, zone)
    return Analysis(
        export, flaws, _placed(tied, moving), _modes(modes, moving), _changes(changes, moving), found, moving, learned,
        normal is not None, energy, why,
    )  # fmt: skip


def _noted(export: Export, clocks: tuple[int, ...]) -> Export:
    """With a line about tags that only tell the time."""
    if not clocks:
        return export
    names = ", ".join(export.tags[k] for k in clocks)
    return replace(export, notes=(*export.notes, f"not judged, since they only tell the time of day: {names}"))


def _found(
    export: Export, moving: tuple[int, ...], normal: slice, thorough: bool, step: Callable[[str], None]
) -> tuple[Found | None, str]:
    rows = export.rows[:, list(moving)]
    learned = len(rows[normal])
    if learned < LEAST_ROWS or len(rows) - learned < 10:
        return None, f"{len(rows):,} rows; {LEAST_ROWS} to learn from and some to judge are needed"
    tags = tuple(export.tags[k] for k in moving)
    found = look(_detectors(tags, learned, thorough), rows, normal, step)
    moments = tuple(replace(m, why=tuple((moving[k], s) for k, s in m.why)) for m in found.moments)
    return replace(found, moments=moments), ""


def _detectors(tags: tuple[str, ...], learned: int, thorough: bool) -> dict[str, Callable[[], Detector]]:
    """Those that fit the number of tags."""
    from linewarden.analytics.detectors.ewma import Ewma
    from linewarden.analytics.detectors.lagged_pca import LaggedPca
    from linewarden.analytics.detectors.multivariate_ewma import MultivariateEwma
    from linewarden.analytics.detectors.novelty import Novelty
    from linewarden.analytics.detectors.virtual_sensors import VirtualSensors

    chosen: dict[str, Callable[[], Detector]] = {"Ewma": partial(Ewma, tags)}
    if len(tags) == 1:
        chosen["Novelty"] = partial(Novelty, tags)
    if len(tags) >= 2:
        chosen["MultivariateEwma"] = partial(MultivariateEwma, tags)
    if len(tags) >= 3:
        chosen["LaggedPca"] = partial(LaggedPca, tags)
        if thorough or learned * len(tags) <= MOST_TREES:
            chosen["VirtualSensors"] = partial(VirtualSensors, tags)
    return chosen


def _normal(export: Export, wanted: tuple[float, float] | None) -> slice:
    """Rows that are learned."""
    n = len(export.at)
    if wanted is None:
        return slice(0, max(int(n * LEARNED), min(LEAST_ROWS, n)))
    first, until = np.searchsorted(export.at, wanted[0], "left"), np.searchsorted(export.at, wanted[1], "right")
    if until - first < LEAST_ROWS:
        raise ConfigError(
            f"--normal: {until - first} rows of {export.source} are in that time; at least {LEAST_ROWS} are needed"
        )
    return slice(int(first), int(until))


def _placed(tied: tying.Together, moving: tuple[int, ...]) -> tying.Together:
    """With places among all tags."""
    return tying.Together(
        tuple(moving[k] for k in tied.order), tied.matrix, tuple(tuple(moving[k] for k in g) for g in tied.groups),
        tuple((moving[a], moving[b]) for a, b in tied.twins),
    )  # fmt: skip


def _modes(modes: tying.Modes | None, moving: tuple[int, ...]) -> tying.Modes | None:
    if modes is None:
        return None
    each = tuple(replace(m, what=tuple((moving[k], v) for k, v in m.what)) for m in modes.modes)
    return replace(modes, modes=each)


def _changes(changes: tuple[levels.Change, ...], moving: tuple[int, ...]) -> tuple[levels.Change, ...]:
    return tuple(replace(c, tags=tuple((moving[k], a, b) for k, a, b in c.tags)) for c in changes)
