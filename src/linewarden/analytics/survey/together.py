"""Which tags move together, and in which modes the plant runs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from linewarden.analytics.contract import Rows, Series
from linewarden.analytics.normal import centre_and_spread, filled

LOOKED_AT = 4000
TIED = 0.7
SAME = 0.998
MOST_MODES = 6


@dataclass(frozen=True)
class Together:
    """order: tags so that those that belong together stand side by side. matrix: their rank correlations in that
    order (Spearman). groups: of two and more; twins: pairs that say the same."""

    order: tuple[int, ...]
    matrix: Rows
    groups: tuple[tuple[int, ...], ...]
    twins: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Mode:
    """What the plant was doing. share: of the time; what: the values that tell it from the others."""

    number: int
    share: float
    what: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Modes:
    """of: (n,) the number of the mode of each row, -1 where it is none of them. by: how they were told apart."""

    of: np.ndarray
    modes: tuple[Mode, ...]
    by: str


def together(rows: Rows) -> Together:
    """(n, tags) -> which belong together. A tag that never moves belongs to none."""
    part = rows[:: max(len(rows) // LOOKED_AT, 1)]
    ranks = _ranks(part)
    size = ranks.shape[1]
    moving = np.flatnonzero(ranks.std(axis=0) > 0)
    matrix = np.eye(size)
    if len(moving) > 1:
        matrix[np.ix_(moving, moving)] = np.corrcoef(ranks[:, moving].T)
    far = np.clip(1.0 - np.abs(matrix), 0.0, 1.0)
    if size < 2:
        return Together((0,), matrix, (), ())
    tree = linkage(squareform(far, checks=False), "average")
    order = leaves_list(tree)
    label = fcluster(tree, 1.0 - TIED, "distance")
    groups = [tuple(k for k in order if label[k] == g) for g in dict.fromkeys(label[order])]
    twins = [
        (a, b) for a, b in itertools.combinations(range(size), 2) if abs(matrix[a, b]) > SAME and size <= 1000
    ]  # fmt: skip
    big = sorted((g for g in groups if len(g) > 1), key=len, reverse=True)
    return Together(tuple(order.tolist()), matrix[np.ix_(order, order)], tuple(big), tuple(twins))


def _ranks(part: Rows) -> Rows:
    centre, _ = centre_and_spread(part)
    whole, _ = filled(part, centre)
    return np.asarray(rankdata(whole, axis=0))


def modes(rows: Rows, distinct: tuple[int, ...]) -> Modes | None:
    """By tags of few values where there are some, else by clusters of rows; None where the plant has but one.

    distinct: different values of each tag.
    """
    states = [k for k, d in enumerate(distinct) if 2 <= d <= 4]
    found = _by_states(rows, states) if states else None
    return found or _by_clusters(rows)


def _by_states(rows: Rows, states: list[int]) -> Modes | None:
    """The tags whose combinations are few and long-lived."""
    busy = sorted(states, key=lambda k: -float(np.nanstd(rows[:, k]) > 0))[:8]
    values = np.nan_to_num(rows[:, busy], nan=-1e99)
    seen, place, count = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    if len(seen) < 2 or np.sort(count)[-MOST_MODES:].sum() < 0.8 * len(rows):
        return None
    top = np.argsort(-count)[:MOST_MODES]
    of = np.full(len(rows), -1)
    for number, k in enumerate(top):
        of[place.ravel() == k] = number
    return Modes(
        of,
        tuple(
            Mode(n, float(count[k] / len(rows)), tuple(zip(busy, seen[k].tolist(), strict=True)))
            for n, k in enumerate(top)
        ),
        "states",
    )


def _by_clusters(rows: Rows) -> Modes | None:
    """Clusters of rows in their first principal components, if they are clearly apart (silhouette above 0.6)."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    if len(rows) < 200:
        return None
    centre, spread = centre_and_spread(rows)
    steps = np.clip((filled(rows, centre)[0] - centre) / spread, -5, 5)
    part = steps[:: max(len(steps) // 2000, 1)]
    _, sizes, axes = np.linalg.svd(part, full_matrices=False)
    keep = max(1, min(4, int((sizes > 0).sum())))
    seen = part @ axes[:keep].T
    best, made = 0.6, None
    for count in range(2, 5):
        model = KMeans(count, n_init=4, random_state=0).fit(seen)
        if min(np.bincount(model.labels_, minlength=count)) < 0.03 * len(seen):
            continue
        score = silhouette_score(seen, model.labels_)
        if score > best + 0.02:
            best, made = score, model
    if made is None:
        return None
    return _told(made.predict(steps @ axes[:keep].T), rows, spread)


def _told(label: np.ndarray, rows: Rows, spread: Series) -> Modes:
    """Numbers by share, and the tags whose mean differs most from that of the others."""
    counts = np.bincount(label)
    order = np.argsort(-counts)
    of = np.argsort(order)[label]
    found = []
    for number, k in enumerate(order):
        mine = label == k
        means = np.nanmean(rows[mine], axis=0)
        apart = np.abs(means - np.nanmean(rows[~mine], axis=0)) / spread
        top = np.argsort(-np.nan_to_num(apart))[:3]
        found.append(Mode(number, float(mine.mean()), tuple((int(t), float(means[t])) for t in top)))
    return Modes(of, tuple(found), "clusters")
