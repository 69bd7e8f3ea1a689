"""A health index: 1 as new, 0 as units were when they failed, or at the limits that a person gave; with reasons.

It never rises again by itself: wear does not heal. After a repair a new history begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linewarden.analytics.maintenance.operating import OperatingPoints
from linewarden.analytics.maintenance.runs import Floats, Run
from linewarden.analytics.maintenance.trends import level

NEW = 0.2
"""Share of a history in which a unit counts as new."""
LAST = 5
"""Rows that say how a unit was when it failed."""
SPAN = 20.0
"""Rows over which deviations are smoothed before they count."""
LEAST_ROWS = 10
"""Before them nothing is lost yet."""


@dataclass(frozen=True)
class Health:
    """At each row: index (n,) 1..0, never rising; shares (n, tags): how much of what is lost each tag has, summing to 1
    where something is lost."""

    index: Floats
    shares: Floats
    tags: tuple[str, ...]

    def why(self, row: int = -1) -> tuple[tuple[str, float], ...]:
        """Tags with their shares, the largest first."""
        order = np.argsort(-self.shares[row], kind="stable")
        return tuple((self.tags[k], float(self.shares[row, k])) for k in order if self.shares[row, k] > 0)


@dataclass(frozen=True)
class HealthIndex:
    """tags: names, with settings taken out; points: what is usual when new; worst: (tags,) signed deviation at the end
    of life, in standard deviations of new units; weight: (tags,) summing to 1. first: the tag that is farthest counts,
    and no sum."""

    columns: tuple[str, ...]
    settings: tuple[str, ...]
    points: OperatingPoints
    worst: Floats
    weight: Floats
    first: bool = False

    @classmethod
    def learned(cls, runs: Sequence[Run], columns: Sequence[str], settings: Sequence[str] = ()) -> HealthIndex:
        """From whole histories. A tag counts by how far it is off at the end, and how alike that is from unit to unit.
        Raises ValueError where no tag tells."""
        new = [r.rows[: max(round(NEW * len(r.at)), 2)] for r in runs]
        chosen, sensors = _parted(columns, settings)
        stacked = np.vstack(new)
        points = OperatingPoints.found(stacked[:, chosen], stacked[:, sensors])
        ends = np.array([np.nanmean(points.measured(r.rows[-LAST:, chosen], r.rows[-LAST:, sensors]), axis=0)
                         for r in runs])  # fmt: skip
        worst = np.nan_to_num(np.nanmean(ends, axis=0))
        own = np.nan_to_num(np.nanstd(ends, axis=0), nan=np.inf)
        telling = worst**2 / (1.0 + own**2)
        telling[np.abs(worst) < 1.0] = 0.0
        if telling.sum() <= 0:
            raise ValueError("no tag is another at the end of life than at its beginning")
        return cls(tuple(columns), tuple(settings), points, worst, telling / telling.sum())

    @classmethod
    def limited(
        cls, normal: Floats, columns: Sequence[str], limits: Mapping[str, float], settings: Sequence[str] = ()
    ) -> HealthIndex:
        """From rows of when all was well, (n, columns), and the limits of some tags: 0 where the *first* is at its
        limit. Raises ValueError for a limit that normal time has passed already."""
        chosen, sensors = _parted(columns, settings)
        points = OperatingPoints.found(normal[:, chosen], normal[:, sensors])
        names = [columns[k] for k in sensors]
        if unknown := sorted(set(limits) - set(names)):
            raise ValueError(f"limits of tags that are not there: {', '.join(unknown)}")
        middle = points.mean.mean(axis=0)
        spread = np.maximum(points.spread.max(axis=0), 1e-12)
        worst = np.array([(limits[n] - m) / s if n in limits else 0.0
                          for n, m, s in zip(names, middle, spread, strict=True)])  # fmt: skip
        for name, far in zip(names, worst, strict=True):
            if name in limits and abs(far) < 3.0:
                raise ValueError(f"{name}: the limit {limits[name]:g} lies within what is normal")
        counts = (worst != 0) / max(int((worst != 0).sum()), 1)
        return cls(tuple(columns), tuple(settings), points, worst, counts, first=True)

    def of(self, run: Run) -> Health:
        """Along a history."""
        chosen, sensors = _parted(self.columns, self.settings)
        off = level(self.points.measured(run.rows[:, chosen], run.rows[:, sensors]), SPAN)
        by = np.where(self.worst == 0, np.inf, self.worst)
        gone = np.clip(np.nan_to_num(off / by), 0.0, 1.0)
        parts = gone * (self.weight > 0) if self.first else gone * self.weight
        lost = parts.max(axis=1) if self.first else parts.sum(axis=1)
        lost[: min(LEAST_ROWS, len(lost) - 1)] = 0.0  # a few rows are noise, which would stay
        lost = np.maximum.accumulate(lost)
        total = parts.sum(axis=1)
        shares = np.divide(parts, total[:, None], out=np.zeros_like(parts), where=total[:, None] > 0)
        return Health(1.0 - np.minimum(lost, 1.0), shares, tuple(self.columns[k] for k in sensors))


def _parted(columns: Sequence[str], settings: Sequence[str]) -> tuple[list[int], list[int]]:
    names = list(columns)
    chosen = [names.index(s) for s in settings]
    return chosen, [k for k in range(len(names)) if k not in chosen]
