"""Which assets are in which zone: kept as corrections in the lake, as `linewarden correct --set` does."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from linewarden.plant.model import Asset
from linewarden.service.correcting import keep
from linewarden.service.corrections_file import Kept, corrected, load

_ONE = threading.Lock()
"""What is kept is read, changed and written: one at a time."""


def by_hand(lake: Path, assets: Iterable[Asset]) -> dict[str, str | None]:
    """By asset id: the zone that was put by hand, None if none was. Raises StoreError."""
    said = {address: value for address, what, value in load(lake).corrections.fields if what == "zone"}
    return {a.id: next((said[x] for x in _addresses(a) if x in said), None) for a in assets}


def put(lake: Path, zones: Mapping[str, str | None], assets: Mapping[str, Asset]) -> None:
    """Puts assets (by id) into zones; None or an empty text takes back what was put by hand. Raises StoreError.

    What was said of any address of an asset goes, so that one word counts. A list of names that has a zone for an asset
    counts again when nothing is put by hand.
    """
    known = {asset: zone for asset, zone in zones.items() if asset in assets}
    forget = [(x, "zone", "") for asset in known for x in _addresses(assets[asset])]
    say = [(asset, "zone", zone) for asset, zone in known.items() if zone]
    with _ONE:
        kept = load(lake)
        now = corrected(corrected(kept.corrections, fields=tuple(forget)), fields=tuple(say))
        keep(lake, Kept(kept.names, now))


def _addresses(asset: Asset) -> tuple[str, ...]:
    return tuple(dict.fromkeys((asset.id, *asset.macs, *asset.ips)))
