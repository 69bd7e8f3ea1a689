"""The load of the next slot, from the past alone, with an interval.

Two ensembles of boosted trees (LightGBM), one for the load and one for its change against the last slot, are averaged
with one of randomised trees (Geurts, Ernst and Wehenkel 2006, "Extremely randomized trees"), which errs otherwise.
Intervals are conformal by class of expected load: errors of forecasts that the models had not seen, base load and full
production apart (Vovk, Gammerman, Shafer 2005, Mondrian conformal predictors). Over a long time the models are made
anew every so often, from what was past by then.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from linewarden.analytics.energy.features import features
from linewarden.analytics.energy.load import Clock, Floats, Meter

SETTINGS: dict[str, Any] = {
    "objective": "l2",
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "max_bin": 127,
    "verbose": -1,
}
FADES_DAYS = 90.0
"""By a factor of e a slot counts for less, for boosted trees, when it is so much older: ways of working change."""
CLASSES = 5
HELD = 6000
"""Errors kept for intervals: about two months of quarters of an hour."""
LEAST_DAYS = 21
RANDOMISED = {"min_samples_leaf": 3, "max_features": 0.4, "random_state": 1}


class TooShortError(ValueError):
    """The past is too short to learn a plant's week from."""


@dataclass(frozen=True)
class Forecast:
    """at: (n,) when each slot begins, s. kwh, low, high: (n,) what is expected, and between which bounds."""

    at: Floats
    kwh: Floats
    low: Floats
    high: Floats


class LoadForecast:
    """rounds: trees of each boosted ensemble; a fifth as many randomised ones. confidence: share of slots that the
    interval should hold. again: days after which a rolling forecast learns anew. threads: of the learning."""

    def __init__(
        self, clock: Clock | None = None, *, rounds: int = 300, confidence: float = 0.9, again: int = 14,
        threads: int = 1,
    ) -> None:  # fmt: skip
        self.clock = clock or Clock()
        self.rounds, self.confidence, self.again, self.threads = rounds, confidence, again, threads
        self._models: list[Any] = []
        self._random: Any = None
        self._spread = 1.0
        self._errors: deque[tuple[float, float]] = deque(maxlen=HELD)

    def learn(self, past: Meter) -> None:
        """Makes the models of all slots of `past`, and intervals of its last fifth, foretold without having seen it.

        Raises TooShortError."""
        self._learned(past, len(past))

    def _learned(self, meter: Meter, until: int) -> Floats:
        """Models of the slots before `until`. Gives what all slots are foretold from."""
        kwh, a_day = meter.kwh[:until], meter.a_day
        if until < LEAST_DAYS * a_day:
            raise TooShortError(f"{until / a_day:.0f} days; {LEAST_DAYS} are needed to learn a week's course")
        self._spread = max(float(np.nanstd(kwh)), 1e-9)
        rows, _ = features(meter, self.clock, self._spread)
        if not self._errors:
            cut = until * 4 // 5
            self._fit(rows[:cut], kwh[:cut], a_day)
            self._remember(self._expected(rows[cut:until]), kwh[cut:])
        self._fit(rows[:until], kwh, a_day)
        return rows

    def rolling(self, meter: Meter, begin: int) -> Forecast:
        """Slot by slot from `begin` on: each from what was over by then, the models made anew every `again` days."""
        parts, step = [], self.again * meter.a_day
        for first in range(begin, len(meter), step):
            until = min(first + step, len(meter))
            rows = self._learned(meter.part(0, until), first)
            parts.append(self._told(meter.at[first:until], self._expected(rows[first:])))
            self._remember(parts[-1].kwh, meter.kwh[first:until])
        if not parts:
            raise ValueError(f"nothing to foretell from slot {begin} of {len(meter)} on")
        return Forecast(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("at", "kwh", "low", "high")))

    def after(self, past: Meter) -> Forecast:
        """The one slot that follows `past`, (1,); `learn` comes before."""
        following = {k: np.append(v, np.nan) for k, v in past.others.items()}
        longer = Meter(np.append(past.at, past.at[-1] + past.slot), np.append(past.kwh, np.nan), past.slot, following)
        rows, _ = features(longer, self.clock, self._spread)
        return self._told(longer.at[-1:], self._expected(rows[-1:]))

    def _fit(self, rows: Floats, kwh: Floats, a_day: int) -> None:
        """The first week has none before it."""
        import lightgbm
        from sklearn.ensemble import ExtraTreesRegressor

        last = rows[:, LAST]
        use = np.isfinite(kwh) & np.isfinite(last) & (np.arange(len(kwh)) >= 7 * a_day)
        fresh = np.exp((np.arange(len(kwh)) - len(kwh)) / (FADES_DAYS * a_day))
        settings = {**SETTINGS, "num_threads": self.threads}
        self._models = [
            lightgbm.train(settings, lightgbm.Dataset(rows[use], goal[use], weight=fresh[use]), self.rounds)
            for goal in (kwh, kwh - last)
        ]  # fmt: skip
        trees = ExtraTreesRegressor(max(self.rounds // 5, 10), n_jobs=self.threads, **RANDOMISED)
        self._random = trees.fit(_without_gaps(rows[use]), kwh[use])

    def _expected(self, rows: Floats) -> Floats:
        if not self._models:
            raise TooShortError("nothing was learned yet")
        level, change = (np.asarray(m.predict(rows, num_threads=self.threads)) for m in self._models)
        random = np.asarray(self._random.predict(_without_gaps(rows)))
        last = rows[:, LAST]
        boosted = np.where(np.isfinite(last), (level + change + last) / 2, level)
        expected: Floats = np.maximum((boosted + random) / 2, 0.0)
        return expected

    def _remember(self, expected: Floats, came: Floats) -> None:
        there = np.isfinite(came)
        self._errors.extend(zip(expected[there].tolist(), (came - expected)[there].tolist(), strict=True))

    def _told(self, at: Floats, expected: Floats) -> Forecast:
        known = np.array(self._errors)
        edges = np.quantile(known[:, 0], np.arange(1, CLASSES) / CLASSES)
        mine, theirs = np.searchsorted(edges, expected), np.searchsorted(edges, known[:, 0])
        low, high = expected.copy(), expected.copy()
        tail = (1.0 - self.confidence) / 2
        for kind in np.unique(mine):
            errors = known[theirs == kind, 1]
            errors = known[:, 1] if len(errors) < 20 else errors
            n = len(errors)
            bounds = np.quantile(errors, [max(tail - tail / n, 0.0), min(1.0 - tail + tail / n, 1.0)])
            low[mine == kind] += bounds[0]
            high[mine == kind] += bounds[1]
        return Forecast(at, expected, np.maximum(low, 0.0), np.maximum(high, expected))


def _without_gaps(rows: Floats) -> Floats:
    """What is not known is below all that is, for trees that know no gaps."""
    return np.nan_to_num(rows, nan=-1.0)


LAST = 2
"""The place of `load -1` among the features."""
