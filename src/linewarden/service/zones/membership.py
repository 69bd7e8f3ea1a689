"""Which assets are in which zone: kept as corrections in the lake, as `linewarden correct --set` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.plant.model import Asset
from linewarden.service.correcting import addresses_of, change
from linewarden.service.corrections_file import corrected, load

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger


def by_hand(lake: Path, assets: Iterable[Asset]) -> dict[str, str | None]:
    """By asset id: the zone that was put by hand, None if none was. Raises StoreError."""
    said = {address: value for address, what, value in load(lake).corrections.fields if what == "zone"}
    return {a.id: next((said[x] for x in addresses_of(a) if x in said), None) for a in assets}


def put(lake: Path, zones: Mapping[str, str | None], assets: Mapping[str, Asset], ledger: Ledger | None = None) -> None:
    """Puts assets (by id) into zones; None or an empty text takes back what was put by hand. Raises StoreError.

    What was said of any address of an asset goes, so that one word counts. A list of names that has a zone for an asset
    counts again when nothing is put by hand. `ledger`: the log, if not the one of the lake's folder.
    """
    known = {asset: zone for asset, zone in zones.items() if asset in assets}
    forget = tuple((x, "zone", "") for asset in known for x in addresses_of(assets[asset]))
    say = tuple((asset, "zone", zone) for asset, zone in known.items() if zone)
    change(lake, lambda now: corrected(corrected(now, fields=forget), fields=say), ledger)
