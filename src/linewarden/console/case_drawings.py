"""Geometry of the drawings of a case: when what happened, who did what to whom, and how far in the ATT&CK matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linewarden.api.routes.notices import ORDER, NoticeRow
from linewarden.cases.model import STAGES
from linewarden.detections.attack import TECHNIQUES, Technique

MOST_NODES = 7
"""Assets of a side that are drawn; the list beside the drawing has all."""
NODE_HIGH, NODE_WIDE, GAP, WIDE = 46.0, 250.0, 16.0, 760.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A notice in a lane, in percent of its width."""

    notice: NoticeRow
    at: float
    wide: float


@dataclass(frozen=True, slots=True)
class Lane:
    """What belongs to one tactic, by time."""

    tactic: str
    marks: tuple[Mark, ...]


def lanes(notices: Sequence[NoticeRow]) -> list[Lane]:
    """The timeline: a lane for each tactic that was seen, in the order of the matrix."""
    begin = min((n.ts_ns for n in notices), default=0)
    end = max((_until(n) for n in notices), default=0)
    span = max(end - begin, 1)
    found = []
    for tactic in STAGES:
        marks = [
            Mark(n, round(2 + 96 * (n.ts_ns - begin) / span, 2), round(96 * (_until(n) - n.ts_ns) / span, 2))
            for n in notices
            if n.tactic == tactic
        ]
        if marks:
            marks.sort(key=lambda m: ORDER.index(m.notice.severity))  # the worst is drawn last: on top
            found.append(Lane(tactic, tuple(marks)))
    return found


def _until(notice: NoticeRow) -> int:
    return max(notice.ts_ns, round(notice.until.timestamp() * 1e9) if notice.until else 0)


@dataclass(frozen=True, slots=True)
class Node:
    """An asset in the drawing of who did what to whom. `known`: there is a page of it."""

    id: str
    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """What one did to another: its path, where the number stands, and how often what was told."""

    orig: str
    resp: str
    severity: str
    count: int
    titles: tuple[str, ...]
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Doings:
    """Who did what to whom: those who act at the left, those to whom it was done at the right. `left_out`: arrows."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    high: float
    pairs: tuple[Arrow, ...]
    left_out: int


def doings(notices: Sequence[NoticeRow]) -> Doings:
    """The drawing. All pairs are in `pairs`, the worst first, also those that it has no place for."""
    told: dict[tuple[str, str], list[NoticeRow]] = {}
    for n in notices:
        told.setdefault((n.orig or n.orig_h, n.resp or n.resp_h), []).append(n)
    pairs = sorted(told, key=lambda p: (-_worst(told[p]), -sum(n.count for n in told[p]), p))
    left, right = _sides(pairs)
    high = max(len(left), len(right), 1) * (NODE_HIGH + GAP) - GAP + 8
    places = {(0, a): _y(n, len(left), high) for n, a in enumerate(left)}
    places |= {(1, a): _y(n, len(right), high) for n, a in enumerate(right)}
    names = {(n.orig or n.orig_h): n.orig_name or n.orig_h for n in notices}
    names |= {(n.resp or n.resp_h): n.resp_name or n.resp_h for n in notices}
    nodes = [Node(a, names[a] or a, 4 if side == 0 else WIDE - NODE_WIDE - 4, y) for (side, a), y in places.items()]
    drawn = [p for p in pairs if (0, p[0]) in places and (p[1] in ("", p[0]) or (1, p[1]) in places)]
    arrows = [_arrow(p, told[p], names, places) for p in pairs]
    shown = [a for p, a in zip(pairs, arrows, strict=True) if p in drawn and a.path]
    return Doings(tuple(nodes), tuple(shown), high, tuple(arrows), len(pairs) - len(drawn))


def _sides(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    left = list(dict.fromkeys(orig for orig, _ in pairs))[:MOST_NODES]
    right = list(dict.fromkeys(resp for orig, resp in pairs if resp and resp != orig and orig in left))[:MOST_NODES]
    return left, right


def _y(number: int, of: int, high: float) -> float:
    """The side with fewer nodes stands in the middle."""
    whole = of * (NODE_HIGH + GAP) - GAP
    return round((high - whole) / 2 + number * (NODE_HIGH + GAP), 1)


def _worst(notices: Sequence[NoticeRow]) -> int:
    return max(ORDER.index(n.severity) for n in notices)


def _arrow(
    pair: tuple[str, str], told: Sequence[NoticeRow], names: dict[str, str], places: dict[tuple[int, str], float]
) -> Arrow:
    orig, resp = pair
    titles = tuple(dict.fromkeys(n.title for n in sorted(told, key=lambda n: -ORDER.index(n.severity))))
    a, b = places.get((0, orig)), places.get((1, resp))
    path, x, y = "", 0.0, 0.0
    if a is not None and b is not None:
        x1, x2, y1, y2 = NODE_WIDE + 4, WIDE - NODE_WIDE - 12, a + NODE_HIGH / 2, b + NODE_HIGH / 2
        bend = (x2 - x1) / 2
        path = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
        x, y = _on_way(x1, y1, x2, y2, 0.7 if _apart(places, 1) else 0.3)
    return Arrow(
        names[orig] or orig, names[resp] or resp, ORDER[_worst(told)], sum(n.count for n in told), titles, path, x, y
    )


def _apart(places: dict[tuple[int, str], float], side: int) -> bool:
    """More nodes are on this side than on the other: there the arrows lie apart, and their numbers do not overlap."""
    return sum(at == side for at, _ in places) * 2 > len(places)


def _on_way(x1: float, y1: float, x2: float, y2: float, t: float) -> tuple[float, float]:
    """A point of the curve, `t` 0..1 (cubic Bezier whose tangents at both ends are level, meeting in the middle)."""
    rise = t * t * (3 - 2 * t)
    middle = (x1 + x2) / 2
    x = (1 - t) ** 3 * x1 + 3 * (1 - t) * t * middle + t**3 * x2
    return round(x, 1), round(y1 + (y2 - y1) * rise, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """A tactic of the matrix: techniques that were seen, and those that were not."""

    tactic: str
    seen: tuple[Technique, ...]
    others: tuple[Technique, ...]


def matrix(seen: dict[str, list[str]]) -> list[Column]:
    """ATT&CK for ICS with what was seen. A technique stands where the detection puts it, and in its own tactics."""
    found = []
    for tactic in STAGES:
        here = [TECHNIQUES[t] for t in seen.get(tactic, ()) if t in TECHNIQUES]
        others = [t for t in TECHNIQUES.values() if tactic in t.tactics and t not in here]
        found.append(Column(tactic, tuple(here), tuple(sorted(others, key=lambda t: t.name))))
    return found
