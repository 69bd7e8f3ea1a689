"""What the detectors find in an export: they learn a part of it, and the moments that they tell are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from linewarden.analytics.contract import Detector, Rows, Scores, Series

CALM = 5
"""Rows without an alarm between two alarms that are one moment."""


@dataclass(frozen=True)
class Moment:
    """first, last: rows. by: detectors that told it, with their highest score. why: tags by place with their share,
    the largest first; weight: what orders moments."""

    first: int
    last: int
    by: tuple[tuple[str, float], ...]
    why: tuple[tuple[int, float], ...]
    weight: float


@dataclass(frozen=True)
class Found:
    """scores: (n,) the highest of all detectors, in limits, NaN where rows were learned. alarmed: share of the judged
    rows. left_out: detectors with the reason why they were not asked."""

    moments: tuple[Moment, ...]
    score: Series
    alarmed: float
    asked: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    each: dict[str, float] = field(default_factory=dict)


def look(
    detectors: dict[str, Callable[[], Detector]],
    rows: Rows,
    normal: slice,
    on_step: Callable[[str], None] | None = None,
) -> Found:
    """Learns the rows of `normal` and judges all others."""
    judged = np.ones(len(rows), bool)
    judged[normal] = False
    hot = np.zeros(len(rows), np.int64)
    peak = np.full(len(rows), np.nan)
    parts: list[tuple[str, Scores]] = []
    left_out, each = [], {}
    for name, make in detectors.items():
        if on_step:
            on_step(name)
        scores = _scored(make(), rows, normal)
        share = float(scores.alarm[judged].mean()) if judged.any() else 0.0
        each[name] = share
        if share > 0.5 and len(detectors) > 1:
            left_out.append((name, f"told {share:.0%} of all that it judged: the normal time is not normal for it"))
            continue
        hot += scores.alarm & judged
        peak = np.fmax(peak, np.where(judged, scores.score, np.nan))
        parts.append((name, scores))
    found = sorted(_moments(parts, hot > 0), key=lambda m: -m.weight)
    alarmed = float((hot > 0)[judged].mean()) if judged.any() else 0.0
    return Found(tuple(found), peak, alarmed, tuple(n for n, _ in parts), tuple(left_out), each)


def kinds(moments: Sequence[Moment]) -> tuple[tuple[Moment, ...], ...]:
    """Moments whose first reason is the same tag are of one kind. The kind with the gravest moment first, and in a kind
    the gravest."""
    found: dict[int, list[Moment]] = {}
    for moment in sorted(moments, key=lambda m: -m.weight):
        found.setdefault(moment.why[0][0] if moment.why else -1, []).append(moment)
    return tuple(map(tuple, found.values()))


def _scored(detector: Detector, rows: Rows, normal: slice) -> Scores:
    detector.learn_many(rows[normal])
    return detector.score_many(rows)


def _moments(parts: Sequence[tuple[str, Scores]], hot: np.ndarray) -> Iterator[Moment]:
    rows = np.flatnonzero(hot)
    if not len(rows):
        return
    edges = np.flatnonzero(np.diff(rows) > CALM)
    for first, last in zip(rows[np.append(0, edges + 1)], rows[np.append(edges, len(rows) - 1)], strict=True):
        yield _moment(parts, int(first), int(last))


def _moment(parts: Sequence[tuple[str, Scores]], first: int, last: int) -> Moment:
    """Reasons are the shares of all detectors that alarmed, each weighed alike."""
    span = slice(first, last + 1)
    by, why = [], 0.0
    for name, scores in parts:
        alarm = scores.alarm[span]
        if alarm.any():
            by.append((name, float(scores.score[span][alarm].max())))
            weight = np.minimum(scores.score[span][alarm], 10.0)[:, None]
            share = (scores.contributions[span][alarm] * weight).sum(axis=0)
            why = why + share / max(float(share.sum()), 1e-12)
    shares = np.asarray(why / len(by))
    order = np.argsort(-shares)[:6]
    long = np.log2(2.0 + last - first)
    high = np.log2(1.0 + min(max(s for _, s in by), 1000.0))
    reasons = tuple((int(k), float(shares[k])) for k in order if shares[k] > 0.02)
    return Moment(first, last, tuple(sorted(by, key=lambda b: -b[1])), reasons, float(len(by) * long * high))
