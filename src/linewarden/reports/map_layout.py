"""Where the map's boxes and lines stand: swim lanes by Purdue level, boxes of one network side by side.

A layered drawing after Sugiyama, Tagawa and Toda (1981): lanes are given by the level, so that only the order within a
lane is sought. Barycentre sweeps (each box towards the mean of those it talks to) shorten and uncross the lines. All
of it is a pure function of its input: the same plant gives the same picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from linewarden.plant.model import Plant
from linewarden.reports import words
from linewarden.reports.map_nodes import Edge, Node, edges_of, nodes_of
from linewarden.reports.view import PlantView

WIDTH = 1344.0
LABEL = 138.0
BOX_W, BOX_H = 164.0, 46.0
GAP_X, GAP_Y = 18.0, 14.0
PAD = 11.0
BLOCK_GAP = 10.0
LANE_PAD = 20.0
CAPTION = 15.0
COLUMNS = 6
SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Box:
    """A node with its place (upper left corner, in user units of the drawing) and texts cut to fit."""

    node: Node
    x: float
    y: float
    title: str
    subtitle: str
    label: str
    """What a screen reader says."""
    top: float
    bottom: float
    """The upper and lower edge of its column: lines run beside the boxes of a column, not across them."""


@dataclass(frozen=True, slots=True)
class Block:
    """A frame round boxes of one zone or network."""

    x: float
    y: float
    w: float
    h: float
    title: str
    odd: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A level's band."""

    y: float
    h: float
    number: str
    name: str
    note: str
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as an SVG path. `width` is by traffic, 1.2 to 5."""

    edge: Edge
    path: str
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class MapView:
    """The picture."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    blocks: tuple[Block, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    left_out: int
    folded: bool
    box_w: float = BOX_W
    box_h: float = BOX_H


@dataclass(slots=True)
class _Grid:
    """The boxes of one block while their order is sought: filled column by column, `rows` high."""

    title: str
    nodes: list[Node]
    rows: int = 1

    @property
    def columns(self) -> int:
        return math.ceil(len(self.nodes) / self.rows)

    @property
    def width(self) -> float:
        return self.columns * BOX_W + (self.columns - 1) * GAP_X + 2 * PAD


def map_view(plant: Plant, view: PlantView) -> MapView:
    """Fold, order, place and connect."""
    nodes = nodes_of(view.assets, plant)
    edges, left_out = edges_of(nodes, plant, view.index)
    lanes = {level: _grids([n for n in nodes if n.lane == level]) for level in dict.fromkeys(n.lane for n in nodes)}
    _order(lanes, _neighbours(edges))
    canvas = _place(lanes)
    boxes, heaviest = canvas.boxes, max((e.bytes for e in edges), default=1)
    return MapView(
        width=WIDTH,
        height=canvas.height,
        lanes=tuple(canvas.bands),
        blocks=tuple(canvas.blocks),
        boxes=tuple(boxes.values()),
        lines=tuple(_line(e, boxes[e.source], boxes[e.target], heaviest, canvas.rows) for e in edges),
        left_out=left_out,
        folded=any(n.is_group for n in nodes),
    )


def _grids(nodes: list[Node]) -> list[_Grid]:
    """Blocks of a lane, as low as they fit the width; one unframed block where there are too many networks."""
    blocks: dict[str, list[Node]] = {}
    for node in nodes:
        blocks.setdefault(node.block, []).append(node)
    for rows in range(1, len(nodes) + 1):
        grids = [_Grid(title, members, min(rows, len(members))) for title, members in blocks.items()]
        if _lane_width(grids) <= WIDTH - LABEL - 16:
            return grids
    return [_Grid("", nodes, math.ceil(len(nodes) / COLUMNS))]


def _lane_width(grids: list[_Grid]) -> float:
    return sum(g.width for g in grids) + BLOCK_GAP * (len(grids) - 1)


def _neighbours(edges: tuple[Edge, ...]) -> Mapping[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    for edge in edges:
        pull = {"change": 3.0, "read": 2.0}.get(edge.kind, 1.0)
        found.setdefault(edge.source, []).append((edge.target, pull))
        found.setdefault(edge.target, []).append((edge.source, pull))
    return found


def _order(lanes: dict[float | None, list[_Grid]], near: Mapping[str, list[tuple[str, float]]]) -> None:
    """Sort boxes in their block, and blocks in their lane, by the mean place of those they talk to."""
    for _ in range(SWEEPS):
        for grids in lanes.values():
            at = _centres(lanes)
            pulled = {n.key: _mean(n, near, at) for grid in grids for n in grid.nodes}
            for grid in grids:
                grid.nodes.sort(key=lambda n: (pulled[n.key], words.natural(n.title), n.key))
            grids.sort(key=lambda g: (sum(pulled[n.key] for n in g.nodes) / len(g.nodes), g.title))


def _mean(node: Node, near: Mapping[str, list[tuple[str, float]]], at: Mapping[str, float]) -> float:
    pulls = near.get(node.key, [])
    total = sum(weight for _, weight in pulls)
    return sum(at[key] * weight for key, weight in pulls) / total if total else at[node.key]


def _centres(lanes: dict[float | None, list[_Grid]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for grids in lanes.values():
        for grid, x in _starts(grids):
            for at, node in enumerate(grid.nodes):
                found[node.key] = x + PAD + (at // grid.rows) * (BOX_W + GAP_X) + BOX_W / 2
    return found


def _starts(grids: list[_Grid]) -> list[tuple[_Grid, float]]:
    """Each block with its left edge: the lane is centred."""
    x = LABEL + max(0.0, (WIDTH - LABEL - 8 - _lane_width(grids)) / 2)
    found = []
    for grid in grids:
        found.append((grid, x))
        x += grid.width + BLOCK_GAP
    return found


@dataclass(slots=True)
class _Rank:
    """Where the boxes of a lane stand: between which y, and in which x intervals. Lines pass in the gaps."""

    top: float
    bottom: float
    taken: list[tuple[float, float]]

    def gap(self, x: float) -> float:
        """The x nearest to `x` where a line passes no box."""
        for left, right in self.taken:
            if left < x < right:
                return left if x - left <= right - x else right
        return x


@dataclass(slots=True)
class _Canvas:
    """What is placed so far."""

    boxes: dict[str, Box]
    rows: list[_Rank]
    bands: list[Lane]
    blocks: list[Block]
    height: float = 0.0


def _place(lanes: dict[float | None, list[_Grid]]) -> _Canvas:
    canvas = _Canvas({}, [], [], [])
    for level, name, note in words.LEVELS:
        if grids := lanes.get(level):
            tall = _place_lane(canvas, grids, canvas.height + LANE_PAD) + 2 * LANE_PAD
            count = sum(len(node.members) for grid in grids for node in grid.nodes)
            canvas.bands.append(Lane(canvas.height, tall, words.level_number(level), name, note, count))
            canvas.height += tall
    return canvas


def _place_lane(canvas: _Canvas, grids: list[_Grid], top: float) -> float:
    """Place the blocks of one lane from y `top` on; returns how tall they are."""
    caption = CAPTION if any(grid.title for grid in grids) else 0.0
    tallest = 0.0
    rank = _Rank(top + caption + PAD, top, [])
    canvas.rows.append(rank)
    for grid, x in _starts(grids):
        tall = grid.rows * (BOX_H + GAP_Y) - GAP_Y + 2 * PAD + caption
        tallest = max(tallest, tall)
        if grid.title:
            odd = len(canvas.bands) % 2 == 0
            canvas.blocks.append(Block(x, top, grid.width, tall, words.fit(grid.title, grid.width - 16, 11), odd))
        first = top + caption + PAD
        for at, node in enumerate(grid.nodes):
            column, row = divmod(at, grid.rows)
            last = min(grid.rows, len(grid.nodes) - column * grid.rows) - 1
            y, bottom = first + row * (BOX_H + GAP_Y), first + last * (BOX_H + GAP_Y) + BOX_H
            box = _box(node, x + PAD + column * (BOX_W + GAP_X), y, first, bottom)
            canvas.boxes[node.key] = box
            rank.bottom = max(rank.bottom, bottom)
            if row == 0:
                rank.taken.append((box.x - GAP_X / 2, box.x + BOX_W + GAP_X / 2))
    return tallest


def _box(node: Node, x: float, y: float, top: float, bottom: float) -> Box:
    room = BOX_W - 44
    said = f"{node.title}, {node.subtitle}, level {words.level_number(node.lane)}"
    said += ", a group" if node.is_group else ""
    texts = words.fit(node.title, room, 12), words.fit(node.subtitle, room, 10.5)
    return Box(node, round(x, 1), round(y, 1), *texts, said, round(top, 1), round(bottom, 1))


def _line(edge: Edge, a: Box, b: Box, heaviest: int, rows: list[_Rank]) -> Line:
    share = math.log1p(edge.bytes) / math.log1p(max(1, heaviest))
    kind = {"change": "changes", "read": "reads"}.get(edge.kind, "talks to")
    label = f"{a.node.title} {kind} {b.node.title}: {edge.label or 'protocol not known'}, {words.size(edge.bytes)}"
    return Line(edge, _path(a, b, rows), round(1.2 + 3.8 * share**3, 1), label)


def _path(a: Box, b: Box, rows: list[_Rank]) -> str:
    """From `a` to `b`; between lanes it leaves and enters by the side that faces the other, runs beside the boxes of
    a column where others stand in between, and through the gaps of the lanes that it crosses."""
    if a.node.lane == b.node.lane:
        return _along(a, b)
    down = a.y < b.y
    turn = 6 if down else -6
    x1, y1 = a.x + BOX_W / 2, a.bottom if down else a.top
    start, end = f"M{x1:g} {y1:g}", ""
    if y1 != (a.y + BOX_H if down else a.y):
        x1, side = a.x + BOX_W + GAP_X / 2, a.y + BOX_H / 2
        start = f"M{a.x + BOX_W:g} {side:g}H{x1 - 6:g}Q{x1:g} {side:g} {x1:g} {side + turn:g}V{y1:g}"
    x2, y2 = b.x + BOX_W / 2, b.top if down else b.bottom
    if y2 != (b.y if down else b.y + BOX_H):
        x2, side = b.x - GAP_X / 2, b.y + BOX_H / 2
        end = f"V{side - turn:g}Q{x2:g} {side:g} {x2 + 5:g} {side:g}H{b.x:g}"
    return start + _through(x1, y1, x2, y2, rows) + end


def _through(x1: float, y1: float, x2: float, y2: float, rows: list[_Rank]) -> str:
    """A smooth curve from one lane to another that crosses the lanes in between where no box stands."""
    down = y1 < y2
    low, high = min(y1, y2), max(y1, y2)
    between = [rank for rank in rows if rank.top > low + 1 and rank.bottom < high - 1]
    path, x, y = "", x1, y1
    for rank in between if down else reversed(between):
        enter, leave = (rank.top, rank.bottom) if down else (rank.bottom, rank.top)
        at = rank.gap(x + (x2 - x) * (enter - y) / (y2 - y))
        path += f"{_curve(x, y, at, enter)}V{leave:g}"
        x, y = at, leave
    return path + _curve(x, y, x2, y2)


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    middle = (y1 + y2) / 2
    return f"C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {y2:g}"


def _along(a: Box, b: Box) -> str:
    """Within a lane: beside a column, below a row, or from side to side."""
    y1, y2 = a.y + BOX_H / 2, b.y + BOX_H / 2
    if a.x == b.x:
        x = a.x + BOX_W
        return f"M{x:g} {y1:g}C{x + 16:g} {y1:g} {x + 16:g} {y2:g} {x:g} {y2:g}"
    if a.y == b.y:
        dip = a.y + BOX_H + min(34.0, 12 + abs(a.x - b.x) / 18)
        x1, x2, y = a.x + BOX_W / 2, b.x + BOX_W / 2, a.y + BOX_H
        return f"M{x1:g} {y:g}C{x1:g} {dip:g} {x2:g} {dip:g} {x2:g} {y:g}"
    x1, x2 = (a.x + BOX_W, b.x) if a.x < b.x else (a.x, b.x + BOX_W)
    mid = (x1 + x2) / 2
    return f"M{x1:g} {y1:g}C{mid:g} {y1:g} {mid:g} {y2:g} {x2:g} {y2:g}"
