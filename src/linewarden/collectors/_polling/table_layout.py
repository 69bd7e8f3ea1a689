"""Tables of values, as exports and historians have them: wide (a column a tag) or long (a row a value). Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from linewarden.collectors._mqtt.units import ucum
from linewarden.collectors._polling.times import PER_SECOND, ns_of
from linewarden.collectors._polling.values import scaled
from linewarden.collectors.contract import Quality, Samples, Tag

if TYPE_CHECKING:
    import polars as pl

BATCH = 20_000
"""Values that are handed on at once."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a site says of a tag: another name, scale, meaning. tag has the source, the name and what else is known."""

    tag: Tag
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are. time: column; form, zone: see `times.ns_of`. name, value, quality: columns of a long table, no
    name: wide. columns: what is said of tags, by their name in the table; only: no others are taken."""

    source: str
    protocol: str
    time: str
    form: str
    zone: tzinfo
    name: str = ""
    value: str = ""
    quality: str = ""
    decimal: str = "."
    good: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    columns: Mapping[str, Column] = field(default_factory=dict)
    only: bool = False


@dataclass(slots=True)
class Told:
    """What could not be used: (how many, the first of them) for a line that says so."""

    times: int = 0
    first: str = ""


class Reader:
    """Rows to samples. number: what the sink calls a tag. units: of columns, as the table itself says."""

    def __init__(self, layout: Layout, number: Callable[[Tag], int], units: Mapping[str, str]) -> None:
        self._layout, self._number, self._units = layout, number, units
        self._known: dict[str, tuple[int, Column] | None] = {}
        self.told = Told()

    def missing(self, names: Sequence[str]) -> str:
        """What the table lacks and should have; empty: nothing."""
        of = self._layout
        wanted = [of.time, *([of.name, of.value] if of.name else []), *([of.quality] if of.quality else [])]
        lacking = [name for name in wanted if name not in names]
        if lacking:
            return f"has no column {lacking[0]!r}; it has {', '.join(map(repr, list(names)[:8]))}"
        if not of.name and of.only and not any(name in names for name in of.columns):
            return f"has none of the columns of tags; it has {', '.join(map(repr, list(names)[:8]))}"
        return ""

    def samples(self, frame: pl.DataFrame) -> Iterator[tuple[Samples, int]]:
        """Samples, each of whole rows, and how many rows they are."""
        per = max(1, BATCH // (1 if self._layout.name else max(1, frame.width - 1)))
        for at in range(0, frame.height, per):
            part = frame.slice(at, per)
            samples = Samples(history=True)
            (self._long if self._layout.name else self._wide)(part, samples)
            yield samples, part.height

    def _wide(self, part: pl.DataFrame, samples: Samples) -> None:
        times = self._times(part[self._layout.time])
        columns = []
        for name in part.columns:
            if name != self._layout.time and (known := self._column(name)) is not None:
                columns.append((known, part[name].to_list()))
        for row, when in enumerate(times):
            if when is not None:
                for known, cells in columns:
                    self._add(samples, known, cells[row], when, None)

    def _long(self, part: pl.DataFrame, samples: Samples) -> None:
        of = self._layout
        times = self._times(part[of.time])
        quality = part[of.quality].to_list() if of.quality else [None] * part.height
        for when, name, cell, word in zip(
            times, part[of.name].to_list(), part[of.value].to_list(), quality, strict=True
        ):  # fmt: skip
            if when is not None and name is not None and (known := self._column(str(name).strip())) is not None:
                self._add(samples, known, cell, when, word)

    def _column(self, name: str) -> tuple[int, Column] | None:
        """Number and meaning of a column, or of a name in a long table; None: it is not wanted."""
        if name not in self._known:
            of = self._layout
            column = of.columns.get(name)
            if (column is None and of.only) or not name:
                self._known[name] = None
            else:
                column = column or Column(Tag(of.source, of.protocol, name))
                self._known[name] = self._number(self._meant(column.tag, self._units.get(name, ""))), column
        return self._known[name]

    @staticmethod
    def _meant(tag: Tag, unit: str) -> Tag:
        """With the table's own unit where the site says none; one without a code of UCUM is kept as a description."""
        if not unit or tag.ucum:
            return tag
        return replace(tag, ucum=ucum(unit), description=tag.description or ("" if ucum(unit) else f"unit: {unit}"))

    def _add(self, samples: Samples, known: tuple[int, Column], cell: Any, when: int, word: Any) -> None:
        number, column = known
        if cell is None and word is None:
            return  # an empty cell: there was no value then
        value = self._value(cell)
        quality, status = self._quality(word)
        if isinstance(value, str):
            if value.casefold() in self._layout.bad:
                value, quality, status = None, Quality.BAD, value
        elif value is not None and not math.isfinite(value):
            value, quality, status = None, Quality.BAD, "not_a_number"
        if value is None:
            quality, status = Quality.BAD, status or "no_value"
        else:
            value = scaled(value, column.scale, column.offset)
        samples.add(number, value, source_ts=when, server_ts=None, quality=quality, status=status)

    def _value(self, cell: Any) -> float | str | None:
        if cell is None or isinstance(cell, float):
            return cell
        if isinstance(cell, str):
            text = cell.strip()
            if not text:
                return None
            try:
                return float(text if self._layout.decimal == "." else text.replace(".", "").replace(",", "."))
            except ValueError:
                return text
        try:
            return float(cell)  # whole numbers, booleans, decimals
        except (TypeError, ValueError, OverflowError):
            return str(cell)

    def _quality(self, word: Any) -> tuple[Quality, str | None]:
        if word is None:
            return Quality.GOOD, None
        text = str(word).strip()
        if text.casefold() in self._layout.good:
            return Quality.GOOD, None
        return (Quality.UNCERTAIN if text.casefold() in self._layout.uncertain else Quality.BAD), text or "empty"

    def _times(self, column: pl.Series) -> list[int | None]:
        """Ns UTC of each row; None where there is no usable time, which is counted."""
        import polars as pl

        of = self._layout
        if column.dtype == pl.Date:
            column = column.cast(pl.Datetime("us"))
        if isinstance(column.dtype, pl.Datetime):
            if column.dtype.time_zone is None:
                column = column.dt.replace_time_zone(str(of.zone), ambiguous="earliest", non_existent="null")
            found: list[int | None] = column.dt.timestamp("ns").to_list()
        elif column.dtype.is_integer() and of.form in PER_SECOND:
            found = (column.cast(pl.Int64) * PER_SECOND[of.form]).to_list()
        else:
            found = [self._time(cell) for cell in column.to_list()]
        if None in found:
            self.told.times += found.count(None)
            self.told.first = self.told.first or repr(column[found.index(None)])[:40]
        return found

    def _time(self, cell: Any) -> int | None:
        try:
            return ns_of(cell, self._layout.form, self._layout.zone)
        except (ValueError, OverflowError, TypeError):
            return None
