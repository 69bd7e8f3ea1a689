"""Tags that lie near one another, joined into few requests. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Span:
    """`count` registers (or bits, or bytes) from `start` on. key: whose they are."""

    start: int
    count: int
    key: int

    @property
    def end(self) -> int:
        """The first one behind."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Block:
    """One request: from the first register of a tag to the last of a tag, with all spans whole in it."""

    start: int
    count: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """most: registers in a request. hole: registers nobody wants that may be read along between two tags."""

    most: int
    hole: int


class Refused:
    """What a device refused, remembered: no later plan asks for it again.

    walls: (first, behind) of registers that no tag wants and that may not be read along. cuts: starts of tags that are
    not joined to what lies before them. gone: keys of tags that are refused alone.
    """

    def __init__(self) -> None:
        self.walls: set[tuple[int, int]] = set()
        self.cuts: set[int] = set()
        self.gone: set[int] = set()

    def learn(self, block: Block) -> str:
        """Makes the next plan split the block: at its widest hole (of several, that nearest its middle), else between
        its tags. The answer: "hole", "cut", or "gone" where a single tag (or tags that overlap) is refused and is asked
        for no longer."""
        edges = _edges(block.spans)
        holes = [(end, start) for end, start in edges if start > end]
        if holes:
            middle = block.start + block.count / 2
            self.walls.add(max(holes, key=lambda hole: (hole[1] - hole[0], -abs(hole[0] - middle))))
            return "hole"
        if edges:
            self.cuts.add(edges[len(edges) // 2][1])
            return "cut"
        self.gone.update(s.key for s in block.spans)
        return "gone"


def _edges(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """(end of all before, start) wherever a block may be divided without cutting a tag."""
    found, end = [], spans[0].end
    for span in spans[1:]:
        if span.start >= end:
            found.append((end, span.start))
        end = max(end, span.end)
    return found


def plan(spans: Iterable[Span], limits: Limits, refused: Refused | None = None) -> list[Block]:
    """The fewest requests that hold every span whole, once each, in order of address.

    A block ends where the next span would make it too long, lies behind too wide a hole, or behind a refused one. To
    take from the left what fits is the fewest there can be. A span longer than `limits.most` is the caller's mistake.
    """
    refused = refused or Refused()
    walls = _Walls(refused.walls)
    blocks: list[Block] = []
    group: list[Span] = []
    end = 0
    for span in sorted((s for s in spans if s.key not in refused.gone), key=lambda s: (s.start, s.count, s.key)):
        if group and not _joins(group[0].start, end, span, limits, refused.cuts, walls):
            blocks.append(Block(group[0].start, end - group[0].start, tuple(group)))
            group = []
        end = max(end, span.end) if group else span.end
        group.append(span)
    if group:
        blocks.append(Block(group[0].start, end - group[0].start, tuple(group)))
    return blocks


class _Walls:
    """Refused ranges, so that one between two tags is found without looking at all."""

    def __init__(self, walls: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(walls)
        self._firsts = [first for first, _ in ordered]
        self._behinds = list(accumulate((behind for _, behind in ordered), max))

    def between(self, end: int, start: int) -> bool:
        """Whether one has registers from `end` to before `start`."""
        at = bisect_left(self._firsts, start)
        return at > 0 and self._behinds[at - 1] > end


def _joins(start: int, end: int, span: Span, limits: Limits, cuts: set[int], walls: _Walls) -> bool:
    if max(end, span.end) - start > limits.most or span.start - end > limits.hole:
        return False
    if span.start < end:  # they overlap: what lies between is wanted
        return True
    return span.start not in cuts and not walls.between(end, span.start)
