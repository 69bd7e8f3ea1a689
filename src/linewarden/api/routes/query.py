"""SQL over the records, and what there is to ask of."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Format, Listing, ListQuery, Page, as_file
from linewarden.api.sight import need_part, sight_of
from linewarden.api.times import Time, ns_of
from linewarden.errors import LinewardenError
from linewarden.service.hunt import Question, Result, Sight
from linewarden.service.state.queries import Queries

router = APIRouter(tags=["records"])

MOST_ROWS = 10_000
MOST_IN_FILE = 250_000
GONE_S = 0.5


class ColumnOut(BaseModel):
    """A column of a stream. `type`: ts is ns UTC, the rest say what they are."""

    name: str = Field(examples=["id.orig_h"])
    type: str = Field(examples=["str"])
    unit: str
    doc: str = Field(description="what it means")


class StreamRow(BaseModel):
    """A stream of records: a table of the lake. `there`: this lake has records of it."""

    name: str = Field(examples=["command"])
    doc: str
    there: bool
    columns: list[ColumnOut]


class StreamQuery(ListQuery):
    """What to list of the streams."""

    there: Annotated[bool | None, Field(description="true: only those that this lake has records of")] = None


class QueryIn(BaseModel):
    """One SELECT over the streams; a time that narrows each of them beforehand makes it quick."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    sql: str = Field(max_length=20_000, examples=["SELECT verb, count(*) FROM command GROUP BY verb"])
    start: Annotated[Time | None, Field(alias="from")] = None
    end: Annotated[Time | None, Field(alias="to")] = None
    rows: Annotated[int, Field(ge=1, le=MOST_IN_FILE, description=f"at most; {MOST_ROWS:,} as JSON")] = 1_000
    format: Format = Format.JSON


class ResultColumn(BaseModel):
    """A column of an answer. `kind` is what it can be drawn as."""

    name: str
    type: str = Field(description="of DuckDB", examples=["BIGINT"])
    kind: Literal["time", "number", "text"]


class QueryOut(BaseModel):
    """What a query found. `more`: there were more rows; `partial`: the caller may not see all of the lake."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    more: bool
    partial: bool
    seconds: float


LIST: Listing[StreamRow] = Listing(
    "streams", {"name": lambda s: s.name}, "name", lambda s: s.name,
    lambda s: (s.name, s.doc, *(c.name for c in s.columns), *(c.doc for c in s.columns)),
)  # fmt: skip


@router.get("/streams", operation_id="list_streams", responses=FILES)
def list_streams(who: Who, query: Annotated[StreamQuery, Query()]) -> Page[StreamRow]:
    """The streams, with what each column means."""
    need_part(who)
    answer: Page[StreamRow] = LIST.answer(
        (s for s in streams_of(who) if query.there is None or s.there is query.there), query
    )
    return answer


def streams_of(who: Caller) -> list[StreamRow]:
    """All streams that this program can write; `there` are those of the lake."""
    from linewarden.service.lake import streams_of as there_are

    there = set(there_are(who.place.lake))
    return [StreamRow(**{**stream, "there": stream["name"] in there}) for stream in _catalogue()]


@functools.cache
def _catalogue() -> tuple[dict[str, Any], ...]:
    from linewarden.service.catalogue import streams_as_dicts

    return tuple(streams_as_dicts())


@router.post("/query", operation_id="query", responses=FILES)
async def query(who: Who, request: Request, asked: QueryIn) -> QueryOut:
    """Runs one SELECT. It ends if the caller goes away; 429 says that others, or another of the caller's, still run."""
    question = Question(
        asked.sql, await anyio.to_thread.run_sync(sight_of, who), _ns(asked.start), _ns(asked.end),
        asked.rows if asked.format is not Format.JSON else min(asked.rows, MOST_ROWS),
    )  # fmt: skip
    result = await _while_there(request, who, question)
    if who.account is not None:
        await anyio.to_thread.run_sync(Queries(who.place.state).ran, who.account.id, asked.sql)
    if asked.format is not Format.JSON:
        return as_file(_as_dicts(result), asked.format, "query")  # type: ignore[return-value]
    return out_of(result, question.sight)


def out_of(result: Result, sight: Sight) -> QueryOut:
    """An answer as the API gives it."""
    return QueryOut(
        columns=[ResultColumn(name=n, type=t, kind=kind_of(t)) for n, t in result.columns], rows=result.rows,
        more=result.more, partial=sight.addresses is not None, seconds=round(result.seconds, 3),
    )  # fmt: skip


def _ns(time: datetime | None) -> int | None:
    return ns_of(time) if time else None


async def _while_there(request: Request, who: Caller, question: Question) -> Result:
    """Asks in a thread, and stops when nobody listens any more."""
    gone = False
    found: list[Result | Exception] = []

    async def look() -> None:
        nonlocal gone
        while not gone:
            gone = await request.is_disconnected()
            await anyio.sleep(GONE_S)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        try:
            found.append(await anyio.to_thread.run_sync(lambda: ask(who, question, lambda: gone)))
        except LinewardenError as error:  # a group would wrap it
            found.append(error)
        tasks.cancel_scope.cancel()
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def ask(who: Caller, question: Question, gone: Any = lambda: False) -> Result:
    """The answer. Raises BusyError if there is no room now, QueryError."""
    return who.place.desk.ask(who.who.id, question, gone)


def kind_of(type: str) -> Literal["time", "number", "text"]:
    """What a DuckDB type can be drawn as."""
    if type.startswith(("TIMESTAMP", "DATE")):
        return "time"
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
               "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
    return "number" if type.startswith(numbers) and not type.endswith("]") else "text"


def _as_dicts(result: Result) -> list[dict[str, Any]]:
    names: list[str] = []
    for name, _ in result.columns:
        names.append(name if name not in names else f"{name}_{len(names) + 1}")
    return [dict(zip(names, row, strict=True)) for row in result.rows]
