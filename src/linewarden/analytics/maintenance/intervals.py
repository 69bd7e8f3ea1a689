"""How far off an estimate of the remaining life may be: conformal, with whole units as the examples.

Rows of one unit hang together, so a hundred units are a hundred examples and not twenty thousand. Each unit vouches
with the same weight for how large errors are, and one more unit, which is as bad as can be, stands for the new one.
Source: Vovk, Gammerman, Shafer 2005 (conformal prediction); Barber et al. 2021, "Predictive inference with the
jackknife+" (models that did not see the unit whose error is counted); Lei et al. 2018 (errors measured by their usual
size at that estimate, so that intervals are narrow near the end of life).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
BINS = 12
LEAST_SIZE = 0.01
"""Of the largest usual error: no estimate is trusted to be better than that."""


@dataclass(frozen=True)
class Errors:
    """What was learned of errors. at, size: (bins,) the usual error at an estimate. scores: errors
    (truth - estimate) / size, sorted, with the weight of each; weights sum to 1 - 1 / (units + 1)."""

    at: Floats
    size: Floats
    scores: Floats
    weights: Floats

    @classmethod
    def learned(cls, estimate: Floats, truth: Floats, unit: npt.NDArray[np.int64]) -> Errors:
        """From estimates of models that had not seen the unit: (n,) each; unit: (n,) numbers from 0."""
        edges = np.unique(np.quantile(estimate, np.linspace(0, 1, BINS + 1)))
        place = np.clip(np.searchsorted(edges, estimate, side="right") - 1, 0, max(len(edges) - 2, 0))
        filled = np.unique(place)
        at = np.array([estimate[place == b].mean() for b in filled])
        size = np.array([np.abs(truth - estimate)[place == b].mean() for b in filled])
        size = np.maximum(size, max(LEAST_SIZE * size.max(), 1e-9))
        scores = (truth - estimate) / np.interp(estimate, at, size)
        count = np.bincount(unit)
        units = int((count > 0).sum())
        weights = np.asarray(1.0 / (count[unit] * (units + 1.0)), np.float64)
        order = np.argsort(scores, kind="stable")
        return cls(at, size, scores[order], weights[order])

    @staticmethod
    def covered(estimate: Floats, truth: Floats, unit: npt.NDArray[np.int64], coverage: float = 0.9) -> float:
        """The share of rows that lie in intervals learned from the other half of the units: both halves, pooled."""
        half = unit % 2 == 0
        inside = []
        for learn in (half, ~half):
            low, high = Errors.learned(estimate[learn], truth[learn], unit[learn]).interval(estimate[~learn], coverage)
            inside.append((low <= truth[~learn]) & (truth[~learn] <= high))
        return float(np.concatenate(inside).mean())

    def interval(self, estimate: Floats, coverage: float = 0.9) -> tuple[Floats, Floats]:
        """(low, high) around estimates, (n,) each: the truth is in between with a probability of `coverage` where the
        new unit is like those learned from; the rest is shared by both sides. Infinite where too few units vouch."""
        if not 0 < coverage < 1:
            raise ValueError(f"coverage {coverage:g}: between 0 and 1")
        beyond = (1.0 - coverage) / 2.0
        size = np.interp(estimate, self.at, self.size)
        rising = np.cumsum(self.weights)
        least = np.searchsorted(np.cumsum(self.weights[::-1]), 1.0 - beyond)
        most = np.searchsorted(rising, 1.0 - beyond)
        enough = most < len(self.scores) and least < len(self.scores)
        low = self.scores[::-1][least] if enough else -np.inf
        high = self.scores[most] if enough else np.inf
        return np.maximum(estimate + low * size, 0.0), estimate + high * size

    def still(self, estimate: float, ahead: Floats, most: float = np.inf) -> Floats:
        """The probability that it lasts longer than each `ahead`, of the same errors: for costs, where a curve is
        needed; unlike `interval` it has no margin for few units. most: what lasts so long, lasts "or more"."""
        lasts = np.maximum(estimate + self.scores * np.interp(estimate, self.at, self.size), 0.0)
        lasts = np.where(lasts >= most, np.inf, lasts)
        order = np.argsort(lasts, kind="stable")
        gone = np.concatenate([[0.0], np.cumsum(self.weights[order])]) / self.weights.sum()
        return np.asarray(1.0 - gone[np.searchsorted(lasts[order], np.asarray(ahead, np.float64), side="right")])

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {k: getattr(self, k).tolist() for k in ("at", "size", "scores", "weights")}

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Errors:
        """What `as_dict` gave. Raises ValueError, KeyError."""
        read = {k: np.asarray(said[k], np.float64) for k in ("at", "size", "scores", "weights")}
        sound = all(v.ndim == 1 and len(v) and np.isfinite(v).all() for v in read.values())
        if not sound or len(read["at"]) != len(read["size"]) or len(read["scores"]) != len(read["weights"]):
            raise ValueError("errors that are no numbers")
        return cls(**read)
