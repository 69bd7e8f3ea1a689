"""Rows of a list that are the same for everybody, made once for each moment of the plant and kept with it.

What a caller sees of them is filtered at each request; to make and sort thousands of rows for each would cost more than
all the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from linewarden.api.listing import Listing, ListQuery
from linewarden.service.view import View

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")

_making = threading.Lock()


def made(view: View, name: str, make: Callable[[View], V]) -> V:
    """What is made of a view, once; others wait meanwhile."""
    if name not in view.made:
        with _making:
            if name not in view.made:
                view.made[name] = make(view)
    found: V = view.made[name]
    return found


class Table(Generic[T]):
    """Rows, and what was learned of them: their order by each column, and the text that is searched."""

    def __init__(self, listing: Listing[T], rows: Iterable[T]) -> None:
        self.rows = list(rows)
        self._listing = listing
        self._orders: dict[str, list[T]] = {}
        self._texts: dict[str, str] = {}

    def answer(
        self, query: ListQuery, keep: Callable[[T], bool], finish: Callable[[list[T]], list[T]] | None = None
    ) -> Any:
        """The list, as the query asks, of the rows that `keep` wants; `finish` adds what is not kept with them."""
        column, down = self._listing.column(query)
        wanted = query.q.casefold().split()
        found = [r for r in self._order(column, down) if keep(r) and (not wanted or self._has(r, wanted))]
        return self._listing.answer_sorted(found, query, finish)

    def _order(self, column: str, down: bool) -> list[T]:
        name = f"-{column}" if down else column
        if name not in self._orders:
            self._orders[name] = self._listing.in_order(self.rows, column, down)
        return self._orders[name]

    def _has(self, row: T, words: list[str]) -> bool:
        key = self._listing.id(row)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._listing.text(row)
        return all(word in text for word in words)
