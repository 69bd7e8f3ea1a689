"""What a person knows better than the wire: said once, kept in the lake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError
from linewarden.plant.corrections import Corrections
from linewarden.plant.model import Asset, Plant
from linewarden.service.audit import Change, recorded
from linewarden.service.corrections_file import FILE, Kept, corrected, load, save
from linewarden.service.lake import open_lake, plant_of

if TYPE_CHECKING:
    from linewarden.plant.names import Names
    from linewarden.service.audit.ledger import Ledger

_ONE = threading.Lock()
"""What is kept is read, changed and written: one at a time."""


@dataclass(frozen=True, slots=True)
class Said:
    """Corrections as they come from a command line: `sets` are (address, `field=value`)."""

    merges: Sequence[Sequence[str]] = ()
    splits: Sequence[str] = ()
    sets: Sequence[Sequence[str]] = ()
    forget: bool = False
    forget_names: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """What is kept now, and the plant with it."""

    kept: Kept
    plant: Plant

    def lines(self) -> list[str]:
        """What is kept, in words."""
        now, names = self.kept.corrections, self.kept.names
        lines = [f"one device: {' and '.join(pair)}" for pair in now.merges]
        lines += [f"stands alone: {address}" for address in now.splits]
        lines += [f"{address}: {name} is {value}" for address, name, value in now.fields]
        return lines + ([f"names: {len(names.rows):,} from {names.source}"] if names else [])

    def unseen(self) -> list[str]:
        """Corrected addresses that the lake does not have: likely mistyped."""
        now = self.kept.corrections
        said = {*(a for m in now.merges for a in m), *now.splits, *(a for a, _, _ in now.fields)}
        return sorted(a for a in said if self.plant.asset(a) is None)


def correct(path: Path, said: Said) -> Corrected:
    """Adds to what is kept in the lake, and folds it anew. The last that is said of an address counts.

    Raises ConfigError for a wrong address, field or value; StoreError for the lake. Nothing is kept then.
    """
    lake, before = open_lake(path), load(path)
    start = Corrections() if said.forget else before.corrections
    merges = tuple((a, b) for a, b in said.merges)
    now = corrected(start, merges, tuple(said.splits), tuple(_assignment(a, text) for a, text in said.sets))
    kept = Kept(None if said.forget_names else before.names, now, before.zones)
    plant = plant_of(lake, kept.names, kept.corrections)
    keep(path, kept)
    return Corrected(kept, plant)


def keep(lake: Path, kept: Kept, ledger: Ledger | None = None) -> None:
    """Writes names and corrections, if they are others than those of the lake. Raises StoreError.

    `ledger`: the log, if not the one of the lake's folder.
    """
    before = load(lake)
    if kept != before:
        with recorded(
            lake / FILE, Change("assets.correct", str(lake / FILE), _told(before), _told(kept)), ledger=ledger
        ):
            save(lake, kept)


def change(lake: Path, edit: Callable[[Corrections], Corrections], ledger: Ledger | None = None) -> None:
    """Changes what people put right, while nobody else in this process does. Raises ConfigError or StoreError."""
    with _ONE:
        kept = load(lake)
        keep(lake, Kept(kept.names, edit(kept.corrections), kept.zones), ledger)


def change_names(lake: Path, names: Names, ledger: Ledger | None = None) -> None:
    """Another list of names, in the place of the one before. Raises StoreError."""
    with _ONE:
        kept = load(lake)
        keep(lake, Kept(names, kept.corrections, kept.zones), ledger)


def weigh_zones(lake: Path, zones: Mapping[str, str], ledger: Ledger | None = None) -> None:
    """Keeps how much depends on zones in the lake, so that all who judge it know. Raises StoreError."""
    with _ONE:
        kept = load(lake)
        keep(lake, Kept(kept.names, kept.corrections, dict(zones)), ledger)


def said_anew(now: Corrections, asset: Asset, fields: Mapping[str, str]) -> Corrections:
    """`now` with these fields of an asset said; an empty value takes back what was said of it.

    What was said of any address of the asset goes, so that one word counts. Raises ConfigError for a wrong value.
    """
    forget = tuple((x, field, "") for field in fields for x in addresses_of(asset))
    say = tuple((asset.id, field, value) for field, value in fields.items() if value)
    return corrected(corrected(now, fields=forget), fields=say)


def addresses_of(asset: Asset) -> Iterable[str]:
    """Under each of these something may have been said of it."""
    return tuple(dict.fromkeys((asset.id, *asset.macs, *asset.ips)))


def _told(kept: Kept) -> dict[str, object]:
    names = kept.names
    zones = {"zones": dict(kept.zones)} if kept.zones else {}
    return {**kept.corrections.to_dict(), **zones, "names": f"{len(names.rows)} from {names.source}" if names else None}


def _assignment(address: str, text: str) -> tuple[str, str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {address} {text}: write FIELD=VALUE, such as role=hmi; an empty value forgets it")
    return address, name.strip(), value.strip()
