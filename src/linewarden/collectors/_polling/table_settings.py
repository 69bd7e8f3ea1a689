"""Settings of what comes as a table, from a file or a database: wide (a column a tag) or long (names and values)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from linewarden.collectors._polling import usual
from linewarden.collectors._polling.table_layout import Column, Layout
from linewarden.collectors._polling.times import zone_of
from linewarden.collectors._polling.usual import Wrong
from linewarden.collectors.contract import Tag, setting

GOOD = ("good", "ok", "192", "0x00000000")
"""192 is OPC DA's good. 0 is good in OPC UA and bad in OPC DA: a site says which."""
UNCERTAIN = ("uncertain", "64")
BAD = ("bad", "no data", "nodata", "error", "null", "n/a", "na", "#n/a", "bad input", "comm fail", "i/o timeout")
"""Words that historians and spreadsheets write where there is no value."""


@dataclass(frozen=True, slots=True)
class TableTag:
    """What a column (or a name in a long table) means."""

    column: str = setting("heading of the column, or name in a long table", examples=("TI101",))
    name: str = setting("name of the tag; that of the column if empty", default="", examples=("OVEN.TEMPERATURE",))
    scale: float = usual.scale("what stands there")
    offset: float = usual.offset()
    ucum: str = usual.ucum()
    description: str = usual.description()
    low: float | None = usual.low()
    high: float | None = usual.high()


def time_column(example: str) -> Any:
    """Where the time stands."""
    return setting("column of the time", examples=(example,))


def name_column() -> Any:
    """Of a long table."""
    return setting("long: column of the tag's name; empty: wide, a column a tag", default="")


def value_column() -> Any:
    """Of a long table."""
    return setting("long: column of the value", default="")


def quality_column() -> Any:
    """Of a long table."""
    return setting("long: column of the quality, if there is one", default="")


def good() -> Any:
    """Words of the quality column."""
    return setting("words for a good value", default=GOOD)


def uncertain() -> Any:
    """Words of the quality column."""
    return setting("words for an uncertain value; all others are bad", default=UNCERTAIN)


def bad() -> Any:
    """Words of a value's own column."""
    return setting("words that stand in place of a value that is bad", default=BAD)


class Table(Protocol):
    """The settings of a table, of whatever collector."""

    @property
    def time_column(self) -> str:
        """Of the time."""

    @property
    def time_format(self) -> str:
        """Of the time."""

    @property
    def zone(self) -> str:
        """Of times that say none."""

    @property
    def name_column(self) -> str:
        """Of a long table."""

    @property
    def value_column(self) -> str:
        """Of a long table."""

    @property
    def quality_column(self) -> str:
        """Of a long table."""

    @property
    def good(self) -> tuple[str, ...]:
        """Words."""

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Words."""

    @property
    def bad(self) -> tuple[str, ...]:
        """Words."""

    @property
    def tags(self) -> tuple[TableTag, ...]:
        """What columns mean."""

    @property
    def only(self) -> bool:
        """No other columns."""


def wrong_table(s: Table) -> Iterator[Wrong]:
    """What is wrong with the settings of a table that are right one by one, but for those of its times."""
    if bool(s.name_column) != bool(s.value_column):
        yield "value_column", "a long table has name_column and value_column; give both, or none for a wide one"
    if s.quality_column and not s.name_column:
        yield "quality_column", "is of a long table; give name_column and value_column, too"
    if s.only and not s.tags:
        yield "only", "takes nothing without tags; add [[collector.tags]], or only = false"
    yield from usual.wrong_tags(s.tags, lambda _: iter(()), "column", "give each column once")


def layout_of(s: Table, source: str, protocol: str, decimal: str = ".") -> Layout:
    """How rows become values of this source."""
    columns = {}
    for t in s.tags:
        tag = Tag(source, protocol, t.name or t.column, ucum=t.ucum, description=t.description, low=t.low, high=t.high)
        columns[t.column] = Column(tag, t.scale, t.offset)
    good, uncertain, bad = (frozenset(word.casefold() for word in of) for of in (s.good, s.uncertain, s.bad))
    return Layout(
        source, protocol, s.time_column, s.time_format, zone_of(s.zone), s.name_column, s.value_column,
        s.quality_column, decimal, good, uncertain, bad, columns, s.only,
    )  # fmt: skip
