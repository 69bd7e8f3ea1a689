"""People: accounts, what each may, invitations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import not_found
from linewarden.api.times import Time
from linewarden.people.model import Account, Grant
from linewarden.policy import Account as AccountThing, Action, Kind, Place, Thing
from linewarden.service.principals import account_thing, grant_of, grant_text

router = APIRouter(tags=["people"])

RoleText = Annotated[str, Field(max_length=200, examples=["engineer@plant-a/filling"])]
Login = Annotated[str, Field(min_length=1, max_length=64, examples=["bob"])]


class PersonRow(BaseModel):
    """An account. `roles`: ROLE@SITE or ROLE@SITE/ZONE."""

    login: str
    name: str
    state: str = Field(description="active, invited (no password yet) or disabled")
    second_factor: bool
    passkeys: int
    sessions: int
    roles: list[str]
    shifts: list[str] | None
    created: Time


class PersonQuery(ListQuery):
    """What to list of the accounts."""

    state: list[str] = []


class Invitation(BaseModel):
    """An account to be. A role without @SITE is one at this site."""

    login: Login
    name: Annotated[str, Field(max_length=200)] = ""
    roles: Annotated[list[RoleText], Field(max_length=100)] = []


class Rights(BaseModel):
    """Exactly these roles, and the shifts on which the person may act on the plant; null: on any."""

    roles: Annotated[list[RoleText], Field(max_length=100)]
    shifts: Annotated[list[str], Field(max_length=50)] | None = None


class Code(BaseModel):
    """A one-time code, to be given to that person alone; it is shown once."""

    code: str
    hours: int


LIST: Listing[PersonRow] = Listing(
    "people",
    {"login": lambda p: p.login, "name": lambda p: p.name.casefold(), "state": lambda p: p.state,
     "created": lambda p: p.created.timestamp()},
    "login",
    lambda p: p.login,
    lambda p: (p.login, p.name, *p.roles),
)  # fmt: skip


@router.get("/people", operation_id="list_people", responses=FILES)
def list_people(who: Who, query: Annotated[PersonQuery, Query()]) -> Page[PersonRow]:
    """The accounts that have a role at this site, or at none."""
    who.need(Action.ACCOUNT_READ, _site(who))
    accounts = who.place.people.store.accounts()
    rows = [row_of(who, a, g) for a in accounts if _is_here(who, g := who.place.people.store.grants(a.id))]
    answer: Page[PersonRow] = LIST.answer((r for r in rows if not query.state or r.state in query.state), query)
    return answer


def _is_here(who: Caller, grants: Iterable[Grant]) -> bool:
    sites = {g.site for g in grants}
    return not sites or who.site in sites


def row_of(who: Caller, account: Account, grants: Iterable[Grant]) -> PersonRow:
    """An account as a list has it."""
    store = who.place.people.store
    state = "disabled" if account.disabled else "active" if account.password else "invited"
    return PersonRow(
        login=account.login, name=account.name, state=state, second_factor=bool(account.totp),
        passkeys=len(store.passkeys(account.id)), sessions=store.count_sessions(account.id),
        roles=sorted(map(grant_text, grants)),
        shifts=sorted(account.shifts) if account.shifts is not None else None, created=account.created,
    )  # fmt: skip


@router.post("/people", operation_id="invite", status_code=201)
def invite(who: Who, asked: Invitation) -> Code:
    """Makes an account, and the code with which its person chooses a password."""
    who.need(Action.ACCOUNT_INVITE, _site(who))
    grants = [grant_of(text, who.site) for text in asked.roles]
    _need_to_grant(who, grants)
    with who.doing(Action.ACCOUNT_INVITE, _site(who)):
        return Code(code=who.place.people.onboarding.invite(asked.login, asked.name, grants), hours=7 * 24)


@router.put("/people/{login}/rights", operation_id="set_rights")
def set_rights(who: Who, login: Login, asked: Rights) -> PersonRow:
    """Gives a person exactly these roles and shifts. A site keeps its last owner."""
    account, thing = _account(who, login)
    store = who.place.people.store
    new, old = {grant_of(text, who.site) for text in asked.roles}, set(store.grants(account.id))
    _need_to_grant(who, new ^ old)
    with who.doing(Action.ACCOUNT_MANAGE, thing):
        shifts = frozenset(asked.shifts) if asked.shifts is not None else None
        who.place.people.administration.set_rights(account, sorted(new), shifts)
    return _now(who, login)


@router.put("/people/{login}/disabled", operation_id="set_disabled")
def set_disabled(who: Who, login: Login, disabled: Annotated[bool, Body(embed=True)]) -> PersonRow:
    """Ends an account, with its sessions and codes; or takes it up again."""
    account, thing = _account(who, login)
    with who.doing(Action.ACCOUNT_MANAGE, thing):
        change = who.place.people.administration.disable if disabled else who.place.people.administration.enable
        change(account)
    return _now(who, login)


@router.post("/people/{login}/recovery", operation_id="recover", status_code=201)
def recover(who: Who, login: Login, without_second_factor: Annotated[bool, Body(embed=True)] = False) -> Code:
    """A code for who cannot sign in any more; the second factor stays, unless it is lost, too."""
    account, thing = _account(who, login)
    with who.doing(Action.ACCOUNT_MANAGE, thing):
        if without_second_factor:
            who.place.people.onboarding.remove_totp(account)
        return Code(code=who.place.people.onboarding.recover(login), hours=1 if account.password else 7 * 24)


def _site(who: Caller) -> Thing:
    return who.thing(Kind.SITE)


def _account(who: Caller, login: str) -> tuple[Account, AccountThing]:
    """An account, as far as the caller may know of it. Raises ProblemError."""
    found = who.place.people.store.account_of(login)
    if found is None or not who.may(Action.ACCOUNT_READ, _site(who)):
        who.need(Action.ACCOUNT_READ, _site(who))
        raise not_found("account")
    return found, account_thing(found, who.place.people.store.grants(found.id))


def _need_to_grant(who: Caller, grants: Iterable[Grant]) -> None:
    for grant in grants:
        place = Place(grant.site, grant.zone)
        who.need(Action.ROLE_GRANT, Thing(Kind.ZONE if grant.zone else Kind.SITE, str(place), place))


def _now(who: Caller, login: str) -> PersonRow:
    store = who.place.people.store
    account = store.account_of(login)
    assert account is not None
    return row_of(who, account, store.grants(account.id))
