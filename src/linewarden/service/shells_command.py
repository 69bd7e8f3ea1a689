"""`linewarden assets export`: the plant as Asset Administration Shells. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from linewarden.plant.model import Asset
    from linewarden.reports.shells.shell import Value
    from linewarden.service.options import Commands

EXPORT = """examples:
  linewarden assets export lake/ --out plant.aasx                   every asset with a shell of its own
  linewarden assets export lake/ --out press.aasx --asset "Press 4" --asset 10.0.0.5
  linewarden assets export lake/ --format json | jq '.submodels[].idShort'
Opens in the AASX Package Explorer, BaSyx and others (IDTA 01001-3, 01005-3). A shell has a nameplate (IDTA 02006-3-0),
its place in the network and its process values, as far as they were seen. Needs: pip install 'linewarden[aas]'
"""
FORMATS = ("aasx", "json", "xml")


def add_shells(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    shells = commands.add("assets export", "write assets as Asset Administration Shells", EXPORT, run_export)
    add: Any = shells.add_argument
    add("lake", type=Path, metavar="LAKE", help="folder that `read --out`, `watch` or `serve` wrote")
    add("--out", default="-", metavar="FILE", help="where to write it (default: -, standard output)")
    add("--format", choices=FORMATS, help="default: what the name of the file ends with, else json")
    add("--asset", action="append", default=[], metavar="NAME", help="only this one: name, id or address; repeatable")
    add("--site", default="default", metavar="NAME", help="a part of each shell's id (default: default)")


def run_export(args: argparse.Namespace) -> int:
    """Writes the file, and says what is in it."""
    form = args.format or _form_of(args.out)
    if args.out == "-" and form == "aasx" and sys.stdout.isatty():
        raise ConfigError("an AASX file is no text for a terminal; add --out plant.aasx")
    try:
        from linewarden.reports.shells.package import environment, package

        assets, values = gathered(args.lake, args.asset)
        data = package(environment(assets, values, args.site), form)
    except ImportError as error:
        raise ConfigError(f"assets export needs {error.name}; pip install 'linewarden[aas]'") from error
    if args.out == "-":
        sys.stdout.buffer.write(data)
        return 0
    from linewarden.service.files import reserve

    with reserve(Path(args.out)) as file:
        file.write_bytes(data)
    print(f"{args.out}: {len(assets):,} shells, {sum(map(len, values.values())):,} process values")
    return 0


def gathered(lake: Path, only: Sequence[str]) -> tuple[list[Asset], dict[str, list[Value]]]:
    """The assets that are wanted, and the values of each by its id. Raises StoreError or ConfigError."""
    from linewarden.service.corrections_file import load
    from linewarden.service.lake import open_lake, plant_of

    kept = load(lake)
    plant = plant_of(open_lake(lake), kept.names, kept.corrections)
    assets = [a for a in plant.assets if a.seen and (not only or set(only) & _called(a))]
    missing = [name for name in only if not any(name in _called(a) for a in assets)]
    if missing:
        raise ConfigError(f"--asset {missing[0]}: no such asset in {lake}; `linewarden assets {lake}` lists them")
    if not assets:
        raise StoreError(f"{lake}: no assets; they come with `linewarden read` and `watch`")
    return assets, _values(lake, assets)


def _called(asset: Asset) -> set[str]:
    return {asset.id, asset.name, *asset.names, *asset.ips, *asset.macs}


def _values(lake: Path, assets: Iterable[Asset]) -> dict[str, list[Value]]:
    from linewarden.reports.shells.shell import Value
    from linewarden.service.tags import tags_of

    owner = {address: a.id for a in assets for address in (*a.ips, *a.macs)}
    found: dict[str, list[Value]] = {}
    for tag in tags_of(lake):
        if tag.source in owner:
            unit = f"unit {tag.unit} " if tag.unit is not None else ""
            name = tag.name or f"{unit}{tag.label}"
            value = Value(name, tag.protocol, tag.last, tag.last_ts, tag.low, tag.high)
            found.setdefault(owner[tag.source], []).append(value)
    return found


def _form_of(out: str) -> str:
    ending = Path(out).suffix.removeprefix(".").lower()
    if out == "-" or ending in FORMATS:
        return ending if ending in FORMATS else "json"
    raise ConfigError(f"--out {out}: end it with {', '.join(f'.{f}' for f in FORMATS)}, or say --format")
