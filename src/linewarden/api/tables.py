"""Rows of a list that are the same for everybody, made once for each moment of the plant and kept with it.

What a caller sees of them is filtered at each request; to make and sort thousands of rows for each would cost more than
all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from linewarden.api.caller import Caller
from linewarden.api.listing import Listing, ListQuery
from linewarden.policy import Action, Kind
from linewarden.service.view import View

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")

Sight = tuple[Action, Kind]
"""A right to look: what differs by the zones in which somebody has it."""


def made(view: View, name: Hashable, make: Callable[[View], V], of: Hashable = ()) -> V:
    """What is made of a view, once; others wait meanwhile. `of`: what else it is made of: anew when that changes."""
    return view.made.get(name, of, lambda: make(view))


def made_of_plant(view: View, name: Hashable, make: Callable[[View], V]) -> V:
    """What is made of the plant alone: kept while cases change, and made of the next plant before that is shown."""
    return view.made_of_plant.of_moment(name, view, make)


def shared(who: Caller, name: str, sights: tuple[Sight, ...], make: Callable[[], V], of: Hashable = ()) -> V:
    """What is the same for all who may see the same: made of a view once for each extent of these rights."""
    return who.view.made.get((name, extents(who, sights)), of, make)


def shared_of_plant(who: Caller, name: str, sights: tuple[Sight, ...], make: Callable[[], V], of: Hashable = ()) -> V:
    """The same of what is made of the plant alone."""
    return who.view.made_of_plant.get((name, extents(who, sights)), of, make)


def extents(who: Caller, sights: tuple[Sight, ...]) -> tuple[frozenset[str], ...]:
    """For each right the zones of the plant in which the caller has it; the empty one is the whole site."""
    zones = made_of_plant(who.view, "zones", zones_in)
    return tuple(frozenset(z for z in zones if z in who.zones(*sight)) for sight in sights)


def zones_in(view: View) -> frozenset[str]:
    """All that something can be in; the empty one is that of what is in none, or in several."""
    return frozenset({"", *(a.zone for a in view.plant.assets if a.zone)})


class Table(Generic[T]):
    """Rows, and what was learned of them: their order by each column, and the text that is searched."""

    def __init__(self, listing: Listing[T], rows: Iterable[T]) -> None:
        self.rows = list(rows)
        self._listing = listing
        self._orders: dict[str, list[T]] = {}
        self._texts: dict[str, str] = {}
        self._like: tuple[Table[T], Mapping[str, T], Collection[str]] | None = None

    def with_changed(self, rows: Mapping[str, T], columns: Collection[str]) -> Table[T]:
        """The same with these rows, by id, in the place of theirs, which differ in these columns and in no word: only
        the order by one of these is found anew.
        """
        new = Table(self._listing, self._put(rows, self.rows))
        new._texts, new._like = self._texts, (self, rows, columns)
        return new

    def _put(self, rows: Mapping[str, T], into: list[T]) -> list[T]:
        return [rows.get(self._listing.id(r), r) for r in into]

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
            self._orders[name] = self._ordered(column, down)
        return self._orders[name]

    def _ordered(self, column: str, down: bool) -> list[T]:
        if self._like is not None:
            before, rows, columns = self._like
            if column not in columns:
                return self._put(rows, before._order(column, down))
        return self._listing.in_order(self.rows, column, down)

    def _has(self, row: T, words: list[str]) -> bool:
        key = self._listing.id(row)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._listing.text(row)
        return all(word in text for word in words)
