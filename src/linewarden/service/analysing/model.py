"""What a machine learned, ready to judge: kinds of its tags, detectors, limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import numpy.typing as npt

from linewarden.analytics.blocks import Blocks
from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series
from linewarden.analytics.detectors.levels import Levels
from linewarden.analytics.shapes import Kind, Shape, kinds_of
from linewarden.analytics.watch import Odd, Watch
from linewarden.service.analysing.settings import Wanted

DETECTORS = "linewarden.analytics.detectors"
TOGETHER_TAGS = 100
"""More moving tags than this are not judged together: rows that would tell what moves with what are too few."""
TOGETHER_ROWS = 14_400
"""Of normal time that are learned of what moves together."""
WARM_ROWS = 120
"""Normal rows that are scored first, so that no detector begins in the middle of nowhere."""
BY_TAG = ("levels", "settings")
"""Detectors that judge each tag by itself: each that is over its limit is told."""
LIVELY_ROWS = 22
"""A tag that never stood still for so long is lively."""
LEAST, MOST, ABOVE = 2.0, 12.0, 1.3
"""The limit for what moves together is ABOVE times the highest score of normal rows that the model had not seen, and at
least LEAST. Where that is more than MOST, the halves of the normal time differ too much for it to say anything."""


@dataclass
class Model:
    """`usual`: low and high of each tag; `span`: of all its values; `lively`: it moves in most rows; `learned`: rows
    that had been learned when it was made."""

    shape: Shape
    watch: Watch
    usual: Rows
    span: Series
    lively: Flags
    measured: Flags
    learned: int

    def judge(self, rows: Rows, at: Series) -> list[Odd]:
        """What begins and ends in rows that follow, (n, tags), tags beyond those that were learned left out."""
        shaped = self.shape.of(rows[:, : len(self.span)])
        return list(self.watch.judge_rows(shaped, at))

    def near(self, tag: int, value: float, detector: str) -> tuple[float, float]:
        """Between what a tag usually is; of several levels the nearest one."""
        levels = self.watch.detectors.get("levels")
        place = np.flatnonzero(self.shape.kept == tag)
        if detector == "levels" and isinstance(levels, Levels) and len(place):
            return levels.nearest(int(place[0]), value)
        return float(self.usual[tag, 0]), float(self.usual[tag, 1])

    def ends(self) -> tuple[npt.NDArray[np.int64], Series, Series, Series]:
        """Tags that are told as they are (no counters), their lowest and highest level, and their limit beyond."""
        levels = self.watch.detectors.get("levels")
        as_they_are = np.flatnonzero(np.array([self.shape.kinds[k] is Kind.MEASURED for k in self.shape.kept]))
        if not isinstance(levels, Levels):
            as_they_are = as_they_are[:0]
            return as_they_are, np.empty(0), np.empty(0), np.empty(0)
        low, high, far = (ends[as_they_are] for ends in levels.ends())
        return self.shape.kept[as_they_are], low, high, far

    def far(self, tag: int) -> float | None:
        """How far a tag may be from its levels; None for a counter, whose value says nothing of its speed."""
        tags, _, _, far = self.ends()
        place = np.flatnonzero(tags == tag)
        return float(far[place[0]]) if len(place) else None

    def calm(self, at: Series) -> Series:
        """Times of the rows judged last at which what moves together is far from its limit."""
        scores = self.watch.scores.get("together")
        return at[:0] if scores is None else at[scores.score < 0.5 * self.watch.limits["together"]]

    def parts(self, detector: str) -> dict[int, Series]:
        """Of the rows judged last: tag -> its share of its limit (0 where it is none), for tags that are off at all."""
        scores = self.watch.scores.get(detector)
        if scores is None or not scores.score.any():
            return {}
        columns = np.flatnonzero(scores.contributions.any(axis=0)).tolist()
        return {int(self.shape.kept[column]): _part(scores, column) for column in columns}

    def why(self, detector: str, row: int) -> tuple[float, tuple[tuple[str, float], ...]]:
        """Of one of the rows judged last: how sure, and which tags with which share, in order."""
        verdict = self.watch.detectors[detector].verdict(self.watch.scores[detector], row)
        return verdict.confidence, verdict.why


def _part(scores: Scores, column: int) -> Series:
    """Shares are of squares; the largest tag's part is the score."""
    share = scores.contributions
    return np.asarray(scores.score * np.sqrt(share[:, column] / np.maximum(share.max(axis=1), 1e-12)))


def made_of(
    blocks: Blocks, tags: tuple[str, ...], neighbours: tuple[int, ...], wanted: Wanted, learned: int
) -> Callable[[], Model]:
    """What makes the model of what is in the blocks now; may be called in another thread."""
    rows = blocks.rows()
    few = blocks.rows(TOGETHER_ROWS)
    if rows.shape[1] < len(tags):
        rows, few = (np.pad(r, ((0, 0), (0, len(tags) - r.shape[1])), constant_values=np.nan) for r in (rows, few))
    return lambda: _made(rows, few, tags, neighbours, wanted, learned)


def _made(
    rows: Rows, few: Rows, tags: tuple[str, ...], neighbours: Sequence[int], wanted: Wanted, learned: int
) -> Model:
    kinds = kinds_of(rows, neighbours)
    kinds = [Kind.UPPER if not np.isfinite(c).any() else k for k, c in zip(kinds, rows.T, strict=True)]
    shape = Shape(kinds)
    if not len(shape.kept):
        shape = Shape([Kind.SETTING] * len(kinds))
    shaped, named = shape.of(rows), tuple(tags[k] for k in shape.kept)
    detectors, limits = _detectors(named, shaped, Shape(shape.kinds).of(few), wanted)
    watch = Watch(detectors, seconds=wanted.seconds, limits=limits)
    for detector in detectors.values():
        detector.score_many(shaped[-WARM_ROWS:])
    there = np.where(np.isfinite(rows).any(axis=0), rows, 0.0)
    usual = np.nanpercentile(there, (1, 99), axis=0).T
    span = np.nanmax(there, axis=0) - np.nanmin(there, axis=0)
    measured = np.array([k in (Kind.MEASURED, Kind.COUNTER) for k in kinds])
    lively = measured & (_longest_still(rows) < LIVELY_ROWS)
    return Model(shape, watch, usual, span, lively, measured, learned)


def _longest_still(rows: Rows) -> Series:
    """Of each column, how many rows in a row it had the same value at most; a column that is often missing: all."""
    same = np.diff(rows, axis=0) == 0
    place = np.arange(len(same))[:, None]
    last = np.maximum.accumulate(np.where(same, -1, place), axis=0)
    longest = (place - last).max(axis=0, initial=0).astype(np.float64)
    return np.where(np.isfinite(rows).mean(axis=0) > 0.9, longest, float(len(rows)))


def _detectors(
    tags: tuple[str, ...], rows: Rows, few: Rows, wanted: Wanted
) -> tuple[dict[str, Detector], dict[str, float]]:
    """Each with its normal time, and limits above 1."""
    found: dict[str, Detector] = {}
    limits: dict[str, float] = {}
    for name in wanted.detectors:
        if name == "together":
            if 2 <= len(tags) <= TOGETHER_TAGS and (pair := _together(tags, few)):
                found[name], limits[name] = pair
            continue
        found[name] = _one(name, tags)
        found[name].learn_many(rows)
    if wanted.hints:
        from linewarden.analytics.detectors.physics import Physics

        found["hints"] = Physics(tags, hints=wanted.hints, row_seconds=wanted.seconds, faster=np.inf)
        found["hints"].learn_many(rows)
    return found, limits


def _one(name: str, tags: tuple[str, ...]) -> Detector:
    if name == "settings":
        from linewarden.analytics.settings import Settings

        return Settings(tags)
    found: Detector = import_module(f"{DETECTORS}.{name}").DETECTOR(tags)
    return found


def _together(tags: tuple[str, ...], rows: Rows) -> tuple[Detector, float] | None:
    """What moves together, and the limit that the halves of its normal time set for each other; None if too few."""
    from linewarden.analytics.detectors.lagged_pca import LaggedPca

    middle = len(rows) // 2
    if middle < max(4 * len(tags), 120):
        return None
    highest = 0.0
    for learn, score in ((rows[:middle], rows[middle:]), (rows[middle:], rows[:middle])):
        half = LaggedPca(tags)
        half.learn_many(learn)
        highest = max(highest, float(half.score_many(score).score[WARM_ROWS:].max(initial=0.0)))
        if ABOVE * highest > MOST:
            return None
    whole = LaggedPca(tags)
    whole.learn_many(rows)
    return whole, max(ABOVE * highest, LEAST)
