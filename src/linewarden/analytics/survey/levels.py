"""When tags changed their level for good: binary segmentation of each, and the times at which several did.

Source: Scott and Knott 1974 (binary segmentation). A cut must explain more than values that hang together explain by
themselves, which is measured by batch means: daily patterns are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linewarden.analytics.contract import Rows, Series

PIECES = 300
LEAST = 12
"""Pieces on either side of a cut."""
EFFECT = 1.0
"""Change of the mean, in deviations within both sides."""
MOST = 12


@dataclass(frozen=True)
class Change:
    """at: s. tags: which changed there, by place, with the level before and after; the largest effect first."""

    at: float
    tags: tuple[tuple[int, float, float], ...]
    effect: float


def changes(rows: Rows, at: Series) -> tuple[Change, ...]:
    """The largest first, at most MOST."""
    if len(rows) < 4 * LEAST:
        return ()
    pieces = min(PIECES, len(rows))
    edges = np.linspace(0, len(rows), pieces + 1).astype(np.int64)
    means = _means(rows, edges)
    found: list[tuple[int, int, float, float, float]] = []
    for tag in range(rows.shape[1]):
        found += [(cut, tag, before, after, effect) for cut, before, after, effect in _cuts(means[:, tag])]
    return _joined(found, at, edges, pieces)


def _means(rows: Rows, edges: np.ndarray) -> Rows:
    there = np.isfinite(rows)
    total = np.add.reduceat(np.where(there, rows, 0.0), edges[:-1], axis=0)
    count = np.add.reduceat(there, edges[:-1], axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _cuts(series: Series) -> list[tuple[int, float, float, float]]:
    """(place, before, after, effect) of each cut."""
    known = np.flatnonzero(np.isfinite(series))
    if len(known) < 4 * LEAST or np.ptp(series[known]) == 0:
        return []
    values = series[known]
    found, waiting = [], [(0, len(values))]
    while waiting:
        first, until = waiting.pop()
        cut = _best(values[first:until])
        if cut is None:
            continue
        cut += first
        before, after = values[first:cut], values[cut:until]
        effect = abs(after.mean() - before.mean()) / max(np.sqrt((before.var() + after.var()) / 2), 1e-12)
        if effect >= EFFECT:
            found.append((int(known[cut]), float(before.mean()), float(after.mean()), float(min(effect, 99.0))))
            waiting += [(first, cut), (cut, until)]
    return found


def _best(values: Series) -> int | None:
    """Where one cut explains most, if that is more than chance."""
    n = len(values)
    if n < 2 * LEAST:
        return None
    place = np.arange(LEAST, n - LEAST + 1)
    total = np.cumsum(values)
    left = total[place - 1] / place
    right = (total[-1] - total[place - 1]) / (n - place)
    gain = place * (n - place) / n * (left - right) ** 2
    best = int(np.argmax(gain))
    cut = int(place[best])
    off = np.concatenate([values[:cut] - left[best], values[cut:] - right[best]])
    within = float((off**2).mean())
    tied = float(np.clip((off[:-1] * off[1:]).mean() / within, 0.0, 0.95)) if within > 0 else 0.0
    inflation = (1 + tied) / (1 - tied)
    return cut if gain[best] > 15.0 * inflation * max(within, 1e-24) else None


def _joined(
    found: list[tuple[int, int, float, float, float]], at: Series, edges: np.ndarray, pieces: int
) -> tuple[Change, ...]:
    """Cuts of several tags that are next to each other are one change."""
    groups: list[list[tuple[int, int, float, float, float]]] = []
    for cut in sorted(found):
        if groups and cut[0] - groups[-1][0][0] <= max(2, pieces // 100):
            groups[-1].append(cut)
        else:
            groups.append([cut])
    out = []
    for group in groups:
        best: dict[int, tuple[int, int, float, float, float]] = {}
        for cut in sorted(group, key=lambda c: c[4]):
            best[cut[1]] = cut
        order = sorted(best.values(), key=lambda c: -c[4])
        tags = tuple((c[1], c[2], c[3]) for c in order)
        out.append(Change(float(at[edges[order[0][0]]]), tags, sum(c[4] for c in order)))
    return tuple(sorted(sorted(out, key=lambda c: -c.effect)[:MOST], key=lambda c: c.at))
