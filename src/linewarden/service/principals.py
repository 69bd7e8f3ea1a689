"""Who asks, as the policies know them, from what the accounts say."""

from __future__ import annotations

from collections.abc import Sequence

from linewarden.errors import ConfigError
from linewarden.people.model import Account, Grant, Token
from linewarden.policy import Account as AccountThing, Held, Machine, Person, Place, Role, Scope


def person_of(account: Account, grants: Sequence[Grant]) -> Person:
    """A person by their account. A grant of a role that this program does not know opens nothing."""
    held = frozenset(Held(Role(g.role), Place(g.site, g.zone)) for g in grants if g.role in set(Role))
    return Person(account.login, held if account.usable else frozenset(), account.shifts)


def machine_of(token: Token) -> Machine:
    """A machine by its token."""
    scopes = frozenset(Scope(s) for s in token.scopes if s in set(Scope))
    return Machine(f"lw_{token.prefix}", scopes, frozenset(Place(site, zone) for site, zone in token.places))


def account_thing(account: Account, grants: Sequence[Grant]) -> AccountThing:
    """An account as something that others manage."""
    return AccountThing(account.login, frozenset(g.site for g in grants))


def grant_of(text: str, site: str) -> Grant:
    """`engineer`, `engineer@site`, `engineer@site/zone`; without a site, `site`. Raises ConfigError."""
    role, _, where = text.partition("@")
    if role not in set(Role):
        raise ConfigError(f"{text}: there is no role {role!r}; there are: {', '.join(Role)}")
    return Grant(role, *place_of(where or site))


def place_of(text: str) -> tuple[str, str]:
    """`site` or `site/zone` as a pair. Raises ConfigError."""
    site, _, zone = text.partition("/")
    if not site:
        raise ConfigError(f"{text}: names no site; use SITE or SITE/ZONE")
    return site, zone


def grant_text(grant: Grant) -> str:
    """As `grant_of` takes it."""
    return f"{grant.role}@{Place(grant.site, grant.zone)}"
