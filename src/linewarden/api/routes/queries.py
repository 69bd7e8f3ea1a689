"""Queries that people keep: saved ones, of which some are for all, and what they ran last."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.sight import need_part
from linewarden.api.times import Time
from linewarden.people.model import Account
from linewarden.service.audit.entry import Change
from linewarden.service.state.queries import Kept, Queries

router = APIRouter(tags=["records"])


class KeptRow(BaseModel):
    """A query of somebody. `title` is empty where they only ran it."""

    id: str
    title: str
    sql: str
    shared: bool
    mine: bool
    by: str = Field(description="who keeps it")
    made: Time


class KeptQuery(ListQuery):
    """What to list of them."""

    saved: Annotated[bool | None, Field(description="true: only those with a title")] = None


class KeepIn(BaseModel):
    """A query to keep."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200, examples=["Who wrote to controllers yesterday?"])
    sql: str = Field(min_length=1, max_length=20_000, examples=["SELECT * FROM command"])
    shared: bool = Field(default=False, description="for all who may query here")


LIST: Listing[KeptRow] = Listing(
    "queries", {"made": lambda k: k.made.isoformat(), "title": lambda k: k.title.casefold()}, "-made", lambda k: k.id,
    lambda k: (k.title, k.sql, k.by),
)  # fmt: skip


@router.get("/queries", operation_id="list_queries", responses=FILES)
def list_queries(who: Who, query: Annotated[KeptQuery, Query()]) -> Page[KeptRow]:
    """The caller's, and those that others share."""
    need_part(who)
    rows = kept_by(who)
    answer: Page[KeptRow] = LIST.answer((r for r in rows if query.saved is None or bool(r.title) is query.saved), query)
    return answer


@router.post("/queries", operation_id="keep_query", status_code=201)
def keep_query(who: Who, new: KeepIn) -> KeptRow:
    """Keeps one."""
    need_part(who)
    account = _person(who)
    kept = Kept(account.id, new.title.strip() or new.sql[:60], new.sql, new.shared)
    with who.place.access.acting(who.principal):
        change = Change("query.saved", kept.id, after={"title": kept.title, "sql": kept.sql, "shared": kept.shared})
        if not Queries(who.place.state).save(kept, lambda c: _record(who, c, change)):
            raise ProblemError(400, "That makes no sense", "You keep very many queries; remove some first.")
    return _row(kept, {account.id: who.name}, account.id)


@router.delete("/queries/{id}", operation_id="remove_query", status_code=204)
def remove_query(who: Who, id: str) -> None:
    """Removes one of the caller's own."""
    need_part(who)
    account = _person(who)
    with who.place.access.acting(who.principal):
        if not Queries(who.place.state).remove(id, account.id, lambda c: _record(who, c, Change("query.removed", id))):
            raise not_found("query")


def kept_by(who: Caller) -> list[KeptRow]:
    """What a person keeps or may see; a machine keeps none."""
    if who.account is None:
        return []
    names = {a.id: a.name or a.login for a in who.place.people.store.accounts()}
    return [_row(k, names, who.account.id) for k in Queries(who.place.state).of(who.account.id)]


def _row(kept: Kept, names: dict[str, str], me: str) -> KeptRow:
    return KeptRow(
        id=kept.id, title=kept.title, sql=kept.sql, shared=kept.shared, made=kept.made, mine=kept.account == me,
        by=names.get(kept.account, "?"),
    )  # fmt: skip


def _person(who: Caller) -> Account:
    if who.account is None:
        raise ProblemError(403, "Not allowed", "A machine keeps no queries.")
    return who.account


def _record(who: Caller, connection: object, change: Change) -> None:
    who.place.ledger.record(connection, change)  # type: ignore[arg-type]
