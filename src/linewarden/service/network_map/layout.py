"""Where the boxes of the live map stand: bands by Purdue level, in them frames by zone, in those assets by role.

Unlike the map of a report (`reports/map_layout.py`), which seeks the order with the fewest crossings, this one changes
while somebody looks at it: so an asset's place depends on its own level, zone, role and name and on how many stand
before it, and not on who talks to whom. What comes later moves little. A pure function of its input, O(n log n).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linewarden.plant.model import Asset, Role
from linewarden.reports import words
from linewarden.reports.map_nodes import lane_of
from linewarden.reports.story import network

BOX_W, BOX_H = 152, 40
GAP_X, GAP_Y = 14, 12
PAD, CAPTION = 14, 24
FRAME_GAP = 22
LANE_PAD = 26
LEFT = 20
"""Left of the frames. Names of levels stand on the screen, beside the picture."""
ROW = 6
"""So many assets of a zone and level stand in one row before they make a second."""
ASPECT = 1.2
"""Width to height of a screen's room for the whole picture, and"""
FLAT = 2.4
"""of a frame."""
WIDTHS = 24
"""So many widths are tried."""
_ROLE_ORDER = {role: place for place, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an asset's box stands (upper left corner, in units of the picture), and in which frame."""

    id: str
    x: int
    y: int
    frame: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The assets of one zone on one level. `kind`: zone, line, network, or none where nothing is known."""

    title: str
    kind: str
    lane: int
    x: int
    y: int
    w: int
    h: int
    assets: int


@dataclass(frozen=True, slots=True)
class Lane:
    """The band of a level."""

    level: float | None
    y: int
    h: int
    assets: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The picture. Lanes are from the top; a frame names its lane, a place its frame, by position in these tuples."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    frames: tuple[Frame, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    title: str
    kind: str
    members: tuple[Asset, ...]
    columns: int

    @property
    def size(self) -> tuple[int, int]:
        rows = math.ceil(len(self.members) / self.columns)
        wide = self.columns * (BOX_W + GAP_X) - GAP_X + 2 * PAD
        return wide, rows * (BOX_H + GAP_Y) - GAP_Y + 2 * PAD + CAPTION


def laid_out(assets: Iterable[Asset]) -> Layout:
    """The picture of these assets."""
    lanes: dict[float | None, list[Asset]] = {level: [] for level, _, _ in words.LEVELS}
    for asset in assets:
        lanes[lane_of(asset)].append(asset)
    groups = {level: _groups(found) for level, found in lanes.items() if found}
    width = _width(groups.values())
    return _placed(groups, width)


def group_of(asset: Asset) -> tuple[str, str]:
    """The frame that an asset stands in: its title, and what kind of thing that is."""
    if asset.zone:
        return asset.zone, "zone"
    if asset.line:
        return asset.line, "line"
    net = "" if asset.public else next((n for n in map(network, asset.ips) if n), "")
    return (net, "network") if net else ("", "none")


def _groups(assets: Sequence[Asset]) -> list[_Group]:
    found: dict[tuple[str, str], list[Asset]] = {}
    for asset in assets:
        found.setdefault(group_of(asset), []).append(asset)
    order = ("zone", "line", "network", "none")
    keys = sorted(found, key=lambda k: (order.index(k[1]), words.natural(k[0])))
    return [_group(title, kind, found[title, kind]) for title, kind in keys]


def _group(title: str, kind: str, assets: list[Asset]) -> _Group:
    members = sorted(assets, key=lambda a: (_ROLE_ORDER[a.role], words.natural(a.name), a.id))
    columns = math.ceil(math.sqrt(len(members) * FLAT * (BOX_H + GAP_Y) / (BOX_W + GAP_X)))
    return _Group(title, kind, tuple(members), max(columns, min(len(members), ROW)))


def _width(lanes: Iterable[list[_Group]]) -> int:
    """How wide the picture is, so that it is shown as large as can be where all of it fills a screen."""
    rows = [[g.size for g in groups] for groups in lanes]
    widest = max((w for row in rows for w, _ in row), default=0)
    in_one_row = max((sum(w + FRAME_GAP for w, _ in row) for row in rows), default=0)
    steps = (max(in_one_row - widest, 0) * part // WIDTHS for part in range(WIDTHS + 1))
    widths = [LEFT + widest + step + LANE_PAD for step in steps]
    return min(widths, key=lambda width: max(width, ASPECT * sum(_tall(row, width) for row in rows)))


def _tall(sizes: list[tuple[int, int]], width: int) -> int:
    """How high a lane is: see `_place_lane`."""
    x, y, tallest = LEFT, 0, 0
    for w, h in sizes:
        if x > LEFT and x + w > width - LANE_PAD:
            x, y, tallest = LEFT, y + tallest + FRAME_GAP, 0
        x, tallest = x + w + FRAME_GAP, max(tallest, h)
    return y + tallest + 2 * LANE_PAD


def _placed(groups: dict[float | None, list[_Group]], width: int) -> Layout:
    lanes: list[Lane] = []
    frames: list[Frame] = []
    places: list[Place] = []
    top = 0
    for level, found in groups.items():
        bottom = _place_lane(found, width, top + LANE_PAD, len(lanes), frames, places)
        lanes.append(Lane(level, top, bottom + LANE_PAD - top, sum(len(g.members) for g in found)))
        top = bottom + LANE_PAD
    return Layout(width, top, tuple(lanes), tuple(frames), tuple(places))


def _place_lane(groups: list[_Group], width: int, top: int, lane: int, frames: list[Frame], places: list[Place]) -> int:
    """Frames side by side, in as many rows as they need. Returns the lower edge."""
    x, y, tallest = LEFT, top, 0
    for group in groups:
        w, h = group.size
        if x > LEFT and x + w > width - LANE_PAD:
            x, y, tallest = LEFT, y + tallest + FRAME_GAP, 0
        places.extend(_boxes(group, x + PAD, y + PAD + CAPTION, len(frames)))
        frames.append(Frame(group.title, group.kind, lane, x, y, w, h, len(group.members)))
        x, tallest = x + w + FRAME_GAP, max(tallest, h)
    return y + tallest


def _boxes(group: _Group, x: int, y: int, frame: int) -> Iterable[Place]:
    for at, asset in enumerate(group.members):
        row, column = divmod(at, group.columns)
        yield Place(asset.id, x + column * (BOX_W + GAP_X), y + row * (BOX_H + GAP_Y), frame)
