"""The caller: who they are here, and why they may or may not do something."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Who
from linewarden.api.times import Time
from linewarden.policy import Action, Kind, Machine

router = APIRouter(tags=["people"])


class Me(BaseModel):
    """Who calls. A machine has scopes, a person has roles and may have a second factor."""

    login: str
    name: str
    is_machine: bool
    roles: list[str] = Field(description="ROLE@SITE/ZONE", examples=[["engineer@plant-a"]])
    scopes: list[str]
    second_factor: bool
    authenticated: Time | None = Field(description="when they last proved who they are")


class Why(BaseModel):
    """A decision explained. `lacking`: roles that would allow it; `instead`: what to do where a rule forbids it."""

    allowed: bool
    sentence: str
    policies: list[str]
    lacking: list[str]
    instead: list[str]


@router.get("/me", operation_id="get_me")
def get_me(who: Who) -> Me:
    """Who calls."""
    principal, person = who.principal, who.who
    is_machine = isinstance(person, Machine)
    return Me(
        login=person.id, name=principal.name, is_machine=is_machine,
        roles=[] if isinstance(person, Machine) else sorted(f"{h.role}@{h.place}" for h in person.held),
        scopes=sorted(person.scopes) if isinstance(person, Machine) else [],
        second_factor=bool(principal.account and principal.account.totp),
        authenticated=principal.session.authenticated if principal.session else None,
    )  # fmt: skip


@router.get("/me/why", operation_id="explain")
def explain(
    who: Who,
    action: Annotated[Action, Query(description="what somebody wants to do", examples=["asset:edit"])],
    kind: Annotated[Kind, Query(description="to what", examples=["Asset"])],
    id: Annotated[str, Query(max_length=200)] = "",
    zone: Annotated[str, Query(max_length=200)] = "",
) -> Why:
    """Why the caller may, or may not, do this now; and what would help."""
    found = who.place.access.explain(who.principal, action, who.thing(kind, id, [zone]))
    return Why(
        allowed=bool(found.decision), sentence=found.sentence, policies=list(found.decision.policies),
        lacking=list(found.lacking), instead=list(found.instead),
    )  # fmt: skip
