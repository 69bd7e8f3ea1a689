"""Values of `reading` records as columns of numbers: each tag has a number, found by joins and not row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from linewarden.analytics.align import NO_MARK
from linewarden.service.analysing.growing import Growing

if TYPE_CHECKING:
    from linewarden.collectors.contract import Tag as Said

KEY = ("source", "protocol", "unit", "area", "start", "name")
PLACE = ("uid", "sensor", "capture")
COLUMNS = ("ts", *PLACE, "frame", *KEY, "values", "quality")
"""What is read of the stream."""
FRAME_BITS = 40
MOST_KEYS, MOST_PLACES = 100_000, 1 << 20
BAD = 2
"""The quality of a sample that is none (collectors/contract.py)."""
NOT_HEARD = -2
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tag:
    """One value of a device. block, address: where it is; its neighbours there may be parts of the same number."""

    source: str
    label: str
    block: str
    address: int | None

    @property
    def name(self) -> str:
        """As people write it in patterns and hints."""
        return f"{self.source}/{self.label}"


class Collected(NamedTuple):
    """Samples of a collector, as blocks of the log have them. first: number of the first."""

    collector: str
    first: int
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Flat:
    """Values side by side, (n,) each. at: s UTC; tag: number, -1 where there was no room; mark: `Tags.place`."""

    at: npt.NDArray[np.float64]
    tag: Whole
    value: npt.NDArray[np.float64]
    mark: Whole

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, which: npt.NDArray[np.bool_]) -> Flat:
        return Flat(self.at[which], self.tag[which], self.value[which], self.mark[which])

    @staticmethod
    def joined(parts: Sequence[Flat]) -> Flat:
        """These, one after the other; at least one."""
        columns = ([getattr(part, name) for part in parts] for name in ("at", "tag", "value", "mark"))
        return Flat(*(np.concatenate(column) for column in columns))


class Tags:
    """Numbers for tags, in the order in which they were first heard. `on_new`: told of each."""

    def __init__(self, most: int, on_new: Callable[[int, Tag], None]) -> None:
        self.all: list[Tag] = []
        self.left_out = 0
        self._most, self._on_new = most, on_new
        self._number: dict[tuple[str, str], int] = {}
        self._keys = pl.DataFrame(schema={**_KEY_TYPES, "n": pl.UInt32, "key": pl.Int64})
        self._first, self._flat = Growing(np.int64), Growing(np.int64)
        """By number of key: where its tags begin; the tags of all keys."""
        self._size = self._numbers = 0
        self._places: list[tuple[str, str, str]] = []
        self._by_number: Whole = np.empty(0, np.int64)
        self._collectors: dict[str, int] = {}
        self._place_keys = pl.DataFrame(schema={**dict.fromkeys(PLACE, pl.String), "place": pl.Int64})

    def of(self, readings: pl.DataFrame) -> Flat:
        """Every number of these readings; what the protocol calls bad is NaN."""
        rows = readings.select(
            pl.col("ts").to_physical(), pl.col("frame").cast(pl.Int64), pl.col(*PLACE).cast(pl.String),
            *(pl.col(c).cast(t) for c, t in _KEY_TYPES.items()), "values",
            pl.col("values").list.len().alias("n"),
            pl.col("quality").cast(pl.String).str.starts_with("bad").fill_null(value=False).alias("bad")
            if "quality" in readings.columns else pl.lit(value=False).alias("bad"),
        ).filter(pl.col("n") > 0)  # fmt: skip
        if not rows.height:
            none = np.empty(0)
            return Flat(none, none.astype(np.int64), none, none.astype(np.int64))
        key = self._found(rows, (*KEY, "n"), "key")
        place = self._found(rows, PLACE, "place")
        count = rows.get_column("n").to_numpy().astype(np.int64)
        row = np.repeat(np.arange(rows.height), count)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        value = rows.get_column("values").explode().to_numpy().astype(np.float64)
        if (bad := rows.get_column("bad").to_numpy()).any():
            value = np.where(bad[row], np.nan, value)
        mark = (place << FRAME_BITS) | (rows.get_column("frame").to_numpy() & ((1 << FRAME_BITS) - 1))
        tag = self._flat.whole()[self._first.whole()[key][row] + within]
        return Flat(rows.get_column("ts").to_numpy()[row] / 1e9, tag, value, mark[row])

    def collected(self, block: Collected, tag_of: Callable[[int], Said]) -> Flat:
        """The same of what a collector put, found by the numbers of its tags: no text is looked at."""
        rows = block.rows
        number, value = rows.get_column("tag").to_numpy().astype(np.int64), rows.get_column("value").to_numpy()
        frame = np.arange(block.first, block.first + len(number), dtype=np.int64) & ((1 << FRAME_BITS) - 1)
        bad = rows.get_column("quality").to_numpy() >= BAD
        told = np.isfinite(value)
        if (texts := rows.get_column("text")).null_count() < len(texts):
            told &= texts.is_null().to_numpy()
        mark = (self._place_of(block.collector) << FRAME_BITS) | frame
        at = rows.get_column("ts").to_numpy() / 1e9
        flat = Flat(at, self._of_numbers(number, tag_of, told), np.where(bad, np.nan, value), mark)
        return flat if told.all() else flat[told]

    def _of_numbers(self, number: Whole, tag_of: Callable[[int], Said], told: npt.NDArray[np.bool_]) -> Whole:
        """Our numbers for those of collectors; a tag has one from its first value on."""
        if (more := int(number.max(initial=-1)) + 1 - len(self._by_number)) > 0:
            self._by_number = np.concatenate([self._by_number, np.full(more, NOT_HEARD)])
        found = self._by_number[number]
        if (new := (found == NOT_HEARD) & told).any():
            for n in dict.fromkeys(number[new].tolist()):
                said = tag_of(n)
                self._by_number[n] = self._tag(_named(said.source, said.unit, said.area, said.start, said.name, 0, 1))
            found = self._by_number[number]
        return found

    def _place_of(self, collector: str) -> int:
        if collector not in self._collectors:
            row = pl.DataFrame([("", collector, f"collector:{collector}")], schema=PLACE, orient="row")
            self._collectors[collector] = int(self._found(row, PLACE, "place")[0])
        return self._collectors[collector]

    def place(self, mark: int) -> tuple[str, str, str, int]:
        """uid, sensor, capture and frame of the reading with this mark; empty where it was forgotten."""
        number = mark >> FRAME_BITS
        if mark == NO_MARK or number >= len(self._places):
            return "", "", "", 0
        return (*self._places[number], mark & ((1 << FRAME_BITS) - 1))

    def _found(self, rows: pl.DataFrame, by: Sequence[str], what: str) -> Whole:
        """The number of each row's key or place; new ones get theirs."""
        known = self._keys if what == "key" else self._place_keys
        found = rows.select(by).join(known, on=by, how="left", nulls_equal=True, maintain_order="left")
        numbers = found.get_column(what)
        if numbers.null_count():
            fresh = found.filter(numbers.is_null()).select(by).unique(maintain_order=True)
            added = [self._new_key(r) if what == "key" else self._new_place(r) for r in fresh.iter_rows()]
            known = pl.concat([known, fresh.with_columns(pl.Series(what, added, dtype=pl.Int64))])
            if what == "key":
                self._keys = known
            else:
                self._place_keys = known
            found = rows.select(by).join(known, on=by, how="left", nulls_equal=True, maintain_order="left")
            numbers = found.get_column(what)
        return numbers.to_numpy()

    def _new_place(self, row: tuple[str, ...]) -> int:
        if len(self._places) >= MOST_PLACES:
            return 0
        self._places.append((row[0] or "", row[1] or "", row[2] or ""))
        return len(self._places) - 1

    def _new_key(self, row: tuple[object, ...]) -> int:
        source, _, unit, area, start, name, count = row
        self._first.append(self._size)
        for k in range(int(str(count))):
            self._flat.append(self._tag(_named(source, unit, area, start, name, k, count)))
            self._size += 1
        self._numbers += 1
        return self._numbers - 1

    def _tag(self, tag: Tag) -> int:
        number = self._number.get((tag.source, tag.label))
        if number is not None:
            return number
        if len(self.all) >= self._most:
            self.left_out += 1
            return -1
        number = self._number[tag.source, tag.label] = len(self.all)
        self.all.append(tag)
        self._on_new(number, tag)
        return number


_KEY_TYPES: dict[str, type[pl.DataType]] = {
    "source": pl.String, "protocol": pl.String, "unit": pl.Int64, "area": pl.String, "start": pl.Int64,
    "name": pl.String,
}  # fmt: skip


def _named(source: object, unit: object, area: object, start: object, name: object, place: int, count: object) -> Tag:
    """`holding_register 40`, or the name; with the unit where a device has several (Modbus: 1 and 255 are the device
    itself)."""
    address = int(str(start)) + place if start is not None else None
    if name:
        label = str(name) if count == 1 else f"{name} [{place}]"
    else:
        label = " ".join(str(p) for p in (area, address if address is not None else place) if p is not None)
    if unit not in (None, 0, 1, 255):
        label = f"{label} unit {unit}"
    return Tag(str(source), label, f"{area or name} {unit}", address)
