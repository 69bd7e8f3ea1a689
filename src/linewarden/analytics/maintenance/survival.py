"""Lifetimes alone: how old units became, many of which had not failed when they were last seen (right-censored).

A Weibull distribution with a prior for its shape is weighed on a grid, so that two failures say something and three
hundred say it by themselves; nothing is drawn at random. Kaplan and Meier's curve stands beside it as a check.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
SHAPE, DOUBT = 2.0, 0.7
"""Prior of the Weibull shape: log-normal around wear that grows with age; 0.5 (early failures) to 8 are believable."""
GRID = 61


@dataclass(frozen=True)
class Lifetimes:
    """A weighed grid: shape, scale, weight, each (m,); failed: units that did."""

    shape: Floats
    scale: Floats
    weight: Floats
    failed: int
    units: int

    @classmethod
    def learned(cls, ages: Floats, failed: Flags) -> Lifetimes:
        """ages: (n,) when it failed or was last seen; failed: (n,). Raises ValueError without any failure."""
        ages, failed = np.asarray(ages, np.float64), np.asarray(failed, bool)
        if ages.shape != failed.shape or not np.isfinite(ages).all() or (ages <= 0).any():
            raise ValueError("ages must be positive numbers, one a unit")
        if not failed.any():
            raise ValueError("no unit failed: nothing says how long they live; use limits")
        usual = float(ages.sum() / failed.sum())
        log_shape = np.linspace(np.log(0.3), np.log(12.0), GRID)
        log_scale = np.log(usual) + np.linspace(-2.5, 2.5, 2 * GRID)
        shape, scale = (g.ravel() for g in np.meshgrid(np.exp(log_shape), np.exp(log_scale), indexing="ij"))
        by = np.log(ages[None] / scale[:, None])
        hazard = np.exp(np.minimum(shape[:, None] * by, 300.0))
        told = -hazard.sum(axis=1)
        told += (np.log(shape / scale)[:, None] + (shape[:, None] - 1.0) * by)[:, failed].sum(axis=1)
        told += -0.5 * ((np.log(shape) - np.log(SHAPE)) / DOUBT) ** 2
        weight = np.exp(told - told.max())
        weight /= weight.sum()
        some = weight > 1e-9
        return cls(shape[some], scale[some], weight[some] / weight[some].sum(), int(failed.sum()), len(ages))

    def surviving(self, age: Floats) -> Floats:
        """Share of units that live longer than each age."""
        age = np.maximum(np.asarray(age, np.float64), 0.0)
        each = np.exp(-np.minimum((age[..., None] / self.scale) ** self.shape, 700.0))
        return np.asarray(each @ self.weight)

    def still(self, age: float, ahead: Floats) -> Floats:
        """The probability that a unit of that age lives `ahead` longer."""
        return np.asarray(self.surviving(age + np.asarray(ahead)) / max(float(self.surviving(np.array(age))), 1e-300))

    def left(self, age: float, coverage: float = 0.9) -> tuple[float, float, float]:
        """(median, low, high) of what a unit of that age has left."""
        beyond = (1.0 - coverage) / 2.0
        return self._until(age, 0.5), self._until(age, 1.0 - beyond), self._until(age, beyond)

    def _until(self, age: float, share: float) -> float:
        """When the probability to live on has fallen to `share`: by halving."""
        low, high = 0.0, float(self.scale.max())
        while float(self.still(age, np.array(high))) > share and high < 1e12:
            high *= 2.0
        for _ in range(60):
            middle = (low + high) / 2.0
            low, high = (middle, high) if float(self.still(age, np.array(middle))) > share else (low, middle)
        return high


def kaplan_meier(ages: Floats, failed: Flags) -> tuple[Floats, Floats]:
    """(ages at which units failed, share that lives longer). Source: Kaplan, Meier 1958."""
    from scipy.stats import CensoredData, ecdf

    ages, failed = np.asarray(ages, np.float64), np.asarray(failed, bool)
    curve = ecdf(CensoredData(uncensored=ages[failed], right=ages[~failed])).sf
    at = np.asarray(curve.quantiles, np.float64)
    of_failures = np.isin(at, ages[failed])
    return at[of_failures], np.asarray(curve.probabilities, np.float64)[of_failures]
