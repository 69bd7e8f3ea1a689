"""What the map draws: one node an asset while that stays legible, one node a family of assets where it would not.

Each lane (Purdue level) has a budget of nodes. Past it the assets that matter most keep their own node, and the rest
are folded by the finest key that fits: network, role and vendor; then network and role; role and vendor; role; all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from linewarden.plant.model import Asset, Conversation, Plant, Role
from linewarden.plant.vocabulary import OT, protocol
from linewarden.reports import words
from linewarden.reports.story import changes, network
from linewarden.reports.view import AssetRow

ROOMY = 60
"""Assets up to which all lanes together may draw each asset."""
WIDE = 28
"""Nodes a lane may have while the plant is small."""
NARROW = 14
"""Nodes a lane may have when it is not."""
KEPT = 5
"""Assets that keep their own node in a folded lane, if no more than these stand out (they write, or a finding names
them)."""
MOST_EDGES = 420
"""Lines drawn; past it the lightest are left out (and the map says so)."""

_VERBS_OT = frozenset(words.LOOKS) - {"authenticate", "acknowledge"}


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the map. `members` are indices of asset rows; one for a single asset."""

    key: str
    lane: float | None
    block: str
    """Zone or network it is drawn in; empty for none."""
    title: str
    subtitle: str
    icon: str
    members: tuple[int, ...]
    state: str = ""

    @property
    def is_group(self) -> bool:
        """It stands for more than one asset."""
        return len(self.members) > 1


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two nodes (their keys). `kind` is change, read or other; `source` is the one that asks."""

    source: str
    target: str
    kind: str
    bytes: int
    talks: int
    label: str


def nodes_of(rows: tuple[AssetRow, ...], plant: Plant) -> tuple[Node, ...]:
    """The nodes of every lane, lanes from the top."""
    small = len(rows) <= ROOMY
    weight = _weights(plant)
    lanes: dict[float | None, list[AssetRow]] = {level: [] for level, _, _ in words.LEVELS}
    for row in rows:
        lanes[lane_of(row.asset)].append(row)
    found: list[Node] = []
    for level, members in lanes.items():
        budget = WIDE if small else NARROW
        found += [_single(r) for r in members] if len(members) <= budget else _fold(level, members, budget, weight)
    return tuple(found)


def lane_of(asset: Asset) -> float | None:
    """The lane an asset is drawn in: its level, or the one for unknown levels."""
    return asset.level if any(asset.level == level for level, _, _ in words.LEVELS) else None


def _weights(plant: Plant) -> Mapping[str, tuple[int, int]]:
    """How much an asset matters to the picture: changes it asks for, findings about few that name it."""
    asked: dict[str, int] = {}
    for talk in plant.conversations:
        if changes(talk):
            asked[talk.source] = asked.get(talk.source, 0) + 1
    named: dict[str, int] = {}
    for finding in plant.exposures:
        if len(finding.assets) <= KEPT:
            for asset_id in finding.assets:
                named[asset_id] = named.get(asset_id, 0) + 1
    return {a.id: (asked.get(a.id, 0), named.get(a.id, 0)) for a in plant.assets}


def _fold(level: float | None, rows: list[AssetRow], budget: int, weight: Mapping[str, tuple[int, int]]) -> list[Node]:
    notable = [r for r in rows if any(weight.get(r.asset.id, (0, 0)))]
    kept = notable if len(notable) <= KEPT else []
    rest = [r for r in rows if r not in kept]
    families: dict[tuple[str, ...], list[AssetRow]] = {}
    for key in _KEYS:
        families = {}
        for row in rest:
            families.setdefault(key(row), []).append(row)
        if len(families) + len(kept) <= budget:
            break
    grouped = [_single(m[0]) if len(m) == 1 else _group(level, m) for m in families.values()]
    return [_single(r) for r in kept] + grouped


def _block(row: AssetRow) -> str:
    asset = row.asset
    if asset.public:
        return ""
    return words.clean(asset.zone or asset.line, 40) or next((n for n in map(network, asset.ips) if n), "")


_KEYS: tuple[Callable[[AssetRow], tuple[str, ...]], ...] = (
    lambda r: (_block(r), r.role_key, r.vendor),
    lambda r: (_block(r), r.role_key),
    lambda r: (r.role_key, r.vendor),
    lambda r: (r.role_key,),
    lambda r: (),
)


def _single(row: AssetRow) -> Node:
    maker = " ".join(p for p in (row.vendor, row.model if row.model != row.name else "") if p)
    address = row.ips[0] if row.ips else row.macs[0] if row.macs else ""
    subtitle = address if address and address != row.name else maker or row.role
    return Node(
        key=f"a{row.index}",
        lane=lane_of(row.asset),
        block=_block(row),
        title=row.name,
        subtitle=subtitle,
        icon=icon(row.asset),
        members=(row.index,),
        state=row.state,
    )


def _group(level: float | None, rows: list[AssetRow]) -> Node:
    roles = {r.asset.role for r in rows}
    vendors = {r.vendor for r in rows}
    blocks = {_block(r) for r in rows}
    noun = words.short_role(next(iter(roles)), len(rows)) if len(roles) == 1 else "devices"
    public = all(r.asset.public for r in rows)
    block = next(iter(blocks)) if len(blocks) == 1 else ""
    vendor = next(iter(vendors)) if len(vendors) == 1 else ""
    return Node(
        key=f"g{rows[0].index}",
        lane=level,
        block=block,
        title=f"{len(rows):,} {'addresses' if public else noun}",
        subtitle="public" if public else vendor or block or ("several vendors" if any(vendors) else "vendor not known"),
        icon=icon(rows[0].asset) if len(roles) == 1 else "unknown",
        state=rows[0].state if len({r.state for r in rows}) == 1 else "",
        members=tuple(r.index for r in rows),
    )


def icon(asset: Asset) -> str:
    """The symbol of an asset: its role's, a globe for a public address."""
    return "public" if asset.public else role_icon(asset.role)


def role_icon(role: Role) -> str:
    """The symbol of a role; some share one."""
    return {
        Role.BUILDING_CONTROLLER: "controller", Role.RTU: "controller", Role.SCADA: "server", Role.MES: "server",
    }.get(role, role.value)  # fmt: skip


def kind_of(talk: Conversation) -> str:
    """How a line is drawn: `change` if it changes something in the target, `read` for process data, else `other`."""
    if changes(talk):
        return "change"
    process = any(verb in _VERBS_OT for verb, _ in talk.verbs) or any(protocol(p) in OT for p in talk.protocols)
    return "read" if process else "other"


def edges_of(nodes: Iterable[Node], plant: Plant, index: Mapping[str, int]) -> tuple[tuple[Edge, ...], int]:
    """The lines between different nodes, faintest first so that those that change something lie on top; and how many
    were left out. Broadcasts and multicasts have no line."""
    home = {member: node.key for node in nodes for member in node.members}
    sums: dict[tuple[str, str, str], list[int]] = {}
    spoken: dict[tuple[str, str, str], dict[str, None]] = {}
    for talk in plant.conversations:
        source, target = home.get(index.get(talk.source, -1)), home.get(index.get(talk.target, -1))
        if talk.group or source is None or target is None or source == target:
            continue
        kind = kind_of(talk)
        total = sums.setdefault((source, target, kind), [0, 0])
        total[0] += talk.bytes
        total[1] += 1
        spoken.setdefault((source, target, kind), {}).update(dict.fromkeys(map(words.protocol, talk.protocols)))
    order = {"other": 0, "read": 1, "change": 2}
    edges = sorted(
        (Edge(s, t, k, amount, talks, words.listed(spoken[s, t, k], 3)) for (s, t, k), (amount, talks) in sums.items()),
        key=lambda e: (order[e.kind], e.bytes, e.source, e.target),
    )
    return tuple(edges[-MOST_EDGES:]), max(0, len(edges) - MOST_EDGES)
