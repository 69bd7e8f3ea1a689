"""`linewarden people ...`: accounts on the command line. Imports nothing heavy at the top.

Whoever may read the configuration and write the database is not asked for a right: they could change the tables by
hand.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import AccessError, ConfigError

if TYPE_CHECKING:
    from linewarden.people.model import Account, Grant
    from linewarden.service.options import Commands
    from linewarden.service.people_house import House

MOST_SUBJECT = 255
PEOPLE = """examples:
  linewarden people first                                      a code for the first owner of a new installation
  linewarden people accept anna                                use a code: choose a password
  linewarden people invite bob --role operator --role engineer@plant-a/filling
  linewarden people roles bob --grant planner --revoke operator
  linewarden people list
  linewarden people token make siem --scope read --scope audit --days 90
All read linewarden.toml, or --config FILE, and need the right to write its database: no account is asked.
"""
LIST = """examples:
  linewarden people list
  linewarden people list --config /etc/linewarden/linewarden.toml --json
"""
FIRST = """example:
  linewarden people first                                      then: linewarden people accept LOGIN
There is no default password. The code works once, within 24 hours, and only while nobody can sign in.
"""
INVITE = """examples:
  linewarden people invite bob --name "Bob Baker" --role operator
  linewarden people invite eva --role engineer@plant-a/filling --role viewer@plant-a
The code that it prints is for that person alone; it works once, within 7 days. Roles: viewer, operator, engineer,
analyst, planner, auditor, owner; without @SITE that of the configuration; with /ZONE only there.
"""
ACCEPT = """examples:
  linewarden people accept bob                                 asks for the code and a new password
  printf '%s\\n' "$CODE" "$PASSWORD" | linewarden people accept bob --stdin
For codes of `first`, `invite` and `recover`.
"""
RECOVER = """examples:
  linewarden people recover bob                                a code, good for an hour; then: people accept bob
  linewarden people recover bob --without-second-factor        who lost the phone and the recovery codes, too
"""
LINK = """example:
  linewarden people link bob plant-id 8f14e45f-ceea-4672-a5b7-1f2a3c4d5e6f
The subject is what the provider calls them for ever; who tries to sign in unlinked finds it in the answer.
"""
DISABLE = """examples:
  linewarden people disable bob                                at once: sessions and codes end
  linewarden people disable bob --undo
"""
ROLES = """examples:
  linewarden people roles bob                                  what bob is
  linewarden people roles bob --grant engineer@plant-a/filling --revoke operator
  linewarden people roles bob --shift early --shift late       acts on the plant on these shifts only
  linewarden people roles bob --any-shift
"""


def add_people(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    from linewarden.service.token_command import add_token

    group = commands.group("people", "accounts: who may sign in, and as what", PEOPLE)
    shown = group.add("list", "all accounts and their roles", LIST, run_list)
    first = group.add("first", "make a code for the first owner", FIRST, run_first)
    invite = group.add("invite", "make an account, and a code for whom it is", INVITE, run_invite)
    accept = group.add("accept", "use a code: choose a password", ACCEPT, run_accept)
    recover = group.add("recover", "make a code for who cannot sign in", RECOVER, run_recover)
    link = group.add("link", "let an account sign in by a provider ([[oidc]])", LINK, run_link)
    disable = group.add("disable", "end an account, for now or for good", DISABLE, run_disable)
    roles = group.add("roles", "show or change what an account is", ROLES, run_roles)
    for parser in (shown, first, invite, accept, recover, link, disable, roles):
        common(parser)
    for parser in (invite, accept, recover, link, disable, roles):
        parser.add_argument("login", metavar="LOGIN", help="the login")
    for parser in (invite, accept):
        parser.add_argument("--name", default="", metavar="NAME", help="what people call them (default: the login)")
    add: Any = invite.add_argument
    add("--role", action="append", default=[], metavar="ROLE[@SITE[/ZONE]]", help="may be repeated")
    accept.add_argument("--stdin", action="store_true", help="read code and password from standard input, a line each")
    add = recover.add_argument
    add("--without-second-factor", action="store_true", help="forget the second factor and its recovery codes")
    link.add_argument("provider", metavar="PROVIDER", help="the name of an [[oidc]] table")
    link.add_argument("subject", metavar="SUBJECT", help="who they are there: the claim `sub`, not a login or e-mail")
    disable.add_argument("--undo", action="store_true", help="enable it again")
    add = roles.add_argument
    add("--grant", action="append", default=[], metavar="ROLE[@SITE[/ZONE]]", help="may be repeated")
    add("--revoke", action="append", default=[], metavar="ROLE[@SITE[/ZONE]]", help="may be repeated")
    add("--shift", action="append", default=[], metavar="NAME", help="works on this shift; may be repeated")
    add("--any-shift", action="store_true", help="works on any")
    add_token(group)


def common(parser: argparse.ArgumentParser) -> None:
    """What all of them have."""
    add: Any = parser.add_argument
    add("--config", type=Path, default=Path("linewarden.toml"), metavar="FILE.toml", help="(default: %(default)s)")
    add("--json", action="store_true", help="for a program")


def run_list(args: argparse.Namespace) -> int:
    """The table."""
    from linewarden.service.people_house import opened

    with opened(args.config) as house:
        found = [_as_dict(a, house.store.grants(a.id)) for a in house.store.accounts()]
    if args.json:
        print_json(found)
    elif not found:
        print("There are no accounts yet: `linewarden people first` makes a code for the first owner.")
    else:
        heads = ("login", "name", "state", "second_factor", "shifts", "roles")
        print_table(heads, [[_cell(row[h]) for h in heads] for row in found])
    return 0


def run_first(args: argparse.Namespace) -> int:
    """A code for the first owner."""
    from linewarden.service.people_house import opened

    with opened(args.config) as house:
        code = house.onboarding.first_owner(house.site)
        house.tell(f"made a code for the first owner of {house.site}")
    return _hand_out(args, code, "24 hours", "LOGIN")


def run_invite(args: argparse.Namespace) -> int:
    """An account and its code."""
    from linewarden.service.people_house import opened
    from linewarden.service.principals import grant_of, grant_text

    with opened(args.config) as house:
        grants = [grant_of(text, house.site) for text in args.role]
        code = house.onboarding.invite(args.login, args.name, grants)
        house.tell(f"invited {args.login} as {', '.join(map(grant_text, grants)) or 'nothing yet'}")
    return _hand_out(args, code, "7 days", args.login)


def run_accept(args: argparse.Namespace) -> int:
    """A code becomes a password."""
    from linewarden.service.people_house import opened

    code, password = _typed(args)
    with opened(args.config) as house:
        if any(a.usable for a in house.store.accounts()) or _invited(house, args.login):
            account = house.onboarding.accept(code, args.login, password)
        else:
            account = house.onboarding.accept_first_owner(code, args.login, args.name, password)
        house.tell(f"{account.login} set a password")
        shown = _as_dict(account, house.store.grants(account.id))
    if args.json:
        print_json(shown)
    else:
        print(f"{account.login} can sign in; roles: {_cell(shown['roles']) or 'none yet'}")
    return 0


def _invited(house: House, login: str) -> bool:
    try:
        return bool(house.onboarding.found(login))
    except AccessError:
        return False


def run_recover(args: argparse.Namespace) -> int:
    """A code for a new password."""
    from linewarden.service.people_house import opened

    with opened(args.config) as house:
        span = "an hour" if house.onboarding.found(args.login).password else "7 days"
        code = house.onboarding.recover(args.login)
        if args.without_second_factor:
            house.onboarding.remove_totp(house.onboarding.found(args.login))
        also = ", and took the second factor away" if args.without_second_factor else ""
        house.tell(f"made a code to recover {args.login}{also}")
    return _hand_out(args, code, span, args.login)


def run_link(args: argparse.Namespace) -> int:
    """An account gets an identity of a provider."""
    from linewarden.people.identities import Identities
    from linewarden.service.config import load_config
    from linewarden.service.people_house import opened

    provider = next((p for p in load_config(args.config).oidc if p.name == args.provider), None)
    if provider is None:
        raise ConfigError(f"{args.provider}: there is no [[oidc]] table of that name in {args.config}")
    if not 0 < len(args.subject) <= MOST_SUBJECT or not args.subject.isprintable():
        raise ConfigError(f"SUBJECT: 1 to {MOST_SUBJECT} visible characters")
    with opened(args.config) as house:
        account = house.onboarding.found(args.login)
        Identities(house.store, house.tools).link(account, provider.issuer, args.subject)
        house.tell(f"linked {account.login} to {args.subject} of {provider.name}")
    if args.json:
        print_json({"login": account.login, "provider": provider.name, "subject": args.subject})
    else:
        print(f"{account.login} can sign in by {provider.shown}")
    return 0


def run_disable(args: argparse.Namespace) -> int:
    """Ends an account, or brings it back."""
    from linewarden.service.people_house import opened

    with opened(args.config) as house:
        account = house.onboarding.found(args.login)
        if args.undo:
            house.administration.enable(account)
        else:
            house.administration.disable(account)
        what = "enabled" if args.undo else "disabled"
        house.tell(f"{what} {account.login}")
        left = [t.prefix for t in house.store.tokens() if t.maker == account.login and t.revoked is None]
    if args.json:
        print_json({"login": account.login, "state": what, "tokens_made": left})
    else:
        print(f"{account.login} is {what}")
        if left and not args.undo:
            print(f"Tokens that {account.login} made still hold: {', '.join(left)}")
    return 0


def run_roles(args: argparse.Namespace) -> int:
    """Shows or changes roles and shifts."""
    from linewarden.service.people_house import opened
    from linewarden.service.principals import grant_of

    if args.shift and args.any_shift:
        raise ConfigError("--shift and --any-shift: only one of them")
    with opened(args.config) as house:
        account = house.onboarding.found(args.login)
        has = set(house.store.grants(account.id))
        more, fewer = ({grant_of(text, house.site) for text in texts} for texts in (args.grant, args.revoke))
        if missing := fewer - has:
            raise AccessError(f"{account.login}: has no role {min(missing).role} there; has: {_roles(sorted(has))}")
        shifts = None if args.any_shift else frozenset(args.shift) or account.shifts
        new = (has | more) - fewer
        if new != has or shifts != account.shifts:
            house.administration.set_rights(account, new, shifts)
            house.tell(f"{account.login} is now {_roles(sorted(new)) or 'nothing'}; shifts: {_shifts(shifts)}")
        shown = _as_dict(house.onboarding.found(args.login), sorted(new))
    if args.json:
        print_json(shown)
    else:
        print(f"{account.login}: {_cell(shown['roles']) or 'no role'}; shifts: {_shifts(shifts)}")
    return 0


# --- in and out ---


def _typed(args: argparse.Namespace) -> tuple[str, str]:
    """Code and password, never from the arguments, which all on the machine can see."""
    if args.stdin:
        return sys.stdin.readline().rstrip("\r\n"), sys.stdin.readline().rstrip("\r\n")
    code, password = getpass.getpass("Code: "), getpass.getpass("New password (15 characters or more): ")
    if getpass.getpass("Again: ") != password:
        raise ConfigError("the two passwords differ; try again")
    return code, password


def _hand_out(args: argparse.Namespace, code: str, span: str, login: str) -> int:
    if args.json:
        print_json({"login": None if login == "LOGIN" else login, "code": code})
    else:
        print(f"{code}\nThis code is shown once, works once, and for {span}. With it: linewarden people accept {login}")
    return 0


def _as_dict(account: Account, grants: Sequence[Grant]) -> dict[str, Any]:
    from linewarden.service.principals import grant_text

    state = "disabled" if account.disabled else "active" if account.password else "invited"
    return {
        "login": account.login, "name": account.name, "state": state, "second_factor": bool(account.totp),
        "created": account.created.isoformat(), "roles": [grant_text(g) for g in grants],
        "shifts": None if account.shifts is None else sorted(account.shifts),
    }  # fmt: skip


def _roles(grants: Sequence[Grant]) -> str:
    from linewarden.service.principals import grant_text

    return ", ".join(map(grant_text, grants))


def _shifts(shifts: frozenset[str] | None) -> str:
    return "any" if shifts is None else ", ".join(sorted(shifts))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "yes", False: "no", None: "any"}.get(value, str(value))


def print_json(value: Any) -> None:
    """For a program."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """For a person."""
    from linewarden.service.tables import catalogue_table, console

    console(sys.stdout).print(catalogue_table([h.capitalize().replace("_", " ") for h in heads], rows))
