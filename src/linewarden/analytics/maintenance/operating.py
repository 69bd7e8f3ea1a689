"""Operating points: load, speed or recipe move sensors more than wear does, so each point is measured by itself.

Settings that a machine is held at lie in few tight groups with wide gaps between. The groups are found by the gaps and
kept only if they explain what the sensors say; a machine with one point has one. Where settings vary without groups
(a load that follows demand), give them as tags: the trees then see them beside the sensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
GAP = 0.02
"""Of a setting's range: a narrower gap parts no groups."""
WIDER = 20.0
"""A gap parts groups if it is so many times as wide as the usual gap between neighbouring values within them."""
EXPLAINS = 0.3
"""Share of the variance of the sensor they explain best; groups that explain less are no operating points."""
MOST = 64
"""Groups."""
LEAST_ROWS = 30
"""Rows of a group from which its level and spread are told."""


@dataclass(frozen=True)
class OperatingPoints:
    """centres: (points, settings); mean, spread: (points, tags), spread 0 where a tag does not move there.
    scale: (settings,) what a distance is measured by."""

    centres: Floats
    scale: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def found(cls, settings: Floats, rows: Floats) -> OperatingPoints:
        """Points in (n, settings) that matter for (n, tags); one where there are none."""
        centres, scale = _centres(settings)
        point = _nearest(settings, centres, scale)
        if len(centres) > 1 and explained(point, rows) < EXPLAINS:
            centres, point = np.nanmean(settings, axis=0, keepdims=True), np.zeros(len(rows), np.int64)
        mean = np.array([_mean(rows[point == k]) for k in range(len(centres))])
        spread = np.array([_spread(rows[point == k]) for k in range(len(centres))])
        return cls(centres, scale, mean, spread)

    def __len__(self) -> int:
        return len(self.centres)

    def of(self, settings: Floats) -> Places:
        """(n,) the nearest point of each row. A setting that is missing does not count."""
        return _nearest(settings, self.centres, self.scale)

    def measured(self, settings: Floats, rows: Floats) -> Floats:
        """Rows as deviations from what is usual at their operating point, in its standard deviations, (n, tags); 0 for
        a tag that does not move at that point."""
        point = self.of(settings)
        by = np.where(self.spread > 0, self.spread, np.inf)
        return np.asarray((rows - self.mean[point]) / by[point])

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {k: getattr(self, k).tolist() for k in ("centres", "scale", "mean", "spread")}

    @classmethod
    def from_dict(cls, said: dict[str, Any], settings: int, tags: int) -> OperatingPoints:
        """What `as_dict` gave. Raises ValueError, KeyError."""
        number = len(said["centres"])
        shapes = {
            "centres": (number, settings),
            "scale": (settings,),
            "mean": (number, tags),
            "spread": (number, tags),
        }
        read = {k: np.asarray(said[k], np.float64).reshape(shape) for k, shape in shapes.items()}
        if not number or not all(np.isfinite(v).all() for v in read.values()):
            raise ValueError("operating points that are no numbers")
        return cls(**read)


def _centres(settings: Floats) -> tuple[Floats, Floats]:
    """Centres of the groups that no wide gap in any setting parts, and what distances are measured by. Groups of few
    rows (a change from one point to another) have none; more than `MOST` groups are taken as none at all."""
    parts = np.zeros(len(settings), np.int64)
    for column in settings.T:
        cuts = _cuts(column)
        parts = parts * (len(cuts) + 1) + np.searchsorted(cuts, column)
    _, group, count = np.unique(parts, return_inverse=True, return_counts=True)
    large = np.flatnonzero(count >= LEAST_ROWS)
    width = np.nanmax(settings, axis=0) - np.nanmin(settings, axis=0)
    scale = np.where(width > 0, width, 1.0)
    if not 1 < len(large) <= MOST:
        return np.nanmean(settings, axis=0, keepdims=True), scale
    return np.array([np.nanmean(settings[group == k], axis=0) for k in large]), scale


def _nearest(settings: Floats, centres: Floats, scale: Floats) -> Places:
    if len(centres) == 1:
        return np.zeros(len(settings), np.int64)
    far = (settings[:, None, :] - centres[None]) / scale
    return np.asarray(np.argmin(np.nansum(far * far, axis=2), axis=1), np.int64)


def _cuts(column: Floats) -> Floats:
    """Where gaps part the values of one setting."""
    values = np.unique(column[np.isfinite(column)])
    if len(values) < 2:
        return np.empty(0)
    gaps = np.diff(values)
    usual = float(np.median(gaps)) if len(values) > 20 else 0.0
    wide = gaps > max(GAP * float(values[-1] - values[0]), WIDER * usual)
    return np.asarray((values[:-1] + values[1:])[wide] / 2.0)


def explained(group: Places, rows: Floats) -> float:
    """The largest share of a tag's variance that lies between the groups (eta squared)."""
    rows = np.where(np.isfinite(rows), rows, np.nanmean(rows, axis=0))
    total = ((rows - rows.mean(axis=0)) ** 2).sum(axis=0)
    count = np.bincount(group)
    between = np.zeros(rows.shape[1])
    for k, n in enumerate(count):
        between += n * (rows[group == k].mean(axis=0) - rows.mean(axis=0)) ** 2 if n else 0.0
    moves = _spread(rows) > 0
    return float((between[moves] / total[moves]).max(initial=0.0))


def _mean(rows: Floats) -> Floats:
    there = np.isfinite(rows)
    return np.asarray(np.where(there, rows, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1))


def _spread(rows: Floats) -> Floats:
    """Standard deviations; 0 where a tag takes a single value, whatever rounding makes of it."""
    mean = _mean(rows)
    off = np.where(np.isfinite(rows), rows - mean, 0.0)
    spread = np.sqrt((off * off).sum(axis=0) / np.maximum(np.isfinite(rows).sum(axis=0), 1))
    return np.asarray(np.where(spread > 1e-9 * np.maximum(np.abs(mean), 1e-300), spread, 0.0))
