"""Zones that the network suggests for assets that are in none, each with the reason.

IEC 62443-3-2 asks to part business from control (ZCR 3.2), safety from all else (ZCR 3.3), and to group by location
and function (3.1): so by line where one is known, else by VLAN, else by network; and in a network by what stands there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linewarden.plant.model import Asset, Role
from linewarden.reports import words
from linewarden.reports.story import network

Key = tuple[str, str, str]
"""Why, which, and tier."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A zone that there could be, or that there is and that these assets fit into (`joins`).

    `why`: line, vlan, network or safety; `detail`: which. `tier`: office, dmz, site, control, safety; empty if unknown.
    """

    name: str
    why: str
    detail: str
    tier: str
    joins: bool
    assets: tuple[str, ...]


def suggested(assets: Iterable[Asset]) -> list[Suggestion]:
    """What to do with the assets that are in no zone, the most first."""
    all_ = [a for a in assets if not a.public]
    keys = _keys(all_)
    there = _zones(all_, keys)
    groups: dict[Key, list[str]] = {}
    for asset in all_:
        if not asset.zone and asset.id in keys:
            groups.setdefault(keys[asset.id], []).append(asset.id)
    found = [
        Suggestion(there.get(key) or _name(*key), *key, key in there, tuple(sorted(ids))) for key, ids in groups.items()
    ]
    return sorted(found, key=lambda s: (-len(s.assets), words.natural(s.name)))


def _keys(assets: Sequence[Asset]) -> dict[str, Key]:
    """By asset; one whose level nobody knows goes with the most of its place."""
    vlans = Counter(v for a in assets for v in a.vlans)
    found = {a.id: key for a in assets if (key := _key(a, vlans)) is not None}
    tiers: dict[tuple[str, str], Counter[str]] = {}
    for why, detail, tier in found.values():
        tiers.setdefault((why, detail), Counter())[tier] += bool(tier)
    return {
        asset: (why, detail, tier or tiers[why, detail].most_common(1)[0][0])
        for asset, (why, detail, tier) in found.items()
    }


def _zones(assets: Sequence[Asset], keys: dict[str, Key]) -> dict[Key, str]:
    """The zone that most of the assets of a kind are in, if they are more than half of that zone, too."""
    sizes = Counter(a.zone for a in assets if a.zone)
    both = Counter((keys[a.id], a.zone) for a in assets if a.zone and a.id in keys)
    return {key: zone for (key, zone), count in reversed(both.most_common()) if zone and count * 2 > sizes[zone]}


def _key(asset: Asset, vlans: Counter[int]) -> Key | None:
    net = next((n for n in map(network, asset.ips) if n), "")
    if asset.role is Role.SAFETY_CONTROLLER:
        return "safety", asset.line or net, "safety"
    if asset.line:
        return "line", asset.line, tier(asset.level)
    shared = [v for v in asset.vlans if vlans[v] > 1]
    if len(shared) == 1:
        return "vlan", str(shared[0]), tier(asset.level)
    return ("network", net, tier(asset.level)) if net else None


def tier(level: float | None) -> str:
    """What stands at this level: office, dmz, site or control; empty if not known."""
    if level is None:
        return ""
    return "office" if level >= 4 else "dmz" if level == 3.5 else "site" if level == 3 else "control"


_TIERS = {"office": "Office", "dmz": "DMZ", "site": "Site operations", "control": "Control", "safety": "Safety", "": ""}


def _name(why: str, detail: str, tier: str) -> str:
    which = f"VLAN {detail}" if why == "vlan" else detail.partition("/")[0] if why != "line" else detail
    return " ".join(w for w in (_TIERS[tier] if why != "line" or tier != "control" else "", which) if w)[:80]
