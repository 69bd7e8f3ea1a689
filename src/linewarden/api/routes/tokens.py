"""API tokens: what programs show instead of signing in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.times import Time
from linewarden.people.model import Token
from linewarden.policy import Action, Kind, Place, Scope, Thing
from linewarden.service.principals import place_of

router = APIRouter(tags=["people"])


class TokenRow(BaseModel):
    """A token; of its secret only the hash is kept."""

    prefix: str = Field(examples=["lw_k5qxe7ab"])
    name: str
    state: str = Field(description="active, expired or revoked")
    scopes: list[str]
    places: list[str] = Field(description="SITE or SITE/ZONE")
    maker: str
    created: Time
    expires: Time
    used: Time | None


class TokenAsked(BaseModel):
    """A token to be made. Without places it is good for this site."""

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["SIEM"])]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    places: Annotated[list[str], Field(max_length=50)] = []
    days: Annotated[int, Field(ge=1, le=366)] = 90


class TokenMade(BaseModel):
    """The token, shown this once."""

    token: str


LIST: Listing[TokenRow] = Listing(
    "tokens",
    {"name": lambda t: t.name.casefold(), "created": lambda t: t.created.timestamp(),
     "expires": lambda t: t.expires.timestamp(), "state": lambda t: t.state},
    "-created",
    lambda t: t.prefix,
    lambda t: (t.prefix, t.name, t.maker, *t.scopes, *t.places),
)  # fmt: skip


@router.get("/tokens", operation_id="list_tokens", responses=FILES)
def list_tokens(who: Who, query: Annotated[ListQuery, Query()]) -> Page[TokenRow]:
    """The tokens that are good for this site."""
    who.need(Action.ACCOUNT_READ, _site(who))
    rows = (row_of(t) for t in who.place.people.store.tokens() if any(site == who.site for site, _ in t.places))
    answer: Page[TokenRow] = LIST.answer(rows, query)
    return answer


@router.post("/tokens", operation_id="make_token", status_code=201)
def make_token(who: Who, asked: TokenAsked) -> TokenMade:
    """Makes a token. It never administers, and never touches the plant, whatever its scopes."""
    places = [place_of(text) for text in asked.places] or [(who.site, "")]
    for site in {site for site, _ in places} - {who.site}:
        who.need(Action.TOKEN_MANAGE, Thing(Kind.SITE, site, Place(site)))
    with who.doing(Action.TOKEN_MANAGE, _site(who)):
        maker = who.account.login if who.account else who.who.id
        span = timedelta(days=asked.days)
        return TokenMade(token=who.place.people.tokens.make(asked.name, asked.scopes, places, span, maker))


@router.delete("/tokens/{prefix}", operation_id="revoke_token", status_code=204)
def revoke_token(who: Who, prefix: Annotated[str, Field(max_length=60)]) -> None:
    """Ends a token at once."""
    with who.doing(Action.TOKEN_MANAGE, _site(who)):
        who.place.people.tokens.revoke(prefix)


def row_of(token: Token) -> TokenRow:
    """A token as a list has it."""
    state = "revoked" if token.revoked else "expired" if token.expires <= datetime.now(UTC) else "active"
    return TokenRow(
        prefix=f"lw_{token.prefix}", name=token.name, state=state, scopes=sorted(token.scopes),
        places=sorted(f"{site}/{zone}".rstrip("/") for site, zone in token.places), maker=token.maker,
        created=token.created, expires=token.expires, used=token.used,
    )  # fmt: skip


def _site(who: Caller) -> Thing:
    return who.thing(Kind.SITE)
