"""`linewarden assets`: the inventory of a lake, or of a console. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.asking import add_where, server_of

if TYPE_CHECKING:
    from linewarden.api.routes.assets import AssetRow
    from linewarden.service.asking import Server
    from linewarden.service.options import Commands

ASSETS = """examples:
  linewarden assets lake/                                      all, by name
  linewarden assets lake/ --role plc --role hmi --vendor Siemens
  linewarden assets lake/ --level 1 --zone filling --q s7 --json
  linewarden assets --server https://plant:9443 --token-file token --ca linewarden-ca.pem
Words of --q must all be somewhere in a row. More than one value of an option: any of them.
"""
HEADS = ("Name", "Role", "Level", "Zone", "Address", "Vendor, model, firmware", "Cases")


def add_assets(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add("assets", "list what is in a plant", ASSETS, run_assets)
    add_where(parser, None)
    add: Any = parser.add_argument
    add("--role", action="append", default=[], metavar="ROLE", help="only this: plc, hmi, ...; may be repeated")
    add("--level", action="append", default=[], type=float, metavar="N", help="only this Purdue level")
    add("--zone", action="append", default=[], metavar="NAME", help="only this zone")
    add("--vendor", action="append", default=[], metavar="NAME", help="only this vendor, as the list has it")
    add("--q", default="", metavar="WORDS", help="only what has these words")
    add("--json", action="store_true", help="for a program: all fields of the API")


def run_assets(args: argparse.Namespace) -> int:
    """The table."""
    rows = asked(args)
    if args.json:
        json.dump([r.model_dump(mode="json") for r in rows], sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
        return 0
    if not rows:
        print("No asset fits.")
        return 0
    from linewarden.service.tables import catalogue_table, console

    console(sys.stdout).print(catalogue_table(HEADS, [_cells(r) for r in rows]))
    return 0


def asked(args: argparse.Namespace) -> list[AssetRow]:
    """The rows, by name: from both places as the API lists them."""
    from linewarden.plant.model import Role

    wrong = [r for r in args.role if r not in set(Role)]
    if wrong:
        raise ConfigError(f"--role {wrong[0]}: is none; there are: {', '.join(Role)}")
    wanted = {"role": args.role, "level": args.level, "zone": args.zone, "vendor": args.vendor, "q": args.q}
    server = server_of(args)
    return of_lake(args.lake, wanted) if server is None else of_server(server, wanted)


def of_lake(lake: Path, wanted: dict[str, Any]) -> list[AssetRow]:
    """Of a lake here. Raises StoreError if there is none."""
    from linewarden.api.routes.assets import AssetQuery, answer_of
    from linewarden.service.lake import open_lake
    from linewarden.service.view import Follower

    open_lake(lake)
    view, found = Follower(lake).look(), []
    page = answer_of(view, AssetQuery(**wanted, limit=MOST), everywhere)
    found += page.items
    while page.next:
        page = answer_of(view, AssetQuery(**wanted, limit=MOST, cursor=page.next), everywhere)
        found += page.items
    return found


def everywhere(zone: str | None) -> bool:
    """Who may read the files of a lake may see what is in them."""
    return True


def of_server(server: Server, wanted: dict[str, Any]) -> list[AssetRow]:
    """Of a console."""
    from linewarden.api.client import Client

    with Client(server.url, server.token, ca=server.ca) as client:
        return list(client.all_assets(limit=MOST, **wanted))


MOST = 1_000
"""Rows a page: the most that the API gives."""


def _cells(row: AssetRow) -> tuple[str, ...]:
    what = " ".join(w for w in (row.vendor, row.model, row.firmware) if w)
    level = "" if row.level is None else f"{row.level:g}"
    address = next(iter((*row.ips, *row.macs)), "")
    return (row.name, str(row.role), level, row.zone or "", address, what, str(row.cases) if row.cases else "")
