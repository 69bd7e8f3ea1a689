"""Which rows of a series decide something; a detection says it by `Detection.thin`, and its watch gets only these.

    thin={"command": Changes(("id.resp_h", "target"), "value")}

What is written again and again is most of a plant's traffic. Of a capture the engine leaves it out before polars sees
it (`engine/sieve/src/thin.rs`, held equal by a property test); live, and of a lake, it is done here. Rows must be in
the order of time. Thinning what was thinned, with or without more of the same rows, leaves the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from linewarden.detections.wanted import is_certain, test_of

SECOND = 1_000_000_000


class Thin(Protocol):
    """Leaves out rows that decide nothing."""

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that do."""

    def asked(self) -> Mapping[str, Any] | None:
        """The same in the words of the engine; None if it cannot do it."""


@dataclass(frozen=True, slots=True)
class Firsts:
    """Of rows that are alike the first of every `every_s` s (None: of all), of those that are `apart` by itself."""

    by: tuple[str, ...]
    every_s: int | None = None
    apart: pl.Expr | None = None

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that decide something."""
        span = pl.col("ts").to_physical().floordiv(self.every_s * SECOND) if self.every_s is not None else pl.lit(0)
        apart = self.apart if self.apart is not None else pl.lit(value=False)
        keys = rows.select(*self.by, span.alias("span"), apart.fill_null(value=False).alias("apart"))
        return rows.filter(keys.select(pl.struct(pl.all()).is_first_distinct()).to_series())

    def asked(self) -> Mapping[str, Any] | None:
        """The same in the words of the engine."""
        apart = test_of(self.apart) if self.apart is not None else None
        if not is_certain(apart):
            return None
        return {"firsts": {"by": self.by, "every_s": self.every_s, "apart": apart}}


@dataclass(frozen=True, slots=True)
class Ends:
    """Of rows that are alike the first and the last."""

    by: tuple[str, ...]

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that decide something."""
        number = pl.col("number")
        ends = rows.select(self.by).with_row_index("number").group_by(self.by)
        found = ends.agg(number.min(), number.max().alias("last"))
        kept = pl.concat([found.get_column("number"), found.get_column("last")]).unique().sort()
        return rows if kept.len() == rows.height else rows[kept]

    def asked(self) -> Mapping[str, Any]:
        """The same in the words of the engine."""
        return {"ends": {"by": self.by}}


@dataclass(frozen=True, slots=True)
class Changes:
    """Without rows that say the same in a column as the one before in their series."""

    by: tuple[str, ...]
    column: str

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that decide something."""
        value = pl.col(self.column)
        return rows.filter((value != value.shift()).over(self.by).fill_null(value=True))

    def asked(self) -> Mapping[str, Any]:
        """The same in the words of the engine."""
        return {"changes": {"by": self.by, "column": self.column}}


@dataclass(frozen=True, slots=True)
class Turns:
    """Of rows in their series that say the same in a column one after the other the first and the last."""

    by: tuple[str, ...]
    column: str

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that decide something."""
        value = pl.col(self.column)
        first, last = value != value.shift(), value != value.shift(-1)
        return rows.filter((first | last).over(self.by).fill_null(value=True))

    def asked(self) -> Mapping[str, Any]:
        """The same in the words of the engine."""
        return {"turns": {"by": self.by, "column": self.column}}


@dataclass(frozen=True, slots=True)
class Breaks:
    """All rows that are `silent`, of the others of their series the first so many, and the first after a silence."""

    by: tuple[str, ...]
    silent: pl.Expr
    first: int

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that decide something."""
        silent = pl.col("silent")
        marked = rows.select(*self.by, self.silent.fill_null(value=False).alias("silent"))
        few = (~silent).cum_sum().over(self.by) <= self.first
        after = silent.shift(fill_value=False).over(self.by)
        return rows.filter(marked.select(silent | few | after).to_series())

    def asked(self) -> Mapping[str, Any] | None:
        """The same in the words of the engine."""
        silent = test_of(self.silent)
        return {"breaks": {"by": self.by, "silent": silent, "first": self.first}} if is_certain(silent) else None
