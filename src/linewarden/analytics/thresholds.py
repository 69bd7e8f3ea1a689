"""Limits that normal data set, and no label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import genpareto

from linewarden.analytics.normal import independent_rows

Floats = npt.NDArray[np.float64]


def conformal_limit(scores: Floats, rate: float) -> float:
    """The value that a new normal score exceeds with a probability of at most `rate`, whatever its distribution, if
    it is exchangeable with `scores`: the ceil((n + 1)(1 - rate))-th smallest. Source: Vovk, Gammerman, Shafer 2005.

    Where there are too few scores to say (rate < 1 / (n + 1)) the largest is the limit, which then promises less.
    """
    ordered = np.sort(scores[np.isfinite(scores)])
    if not len(ordered):
        raise ValueError("no scores of normal operation")
    rank = int(np.ceil((len(ordered) + 1) * (1.0 - rate)))
    return float(ordered[min(rank, len(ordered)) - 1])


def pot_limit(scores: Floats, rate: float, *, tail: float = 0.05) -> float:
    """The value exceeded with a probability of `rate`, by peaks over threshold: a generalised Pareto distribution is
    fitted to the largest `tail` of the scores, which may be far fewer than 1 / rate. Source: Siffer et al. 2017,
    "Anomaly detection in streams with extreme value theory" (SPOT).

    Falls back to the conformal limit where the tail holds fewer than 30 scores or the fit has no finite mean.
    """
    scores = scores[np.isfinite(scores)]
    floor = float(np.quantile(scores, 1.0 - tail))
    excess = scores[scores > floor] - floor
    if len(excess) < 30 or rate >= tail or np.ptp(excess) == 0:
        return conformal_limit(scores, rate)
    shape, _, scale = genpareto.fit(excess, floc=0.0)
    if not np.isfinite(scale) or shape >= 1.0:
        return conformal_limit(scores, rate)
    exceed = len(excess) / len(scores)
    return floor + float(genpareto.isf(rate / exceed, shape, 0.0, scale))


def cautious_limit(scores: Floats, rate: float) -> float:
    """`pot_limit`, wider by what the normal time cannot vouch for: by 2 / sqrt(number of independent scores). Scores
    of rows that hang together are worth few, and another day may well lie somewhat higher."""
    worth = float(independent_rows(scores[:, None])[0])
    return pot_limit(scores, rate) * (1.0 + 2.0 / float(np.sqrt(max(worth, 1.0))))


def cross_fitted(rows: Floats, blocks: int, fit_and_score: Callable[[Floats, Floats], Floats]) -> Floats:
    """Scores of rows by models that did not see them: `blocks` runs of time, each scored by a model of all others.

    fit_and_score: (rows to learn, rows to score) -> their scores. A model's scores of its own rows are too small.
    """
    place = np.arange(len(rows)) * blocks // len(rows)
    return np.concatenate([fit_and_score(rows[place != b], rows[place == b]) for b in range(blocks)])
