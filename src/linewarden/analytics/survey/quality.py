"""What is wrong with a tag's values before anything can be said of the process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linewarden.analytics.contract import Rows, Series

FEW = 12
"""A tag with at most so many different values is a state, a step or a switch."""
FROZEN_ROWS = 30
MUCH_MISSING = 0.05
AT_EDGE = 0.02


@dataclass(frozen=True)
class Flaw:
    """kind: flat, frozen, at its limit, missing, spike. begin, end: s, where it has a place; grave: worth a look
    before results are believed."""

    tag: str
    kind: str
    what: str
    begin: float | None = None
    end: float | None = None
    grave: bool = False


@dataclass(frozen=True)
class Counts:
    """Of all values of a tag, which may be more than the rows that are looked at."""

    count: int
    missing: int
    low: float
    high: float
    distinct: int
    at_low: int
    at_high: int


def flaws(tags: tuple[str, ...], rows: Rows, at: Series, counts: tuple[Counts, ...], total: int) -> tuple[Flaw, ...]:
    """Of each tag. total: rows of the export."""
    found: list[Flaw] = []
    for k, tag in enumerate(tags):
        found += _of(tag, rows[:, k], at, counts[k], total)
    return tuple(found)


def _of(tag: str, values: Series, at: Series, facts: Counts, total: int) -> Iterator[Flaw]:
    missing = facts.missing / max(facts.count + facts.missing, 1)
    if missing > MUCH_MISSING:
        yield Flaw(tag, "missing", f"{missing:.0%} of its values are missing", grave=missing > 0.5)
    if facts.low == facts.high:
        yield Flaw(tag, "flat", f"never moves: always {facts.low:,.6g}")
        return
    if facts.distinct <= FEW:
        return
    at_limit = list(_at_limit(tag, facts))
    yield from at_limit
    frozen = _frozen(values)
    if frozen and not (at_limit and values[frozen[0]] in (facts.low, facts.high)):
        begin, end = frozen
        yield Flaw(
            tag, "frozen", f"stands still at {values[begin]:,.6g} for {end - begin + 1:,} rows, though it moves else",
            float(at[begin]), float(at[end]), grave=True,
        )  # fmt: skip


def _at_limit(tag: str, facts: Counts) -> Iterator[Flaw]:
    """A share of values at exactly the highest or lowest: a range that is too small, or a signal that is cut."""
    for value, count, word in ((facts.high, facts.at_high, "highest"), (facts.low, facts.at_low, "lowest")):
        share = count / max(facts.count, 1)
        if count >= 10 and share > AT_EDGE and share > 20 / facts.distinct:
            zero = value == 0 and word == "lowest"
            what = f"{share:.0%} of its values are exactly the {word}, {value:,.6g}"
            yield Flaw(tag, "at its limit", f"{what}: {'off, or cut at zero' if zero else 'a range that ends there?'}",
                       grave=not zero)  # fmt: skip


def _frozen(values: Series) -> tuple[int, int] | None:
    """First and last row of the longest run of one value, if it is far longer than is usual for this tag."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 3 * FROZEN_ROWS:
        return None
    series = values[known]
    edges = np.flatnonzero(np.append(True, series[1:] != series[:-1]))
    length = np.diff(np.append(edges, len(series)))
    longest = int(np.argmax(length))
    usual = float(np.quantile(length, 0.99)) if len(length) > 1 else 0.0
    moves = len(length) / len(series)
    if length[longest] < FROZEN_ROWS or length[longest] < 8 * max(usual, 1.0) or moves < 0.3:
        return None
    first = edges[longest]
    return int(known[first]), int(known[first + length[longest] - 1])


def clocks(rows: Rows, at: Series) -> tuple[int, ...]:
    """Places of tags that only tell the time of day: at the same time always the same value."""
    second = np.round(at % 86_400)
    seen, place, count = np.unique(second, return_inverse=True, return_counts=True)
    if len(seen) < 8 or np.median(count) < 3:
        return ()
    order = np.argsort(place, kind="stable")
    first = np.append(True, np.diff(place[order]) > 0)
    out = []
    for k in range(rows.shape[1]):
        values = rows[order, k]
        same = (values[1:] == values[:-1]) | first[1:]
        if np.nanstd(values) > 0 and same.mean() > 0.999:
            out.append(k)
    return tuple(out)
