"""`linewarden people token ...`: API tokens on the command line. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.people.model import Token
    from linewarden.service.options import Commands

EXAMPLES = """examples:
  linewarden people token list
  linewarden people token make siem --scope read --scope audit --days 90
  linewarden people token make line-display --scope read --at plant-a/filling
  linewarden people token revoke lw_k5qxe7ab
Scopes: read, query (SQL and packets), report, case (cases and notices), audit. None administers or touches a plant.
"""


MOST_CELL = {"expires": len("2026-11-26"), "used": len("2026-11-26")}
"""Of times a person sees the day."""


def add_token(group: Commands) -> None:
    """Adds the commands to `linewarden people`."""
    from linewarden.service.people_command import common

    tokens = group.group("token", "API tokens, for machines", EXAMPLES)
    shown = tokens.add("list", "all tokens; no secret is kept that could be shown", EXAMPLES, run_list)
    make = tokens.add("make", "make a token, and show it once", EXAMPLES, run_make)
    revoke = tokens.add("revoke", "end a token at once", EXAMPLES, run_revoke)
    for parser in (shown, make, revoke):
        common(parser)
    add: Any = make.add_argument
    add("name", metavar="NAME", help="what it is for")
    add("--scope", action="append", required=True, metavar="SCOPE", help="what it opens; may be repeated")
    add("--at", action="append", default=[], metavar="SITE[/ZONE]", help="where (default: the configuration's site)")
    add("--days", type=float, default=90.0, metavar="N", help="how long, at most 366 (default: %(default)g)")
    revoke.add_argument("prefix", metavar="PREFIX", help="the beginning of the token, as `token list` shows it")


def run_list(args: argparse.Namespace) -> int:
    """The table."""
    from linewarden.service.people_command import print_json, print_table
    from linewarden.service.people_house import opened

    with opened(args.config) as house:
        found = [_as_dict(t) for t in house.store.tokens()]
    if args.json:
        print_json(found)
    elif not found:
        print("There are no tokens: `linewarden people token make` makes one.")
    else:
        heads = ("prefix", "name", "state", "scopes", "places", "expires", "used", "maker")
        print_table(heads, [[_cell(row[h])[: MOST_CELL.get(h)] for h in heads] for row in found])
    return 0


def run_make(args: argparse.Namespace) -> int:
    """A token, shown once."""
    from linewarden.policy import Scope
    from linewarden.service.people_command import print_json
    from linewarden.service.people_house import machine_user, opened
    from linewarden.service.principals import place_of

    if wrong := sorted(set(args.scope) - set(Scope)):
        raise ConfigError(f"--scope {wrong[0]}: there is none; there are: {', '.join(Scope)}")
    if not abs(args.days) < 1e6:
        raise ConfigError("--days: at most 366")
    with opened(args.config) as house:
        places = [place_of(text) for text in args.at or [house.site]]
        maker = f"{machine_user()} (command line)"
        shown = house.tokens.make(args.name, args.scope, places, timedelta(days=args.days), maker)
        house.tell(f"made the token {shown[:11]} ({args.name}) with {', '.join(sorted(set(args.scope)))}")
    if args.json:
        print_json({"name": args.name, "token": shown})
    else:
        print(f"{shown}\nThis token is shown once; only its hash is kept.")
    return 0


def run_revoke(args: argparse.Namespace) -> int:
    """Ends a token."""
    from linewarden.service.people_command import print_json
    from linewarden.service.people_house import opened

    with opened(args.config) as house:
        house.tokens.revoke(args.prefix)
        house.tell(f"revoked the token {args.prefix[:11]}")
    if args.json:
        print_json({"prefix": args.prefix, "state": "revoked"})
    else:
        print(f"{args.prefix[:11]} opens nothing any more")
    return 0


def _as_dict(token: Token) -> dict[str, Any]:
    state = "revoked" if token.revoked else "expired" if token.expires <= datetime.now(UTC) else "active"
    return {
        "prefix": f"lw_{token.prefix}", "name": token.name, "state": state, "scopes": sorted(token.scopes),
        "places": sorted(f"{site}/{zone}".rstrip("/") for site, zone in token.places), "maker": token.maker,
        "created": token.created.isoformat(timespec="seconds"), "expires": token.expires.isoformat(timespec="seconds"),
        "used": token.used.isoformat(timespec="seconds") if token.used else None,
    }  # fmt: skip


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "never" if value is None else str(value)
