"""What a machine did when: spans of one kind, without overlap, from states that overlap, repeat or are missing."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

SECOND = 1_000_000_000


class Kind(StrEnum):
    """What an instant counts as. Where several are told for it, the last in this order holds."""

    RUN = "run"
    SETUP = "setup"
    STOP = "stop"
    PLANNED = "planned"
    UNKNOWN = "unknown"


_RANK = {Kind.UNKNOWN: 0, Kind.RUN: 1, Kind.SETUP: 2, Kind.STOP: 3, Kind.PLANNED: 4}
"""A planned stop is no loss, whatever else is told; a stop beats `run`; unknown is what nobody tells."""


@dataclass(frozen=True, slots=True)
class Span:
    """begin, end: ns UTC, end not in it. reason: in the site's own words."""

    begin: int
    end: int
    kind: Kind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Made at one instant (ns UTC): all of them, and those that were not good."""

    at: int
    made: float
    rejected: float = 0.0


def flat(spans: Iterable[Span]) -> list[Span]:
    """The same times without overlap and in order; each instant counts once, as the kind that holds.

    Spans that follow each other and say the same are one, so that repeated or cut ones change nothing.
    """
    found: list[Span] = []
    for span in _swept(sorted((s for s in spans if s.end > s.begin), key=lambda s: s.begin)):
        last = found[-1] if found else None
        if last and last.end == span.begin and (last.kind, last.reason) == (span.kind, span.reason):
            found[-1] = Span(last.begin, span.end, last.kind, last.reason)
        else:
            found.append(span)
    return found


def _swept(spans: Sequence[Span]) -> Iterator[Span]:
    """From edge to edge, what holds in between."""
    edges = sorted({s.begin for s in spans} | {s.end for s in spans})
    open_: list[tuple[int, str, int]] = []  # best first: (-rank, reason, end)
    at = 0
    for begin, end in itertools.pairwise(edges):
        while at < len(spans) and spans[at].begin <= begin:
            heapq.heappush(open_, (-_RANK[spans[at].kind], spans[at].reason, spans[at].end))
            at += 1
        while open_ and open_[0][2] <= begin:
            heapq.heappop(open_)
        if open_:
            yield Span(begin, end, _OF_RANK[-open_[0][0]], open_[0][1])


_OF_RANK = {rank: kind for kind, rank in _RANK.items()}


def from_states(
    states: Iterable[tuple[int, float]], kinds: Mapping[float, Kind], stale: int, until: int | None = None
) -> list[Span]:
    """Spans of a tag's values, (ns UTC, value), in the order of time: each holds until the next, at most `stale` ns,
    and nothing is known after that. A value that is not in `kinds` is unknown. until: when the last one ends at most.
    """
    rows = list(states)
    ends = [at for at, _ in rows[1:]] + [until if until is not None else (rows[-1][0] if rows else 0)]
    return [
        Span(at, min(end, at + stale), kinds[value], f"state {value:g}")
        for (at, value), end in zip(rows, ends, strict=True)
        if value in kinds
    ]


def from_pieces(pieces: Sequence[Pieces], ideal: float, patience: float = 3.0) -> list[Span]:
    """Spans of a machine that has no state: it runs while the next piece comes within `patience` ideal times a piece
    (s), and stops else. Without pieces before or after nothing is known."""
    made = [p for p in pieces if p.made > 0]
    spans = []
    for before, then in itertools.pairwise(made):
        took = int(ideal * then.made * SECOND)
        if then.at - before.at <= patience * took:
            spans.append(Span(before.at, then.at, Kind.RUN))
        else:
            spans += [Span(before.at, then.at - took, Kind.STOP, "no piece"), Span(then.at - took, then.at, Kind.RUN)]
    return spans


def from_counters(made: Iterable[tuple[int, float]], rejected: Iterable[tuple[int, float]] = ()) -> list[Pieces]:
    """What two counters rose by, reading by reading; a fall is a reset and counts as its new state."""
    grown: dict[int, list[float]] = {}
    for place, counter in enumerate((made, rejected)):
        last: float | None = None
        for at, value in counter:
            if last is not None and value != last:
                grown.setdefault(at, [0.0, 0.0])[place] += value - last if value > last else max(value, 0.0)
            last = value
    return [Pieces(at, made_, bad) for at, (made_, bad) in sorted(grown.items())]
