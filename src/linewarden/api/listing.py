"""Lists: filtered by their route, then sorted, and given page by page or whole as a file.

A cursor names the last row that was given, by what it is sorted by and its id; so rows that come or go meanwhile
neither repeat nor hide others. It is no secret, and is believed nothing but a position.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linewarden.api.problems import ProblemError

T = TypeVar("T", bound=BaseModel)
MOST = 1_000


class Format(StrEnum):
    """How a list is given: a page of JSON, or all of it as a file."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


MEDIA: Mapping[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.ARROW: "application/vnd.apache.arrow.stream",
    Format.PARQUET: "application/vnd.apache.parquet",
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page; with `format` other than json the whole list as a file",
        "content": {m.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for m in MEDIA.values()},
    }
}
"""`responses` of a route that gives a list."""


class ListQuery(BaseModel):
    """What every list takes. A list adds filters of its own; several values of one filter mean any of them."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_said(cls, given: Any) -> Any:
        """A form sends its empty fields, too: a filter without a value is none."""
        if not isinstance(given, dict):
            return given
        said = {k: [x for x in v if x != ""] if isinstance(v, list) else v for k, v in given.items()}
        return {k: v for k, v in said.items() if v != ""}

    q: Annotated[str, Field(description="words that must all be in it, in any case", max_length=200)] = ""
    sort: Annotated[str, Field(description="a column; with - before it, the highest first", max_length=40)] = ""
    limit: Annotated[int, Field(description="rows a page", ge=1, le=MOST)] = 100
    cursor: Annotated[str, Field(description="`next` of the page before", max_length=2_000)] = ""
    format: Annotated[Format, Field(description="json: a page; else the whole list as a file")] = Format.JSON


class Page(BaseModel, Generic[T]):
    """A page of a list. `next` is the cursor of the page after it, None on the last; `total` counts all that fit."""

    items: list[T]
    total: int
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """How a list is sorted and searched. `sorts`: a column -> what to compare; `words`: the texts that `q` looks in."""

    name: str
    sorts: Mapping[str, Callable[[T], Any]]
    default: str
    id: Callable[[T], str]
    words: Callable[[T], Iterable[str | None]]

    def answer(self, rows: Iterable[T], query: ListQuery) -> Any:
        """A page, or all of it as a file, as the query asks. Raises ProblemError if its cursor or column is none."""
        column, down = self.column(query)
        wanted = query.q.casefold().split()
        found = [r for r in rows if all(w in self.text(r) for w in wanted)] if wanted else rows
        return self.answer_sorted(self.in_order(found, column, down), query)

    def answer_sorted(self, rows: list[T], query: ListQuery, finish: Callable[[list[T]], list[T]] | None = None) -> Any:
        """The same of rows that are searched and sorted already; `finish` is done to those that are given."""
        if query.format is not Format.JSON:
            given = finish(rows) if finish else rows
            return as_file([r.model_dump(mode="json") for r in given], query.format, self.name)
        column, _ = self.column(query)
        start = self._after(rows, query)
        items = rows[start : start + query.limit]
        more = start + query.limit < len(rows)
        last = cursor_of(query.sort or self.default, self._key(items[-1], column)) if more else None
        return Page(items=finish(items) if finish else items, total=len(rows), next=last)

    def in_order(self, rows: Iterable[T], column: str, down: bool) -> list[T]:
        """Rows by a column, and by id where they are equal."""
        return sorted(rows, key=lambda r: self._key(r, column), reverse=down)

    def text(self, row: T) -> str:
        """What `q` looks in."""
        return "\n".join(w for w in self.words(row) if w).casefold()

    def column(self, query: ListQuery) -> tuple[str, bool]:
        """What to sort by, and whether the highest comes first."""
        asked = query.sort or self.default
        name = asked.removeprefix("-")
        if name not in self.sorts:
            raise ProblemError(400, "That makes no sense", f"sort: {name} is none of {', '.join(self.sorts)}.")
        return name, asked.startswith("-")

    def _key(self, row: T, column: str) -> list[Any]:
        value = self.sorts[column](row)
        return [value is None, _plain(value), self.id(row)]

    def _after(self, rows: list[T], query: ListQuery) -> int:
        """The place behind the row that the cursor names."""
        if not query.cursor:
            return 0
        column, down = self.column(query)
        last = read_cursor(query.cursor, query.sort or self.default)
        low, high = 0, len(rows)
        try:
            while low < high:
                middle = (low + high) // 2
                key = self._key(rows[middle], column)
                low, high = (middle + 1, high) if (key >= last if down else key <= last) else (low, middle)
        except TypeError:
            raise no_cursor() from None
        return low


def _plain(value: Any) -> Any:
    """As JSON gives it back."""
    return [_plain(v) for v in value] if isinstance(value, (tuple, list)) else value


def cursor_of(sort: str, key: list[Any]) -> str:
    """Names a row by what it is sorted by and its id."""
    return base64.urlsafe_b64encode(json.dumps([sort, key]).encode()).decode().rstrip("=")


def read_cursor(text: str, sort: str) -> list[Any]:
    """What such a name says. Raises ProblemError if it is none of this list."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise no_cursor() from None
    if not (isinstance(found, list) and len(found) == 2 and found[0] == sort and isinstance(found[1], list)):
        raise no_cursor()
    key: list[Any] = found[1]
    return key


def no_cursor() -> ProblemError:
    """What to say of a cursor that is none."""
    return ProblemError(400, "That makes no sense", "cursor: not one of this list; take `next` of the page before.")


def as_file(rows: list[dict[str, Any]], format: Format, name: str) -> Response:
    """Rows as a file to keep. Nested values are JSON text in CSV; a text that a spreadsheet would take for a formula is
    marked as text (OWASP, CSV injection).
    """
    import io

    import polars as pl

    out = io.BytesIO()
    if format is Format.CSV:
        flat = [{k: _cell(v) for k, v in row.items()} for row in rows]
        pl.DataFrame(flat, infer_schema_length=None).write_csv(out)
    elif format is Format.PARQUET:
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(out)
    else:
        pl.DataFrame(rows, infer_schema_length=None).write_ipc_stream(out)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return Response(out.getvalue(), media_type=MEDIA[format], headers=headers)


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
