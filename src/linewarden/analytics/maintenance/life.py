"""Remaining useful life, learned from units that were run until they failed.

What tells how long a unit has is how fast its sensors drift, so each row is told by levels and slopes of several spans
(`trends`), measured at its operating point (`operating`). Boosted trees learn the remaining life from them, capped: a
machine that shows no wear yet has "the cap or more". Each of `FOLDS` models is learned without a part of the *units*;
the estimate is the mean of all, and what each says of the units it did not see tells how far off it may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from linewarden.analytics.maintenance.intervals import Errors
from linewarden.analytics.maintenance.operating import OperatingPoints
from linewarden.analytics.maintenance.runs import FEWEST_UNITS, SHORTEST, Floats, Run
from linewarden.analytics.maintenance.trends import level, mean_so_far, slope_and_level

if TYPE_CHECKING:
    import lightgbm

AGE = "age"
FOLDS = 10
USUAL_CAP = 0.6
"""Of the median life: what is beyond is told as "or more" (125 of 199 and 221 cycles at C-MAPSS)."""
OR_MORE = 0.95
"""Of the cap: what is estimated beyond is told as the cap or more."""
LOOKED_AT = 1.6
"""Of the cap: rows with more left are not learned from; they look like those with somewhat less."""
JUDGED = 1.2
"""Of the cap: errors are counted at moments with less left."""
ROWS_A_UNIT = 64
SPANS = (0.1, 0.2, 0.3, 0.5, 1.0)
"""Of the median life, in rows."""
LEVELS = 2
"""For so many spans the end of the line is told beside its slope."""
SHORT = 0.05
"""Span of the smoothed value."""
TREES = 400
SETTINGS: dict[str, Any] = {
    "objective": "regression", "learning_rate": 0.05, "num_leaves": 15, "bagging_fraction": 0.5, "bagging_freq": 1,
    "feature_fraction": 0.3, "max_bin": 63, "verbose": -1, "num_threads": 1, "deterministic": True,
    "force_row_wise": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one unit has left, in the unit of its times. low, high: the interval that was asked for; high is infinite
    where it reaches the cap. or_more: the estimate itself is the cap. why: tags, and by how much each moved the
    estimate from that of the usual unit; what shortens it first."""

    unit: str
    at: float
    left: float
    low: float
    high: float
    or_more: bool
    why: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class RemainingLife:
    """A learned model. columns: names of the columns of `Run.rows`; settings: those of them that say at which operating
    point the machine is. used: places of columns that told anything. cap: the longest life that is told. spans: rows.
    units, rows: learned from. error: RMSE at moments of life of units that were not seen, error_of_mean: of always
    saying the mean; covered: share of them in 90 % intervals that were learned from other units. onnx: instead of
    `models`, the trees of an imported file."""

    columns: tuple[str, ...]
    settings: tuple[str, ...]
    used: tuple[int, ...]
    points: OperatingPoints
    cap: float
    spans: tuple[float, ...]
    errors: Errors
    models: tuple[str, ...]
    units: int
    rows: int
    error: float
    error_of_mean: float
    covered: float
    onnx: bytes = b""

    # --- learn ---

    @classmethod
    def learned(
        cls,
        runs: Sequence[Run],
        columns: Sequence[str],
        settings: Sequence[str] = (),
        *,
        cap: float | None = None,
        seed: int = 0,
    ) -> RemainingLife:
        """From whole histories: the last row of each is the failure. cap: of the life that is told, in units of time
        (default: 0.6 of the median life). Raises ValueError where there is too little to learn from."""
        runs = [r for r in runs if len(r.at) >= SHORTEST]
        if len(runs) < FEWEST_UNITS:
            raise ValueError(f"{len(runs)} units with {SHORTEST} rows or more; needs {FEWEST_UNITS} that failed")
        unknown = [s for s in settings if s not in columns]
        if unknown or len(set(columns)) != len(columns):
            raise ValueError(f"settings {unknown} are no columns" if unknown else "columns must differ")
        if cap is None:
            cap = USUAL_CAP * float(np.median([r.left[0] for r in runs]))
        usual = float(np.median([len(r.at) for r in runs]))
        spans = tuple(max(share * usual, 2.0) for share in (SHORT, *SPANS))
        stacked = np.vstack([r.rows for r in runs])
        chosen = [list(columns).index(s) for s in settings]
        sensors = [k for k in range(len(columns)) if k not in chosen]
        points = OperatingPoints.found(stacked[:, chosen], stacked[:, sensors])
        used = tuple(k for n, k in enumerate(sensors) if points.spread[:, n].max() > 0)
        if not used:
            raise ValueError("no tag moves: nothing to learn from")
        blank = cls(
            tuple(columns), tuple(settings), used, points, cap, spans,
            Errors(*[np.zeros(1)] * 4), (), len(runs), len(stacked), np.nan, np.nan, np.nan,
        )  # fmt: skip
        return blank._fitted(runs, seed)

    def _fitted(self, runs: Sequence[Run], seed: int) -> RemainingLife:
        """The same with models and errors."""
        places = [_some(r, self.cap * LOOKED_AT) for r in runs]
        told = np.vstack([self.features(r)[p] for r, p in zip(runs, places, strict=True)])
        left = np.concatenate([r.left[p] for r, p in zip(runs, places, strict=True)])
        unit = np.repeat(np.arange(len(runs)), [len(p) for p in places])
        target = np.minimum(left, self.cap)
        folds = np.random.default_rng(seed).permutation(len(runs)) % min(FOLDS, len(runs))
        unseen = np.empty(len(target))
        plain = np.empty(len(target))
        models = []
        for fold in range(int(folds.max()) + 1):
            out = folds[unit] == fold
            model = _boosted(told[~out], target[~out], seed + fold)
            unseen[out] = np.clip(np.asarray(model.predict(told[out])), 0.0, self.cap)
            plain[out] = target[~out].mean()
            models.append(model.model_to_string())
        judged = left <= self.cap * JUDGED
        errors = Errors.learned(unseen[judged], target[judged], unit[judged])
        return RemainingLife(
            self.columns, self.settings, self.used, self.points, self.cap, self.spans, errors, tuple(models),
            self.units, self.rows, _rmse(unseen - target, judged), _rmse(plain - target, judged),
            Errors.covered(unseen[judged], target[judged], unit[judged]),
        )  # fmt: skip

    # --- keep ---

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the trees of an imported file."""
        return {
            "columns": list(self.columns), "settings": list(self.settings), "used": list(self.used), "cap": self.cap,
            "spans": list(self.spans), "points": self.points.as_dict(), "errors": self.errors.as_dict(),
            "models": list(self.models), "units": self.units, "rows": self.rows, "error": self.error,
            "error_of_mean": self.error_of_mean, "covered": self.covered,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, said: dict[str, Any], onnx: bytes = b"") -> RemainingLife:
        """What `as_dict` gave. Raises ValueError, KeyError or TypeError where it is not."""
        columns, settings = tuple(map(str, said["columns"])), tuple(map(str, said["settings"]))
        used = tuple(map(int, said["used"]))
        points = OperatingPoints.from_dict(said["points"], len(settings), len(columns) - len(settings))
        numbers = [float(said[k]) for k in ("cap", "error", "error_of_mean", "covered")]
        spans = tuple(map(float, said["spans"]))
        sound = all(0 <= k < len(columns) for k in used) and len(spans) == 1 + len(SPANS) and min(spans) > 1
        if not sound or not set(settings) <= set(columns) or not np.isfinite(numbers).all() or numbers[0] <= 0:
            raise ValueError("a model that does not fit itself")
        models = tuple(map(str, said["models"]))
        if not models and not onnx:
            raise ValueError("a model without trees")
        return cls(
            columns, settings, used, points, numbers[0], spans, Errors.from_dict(said["errors"]), models,
            int(said["units"]), int(said["rows"]), numbers[1], numbers[2], numbers[3], onnx,
        )  # fmt: skip

    # --- tell ---

    @property
    def width(self) -> int:
        """How many features a row has: levels and slopes a tag, and the age."""
        return (2 + len(SPANS) + LEVELS) * len(self.used) + 1

    def check(self) -> None:
        """Raises ValueError where the trees cannot be read, or are of other features."""
        if self.onnx:
            self.mean_of(np.zeros((1, self.width)))
            return
        import lightgbm

        for text in self.models:
            try:
                fits = lightgbm.Booster(model_str=text).num_feature() == self.width
            except (lightgbm.basic.LightGBMError, ValueError) as error:
                raise ValueError("trees that cannot be read") from error
            if not fits:
                raise ValueError("trees of other features")

    @property
    def tags(self) -> tuple[str, ...]:
        """The columns that are looked at, without settings."""
        return tuple(self.columns[k] for k in self.used)

    def features(self, run: Run) -> Floats:
        """(n, features) of each row of a history, of it and the rows before. In order: for each kind one column a tag,
        then the age."""
        if run.rows.shape[1] != len(self.columns):
            raise ValueError(f"{run.unit}: {run.rows.shape[1]} columns, not {len(self.columns)}")
        chosen = [self.columns.index(s) for s in self.settings]
        sensors = [k for k in range(len(self.columns)) if k not in chosen]
        measured = self.points.measured(run.rows[:, chosen], run.rows[:, sensors])
        measured = measured[:, [sensors.index(k) for k in self.used]]
        kinds = [level(measured, self.spans[0]), mean_so_far(measured)]
        for number, span in enumerate(self.spans[1:]):
            slope, end = slope_and_level(measured, span)
            kinds += [slope, end] if number < LEVELS else [slope]
        return np.hstack([*kinds, (run.at - run.at[0])[:, None]])

    def course(self, run: Run, coverage: float = 0.9) -> tuple[Floats, Floats, Floats]:
        """(left, low, high) as they would have been told at each row, (n,) each."""
        left = self._mean_of(self.features(run))
        low, high = self.errors.interval(left, coverage)
        return left, np.minimum(low, left), np.where(high >= self.cap, np.inf, np.maximum(high, left))

    def estimates(self, runs: Sequence[Run], coverage: float = 0.9) -> list[Estimate]:
        """What each unit has left after its last row."""
        if not runs:
            return []
        told = np.vstack([self.features(r)[-1] for r in runs])
        left = self._mean_of(told)
        low, high = self.errors.interval(left, coverage)
        why = self._reasons(told)
        return [
            Estimate(
                r.unit, float(r.at[-1]), float(left[k]), float(min(low[k], left[k])),
                np.inf if high[k] >= self.cap else float(max(high[k], left[k])),
                bool(left[k] > OR_MORE * self.cap), why[k],
            )
            for k, r in enumerate(runs)
        ]  # fmt: skip

    def _boosters(self) -> list[lightgbm.Booster]:
        import lightgbm

        return [lightgbm.Booster(model_str=text) for text in self.models]

    def still(self, run: Run, ahead: Floats) -> Floats:
        """The probability that a unit lasts longer than each `ahead`, up to the cap, after its last row."""
        left = float(self._mean_of(self.features(run)[-1:])[0])
        return self.errors.still(left, np.asarray(ahead, np.float64), OR_MORE * self.cap)

    def mean_of(self, told: Floats) -> Floats:
        """What is left by features, (n,)."""
        return self._mean_of(told)

    def _mean_of(self, told: Floats) -> Floats:
        if self.onnx:
            from linewarden.analytics.maintenance.exchange import run_graph

            return run_graph(self.onnx, told)
        each = [np.clip(np.asarray(m.predict(told, num_threads=1)), 0.0, self.cap) for m in self._boosters()]
        return np.asarray(np.mean(each, axis=0))

    def _reasons(self, told: Floats) -> list[tuple[tuple[str, float], ...]]:
        """By tag, the sum of the Shapley values of its features (Lundberg, Erion, Lee 2018: TreeSHAP). An imported
        graph has no paths to tell them from."""
        if self.onnx:
            return [()] * len(told)
        parts = np.mean([m.predict(told, pred_contrib=True, num_threads=1) for m in self._boosters()], axis=0)
        names = (*self.tags, AGE)
        of = np.append(np.arange(told.shape[1] - 1) % len(self.tags), len(self.tags))
        moved = np.stack([parts[:, :-1][:, of == k].sum(axis=1) for k in range(len(names))], axis=1)
        return [tuple((names[k], float(row[k])) for k in np.argsort(row, kind="stable")) for row in moved]


def _some(run: Run, most_left: float) -> npt.NDArray[np.int64]:
    """Places of rows to learn from, evenly spread over the end of a history."""
    late = np.flatnonzero(run.left <= most_left)
    return np.unique(late[np.linspace(0, len(late) - 1, min(len(late), ROWS_A_UNIT)).round().astype(int)])


def _boosted(told: Floats, target: Floats, seed: int) -> lightgbm.Booster:
    import lightgbm

    least = max(3, min(30, len(target) // 50))
    settings = {**SETTINGS, "min_data_in_leaf": least, "seed": seed}
    return lightgbm.train(settings, lightgbm.Dataset(told, target), num_boost_round=TREES)


def _rmse(errors: Floats, judged: npt.NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean(errors[judged] ** 2)))
