"""`linewarden access ...`: what the policies say, and why. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import AccessError, ConfigError

if TYPE_CHECKING:
    from linewarden.policy import Account, Machine, Moment, Person, Place, PlantAction, Thing
    from linewarden.service.options import Commands
    from linewarden.service.people_house import House

ACCESS = """examples:
  linewarden access explain anna asset:edit asset:plc-1        why, or why not
  linewarden access policies                                   all policies, a sentence each
"""
EXPLAIN = """examples:
  linewarden access explain anna asset:edit asset:plc-1 --zone filling
  linewarden access explain role:operator lake:query lake      of a role, without any account
  linewarden access explain token:lw_k5qxe7ab audit:read audit
  linewarden access explain anna plant:approve action:isolate-7 --proposed-by anna
  linewarden access explain anna settings:write settings --signed-in 30 --json
Things: site, zone, asset, case, notice, tag, lake, report, settings, audit, account, action (on the plant); with :NAME.
It asks as if it were now, with the roles that WHO has. The exit code is 0 if the answer is yes, and 9 if it is no.
"""
POLICIES = """examples:
  linewarden access policies
  linewarden access policies --json
They are files: docs/access.md says where, and how they decide.
"""


def add_access(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    group = commands.group("access", "who may do what, and why", ACCESS)
    explain = group.add("explain", "say whether somebody may do something, and why", EXPLAIN, run_explain)
    policies = group.add("policies", "list the policies", POLICIES, run_policies)
    policies.add_argument("--json", action="store_true", help="for a program")
    add: Any = explain.add_argument
    add("who", metavar="WHO", help="a login, token:PREFIX, or role:ROLE")
    add("action", metavar="ACTION", help="such as asset:edit; a wrong one lists all")
    add("thing", metavar="RESOURCE", help="KIND or KIND:NAME")
    add("--config", type=Path, default=Path("linewarden.toml"), metavar="FILE.toml", help="(default: %(default)s)")
    add("--site", default="", metavar="SITE", help="where (default: the configuration's site)")
    add("--zone", default="", metavar="ZONE", help="in which zone of it (default: in none)")
    add("--signed-in", type=float, default=0.0, metavar="MINUTES", help="as if signed in so long ago (default: now)")
    add("--shift", metavar="NAME", help="as if this shift were on duty")
    add("--maintenance", action="store_true", help="as if a maintenance window were open there")
    add("--disruptive", action="store_true", help="of an action on the plant: it interrupts production")
    add("--proposed-by", default="", metavar="LOGIN", help="of an action on the plant: proposed just now by them")
    add("--json", action="store_true", help="for a program")


def run_explain(args: argparse.Namespace) -> int:
    """The decision and its reasons."""
    from linewarden.policy import Action, Request, explain
    from linewarden.service.people_command import print_json

    if args.action not in set(Action):
        raise ConfigError(f"{args.action}: there is no such action; there are: {', '.join(Action)}")
    who, what, place = _asked(args)
    found = explain(Request(who, Action(args.action), what, _moment(args, place)))
    if args.json:
        print_json(
            {
                "who": args.who, "action": args.action, "resource": args.thing, "place": str(place),
                "allowed": found.decision.allowed, "sentence": found.sentence,
                "policies": list(found.decision.policies), "lacking": list(found.lacking),
                "instead": list(found.instead),
            }
        )  # fmt: skip
    else:
        from linewarden.reports.words import clean

        print(clean(found.sentence))
    return 0 if found.decision else AccessError.exit_code


def run_policies(args: argparse.Namespace) -> int:
    """The table of policies."""
    from linewarden.policy import shipped
    from linewarden.service.people_command import print_json, print_table

    rules = sorted(shipped().rules.values(), key=lambda r: (not r.permits, r.id))
    if args.json:
        print_json(
            [{"id": r.id, "permits": r.permits, "says": r.says, "instead": r.instead or None} for r in rules]
        )  # fmt: skip
    else:
        rows = [(r.id, "permits" if r.permits else "forbids", r.says) for r in rules]
        print_table(("policy", "effect", "says"), rows)
    return 0


def _asked(args: argparse.Namespace) -> tuple[Person | Machine, Thing | Account | PlantAction, Place]:
    """Who, what, where. A role is asked of without any database, if the site is told or does not matter."""
    from linewarden.service.people_house import opened

    kind, _, name = args.who.partition(":")
    if kind == "role" and not args.thing.startswith("account:"):
        place = _place(args.site or "default", args.zone)
        return _of_role(name, place), _thing(args, place, None), place
    with opened(args.config) as house:
        place = _place(args.site or house.site, args.zone)
        return _who(house, args.who, place), _thing(args, place, house), place


def _place(site: str, zone: str) -> Place:
    from linewarden.policy import Place

    try:
        return Place(site, zone)
    except ValueError as error:
        raise ConfigError(f"--site {site}: {error}") from error


def _of_role(name: str, place: Place) -> Person:
    """Somebody who has this role at the whole site, and no other."""
    from linewarden.policy import Held, Person, Place, Role

    if name not in set(Role):
        raise ConfigError(f"{name}: there is no such role; there are: {', '.join(Role)}")
    return Person(name, frozenset({Held(Role(name), Place(place.site))}))


def _who(house: House, text: str, place: Place) -> Person | Machine:
    from linewarden.service.principals import machine_of, person_of

    kind, _, name = text.partition(":")
    if kind == "role":
        return _of_role(name, place)
    if kind == "token":
        token = house.store.token(name.removeprefix("lw_")[:8])
        if token is None:
            raise AccessError(f"{name}: no such token; `linewarden people token list` has all")
        if token.revoked is not None or token.expires <= datetime.now(UTC):
            raise AccessError(f"{name}: has ended, and opens nothing")
        return machine_of(token)
    account = house.onboarding.found(text)
    if not account.usable:
        why = "is disabled" if account.disabled else "has not accepted the invitation yet"
        raise AccessError(f"{account.login}: {why}, and may do nothing; role:ROLE asks for a role")
    return person_of(account, house.store.grants(account.id))


def _thing(args: argparse.Namespace, place: Place, house: House | None) -> Thing | Account | PlantAction:
    from linewarden.policy import Kind, PlantAction, Thing
    from linewarden.service.principals import account_thing

    kind, _, name = args.thing.partition(":")
    if kind == "account" and house is not None:
        account = house.onboarding.found(name)
        return account_thing(account, house.store.grants(account.id))
    if kind == "action":
        proposed = datetime.now(UTC) if args.proposed_by else None
        return PlantAction(name or "action", place, args.disruptive, args.proposed_by, proposed)
    if kind not in {k.lower() for k in Kind}:
        raise ConfigError(f"{kind}: there is no such kind of thing; `linewarden access explain --help` lists them")
    return Thing(Kind(kind.capitalize()), name or (str(place) if kind in ("site", "zone") else kind), place)


def _moment(args: argparse.Namespace, place: Place) -> Moment:
    from linewarden.policy import Moment

    now = datetime.now(UTC)
    if not 0 <= args.signed_in < 1e7:
        raise ConfigError("--signed-in: minutes, 0 or more")
    windows = frozenset({place}) if args.maintenance else frozenset()
    return Moment(now, now - timedelta(minutes=args.signed_in), args.shift, windows)
