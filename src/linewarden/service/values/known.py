"""What is known of the tags of a lake: columns, a row a tag, that grow with the records. No value of it is an object.

A moment of it never changes: who asks works on one while the next is made. A tag's number is its row. A course is kept
by columns, too, one a piece of time: new values touch the newest piece only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from linewarden.service.values.pieces import SERIES, numbered
from linewarden.service.values.tag import TagKey, TagState

if TYPE_CHECKING:
    import polars as pl

PARTS = 48
"""Most pieces of a course; at least half of them are used."""
FIRST_WIDTH = 1 << 17
"""Of a piece of a course, ns; doubles as the lake gets longer."""
NEVER = 1 << 62
SMALL = 20_000
"""So many tags are looked for among those of their devices, more among all."""


def no_series() -> pl.DataFrame:
    """The columns of SERIES."""
    import polars as pl

    return pl.DataFrame(schema={n: pl.Int64 if n == "unit" else pl.String for n in SERIES})


def no_tags() -> pl.DataFrame:
    """The columns of `Known.tags`."""
    import polars as pl

    return pl.DataFrame(
        schema={
            "series": pl.UInt32, "address": pl.Int64, "id": pl.UInt64, "count": pl.Int64, "low": pl.Float64,
            "high": pl.Float64, "total": pl.Float64, "last": pl.Float64, "first_ts": pl.Int64, "last_ts": pl.Int64,
            "moved": pl.Int64,
        }
    )  # fmt: skip


def no_values() -> pl.DataFrame:
    """The columns of the values that `grown` gives."""
    import polars as pl

    return pl.DataFrame(schema={"tag": pl.UInt32, "t": pl.Int64, "x": pl.Float64})


@dataclass(frozen=True, slots=True)
class Known:
    """One moment. Times are ns UTC; values are raw, as the wire has them."""

    series: pl.DataFrame = field(default_factory=no_series)
    """Device, protocol, unit, area and name; its number is its row."""
    tags: pl.DataFrame = field(default_factory=no_tags)
    courses: Mapping[int, pl.Series] = field(default_factory=dict)
    """Piece of the time -> the last value of each tag in it; shorter where no later tag had any."""
    width: int = FIRST_WIDTH
    first_ts: int = NEVER
    last_ts: int = 0

    def states(self, numbers: pl.Series) -> list[TagState]:
        """Those of these numbers, in their order, as objects."""
        tags = self.tags[numbers]
        series = self.series[tags["series"]]
        courses = self._courses(numbers) or [[]] * tags.height
        return [
            TagState(TagKey._make((*of, address)), f"{hashed:016x}", number, first, count, low, high, total, last,
                     last_ts, moved, tuple(course))
            for number, of, (_, address, hashed, count, low, high, total, last, first, last_ts, moved), course
            in zip(numbers, series.iter_rows(), tags.iter_rows(), courses, strict=True)
        ]  # fmt: skip

    def _courses(self, numbers: pl.Series) -> list[list[float | None]]:
        """Last values in each piece of the time that the lake covers; None where there is none."""
        if not self.courses:
            return []
        first, last = self.first_ts // self.width, self.last_ts // self.width
        pieces = [_gathered(self.courses.get(p), numbers) for p in range(first, last + 1)]
        return [list(course) for course in zip(*pieces, strict=True)]

    def number(self, id: str) -> int | None:
        """Of the tag with this id."""
        try:
            wanted = int(id, 16) if len(id) == 16 else -1
        except ValueError:
            return None
        found = (self.tags["id"] == wanted).arg_true().to_list() if wanted >= 0 else []
        return found[0] if found else None


def _gathered(piece: pl.Series | None, numbers: pl.Series) -> list[float | None]:
    """Of a piece that may be shorter, or missing."""
    if piece is None:
        return [None] * len(numbers)
    size = len(piece)
    within = numbers.cast(int).set(numbers >= size, 0) if len(numbers) and int(numbers.max()) >= size else numbers  # type: ignore[arg-type]
    found: list[float | None] = piece.gather(within).to_list()
    return [v if n < size else None for v, n in zip(found, numbers, strict=True)]


def grown(known: Known, readings: pl.DataFrame) -> tuple[Known, pl.DataFrame]:
    """With these records of the stream `reading`; and their values, as `tag`, `t` and `x`."""
    series, values = numbered(readings, known.series)
    if not values.height:
        return replace(known, series=series), no_values()
    times = values.get_column("t")
    first, last = min(known.first_ts, int(times.min())), max(known.last_ts, int(times.max()))  # type: ignore[arg-type]
    known = _widened(replace(known, series=series, first_ts=first, last_ts=last))
    summed = _summed(values, known.width)
    known, keys = _named(known, summed.select("series", "address").unique(maintain_order=True))
    summed = summed.join(keys, on=["series", "address"], how="left", maintain_order="left")
    recent = values.join(keys, on=["series", "address"], how="left").select("number", "t", "x")
    return _counted(known, summed), recent.rename({"number": "tag"})


def _widened(known: Known) -> Known:
    """Wider pieces, so that there are at most PARTS."""
    width, courses = known.width, dict(known.courses)
    while known.last_ts // width - known.first_ts // width >= PARTS:
        width *= 2
        wider: dict[int, pl.Series] = {}
        for piece in sorted(courses):
            later, before = courses[piece], wider.get(piece // 2)
            wider[piece // 2] = later if before is None else _over(before, later)
        courses = wider
    return replace(known, width=width, courses=courses)


def _over(before: pl.Series, later: pl.Series) -> pl.Series:
    """The later values, and those before where there is no later one."""
    size = max(len(before), len(later))
    before, later = (s.extend_constant(None, size - len(s)) if len(s) < size else s for s in (before, later))
    return later.zip_with(later.is_not_null(), before)


def _summed(values: pl.DataFrame, width: int) -> pl.DataFrame:
    """A row a tag and piece of time, by piece. `values` are in the order of their times."""
    import polars as pl

    x, t = pl.col("x"), pl.col("t")
    keys, named = _packed(values, width)
    return (
        values.lazy()
        .with_columns(**keys)
        .group_by(*keys)
        .agg(
            n=pl.len(), low=x.min(), high=x.max(), total=x.sum(), last=x.last(), first_t=t.min(), last_t=t.max(),
            **named,
        )
        .sort("piece")
        .drop([k for k in keys if k not in ("series", "address", "piece")])
        .collect()
    )  # fmt: skip


def _packed(values: pl.DataFrame, width: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to group by: one number where it has room, which is four times as quick. And what to keep then."""
    import polars as pl

    first = int(values["t"].min()) // width  # type: ignore[arg-type]
    low, high = int(values["address"].min()), int(values["address"].max())  # type: ignore[arg-type]
    if low < 0 or high >= 1 << 32 or int(values["series"].max()) >= 1 << 26:  # type: ignore[arg-type]
        return {"series": pl.col("series"), "address": pl.col("address"), "piece": pl.col("t") // width}, {}
    code = (
        pl.col("series").cast(pl.UInt64) * (1 << 38)
        + (pl.col("t") // width - first).cast(pl.UInt64) * (1 << 32)
        + pl.col("address").cast(pl.UInt64)
    )
    kept = {"series": pl.col("series"), "address": pl.col("address"), "piece": pl.col("t") // width}
    return {"code": code}, {name: of.first() for name, of in kept.items()}


def _named(known: Known, keys: pl.DataFrame) -> tuple[Known, pl.DataFrame]:
    """Each of `keys` (series, address) with its `number`; new ones are added."""
    import polars as pl

    there = known.tags.lazy().select("series", "address").with_row_index("number")
    if keys.height < SMALL:
        there = there.filter(pl.col("series").is_in(keys["series"].unique().implode()))
    found = keys.lazy().join(there, on=["series", "address"], how="left", maintain_order="left").collect()
    new = found.filter(pl.col("number").is_null()).select("series", "address").sort("series", "address")
    if not new.height:
        return known, found
    size = known.tags.height
    numbered = new.with_columns(number=pl.int_range(size, size + new.height, dtype=pl.UInt32))
    tags = pl.concat([known.tags, _new_tags(new, known.series)])
    both = pl.concat([found.filter(pl.col("number").is_not_null()), numbered.select(found.columns)])
    return replace(known, tags=tags), both


def _new_tags(keys: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = zip(series[keys["series"]].iter_rows(), keys["address"], strict=True)
    ids = pl.Series("id", [int(TagKey._make((*of, address)).id, 16) for of, address in rows], dtype=pl.UInt64)
    return keys.with_columns(ids).select(
        "series", "address", "id", count=pl.lit(0, pl.Int64), low=pl.lit(float("inf")), high=pl.lit(float("-inf")),
        total=pl.lit(0.0), last=pl.lit(0.0), first_ts=pl.lit(NEVER, pl.Int64), last_ts=pl.lit(0, pl.Int64),
        moved=pl.lit(0, pl.Int64),
    )  # fmt: skip


def _counted(known: Known, summed: pl.DataFrame) -> Known:
    """With what each tag had in each piece; `summed` is by piece."""
    import polars as pl

    before = known.tags[summed["number"]].select("count", was="last", was_at="last_ts")
    rows = summed.hstack(before)
    last = pl.col("last").shift().over("number").fill_null(pl.when(pl.col("count") > 0).then("was"))
    rows = rows.with_columns(changed=(pl.col("low") < pl.col("high")) | (pl.col("last") != last).fill_null(value=False))
    newest = pl.col("last_t").arg_max()
    each = rows.group_by("number").agg(
        pl.col("n", "total", "changed").sum(), pl.col("low", "first_t").min(), pl.col("high", "last_t").max(),
        pl.col("last").get(newest),
    )  # fmt: skip
    return replace(known, tags=_scattered(known.tags, each), courses=_coursed(known, rows))


def _scattered(tags: pl.DataFrame, each: pl.DataFrame) -> pl.DataFrame:
    """`tags` with one row a tag of what is new of it."""
    import polars as pl

    at = each["number"]
    old = tags[at]
    new = old.with_columns(
        count=old["count"] + each["n"], total=old["total"] + each["total"], moved=old["moved"] + each["changed"],
        low=pl.min_horizontal(old["low"], each["low"]), high=pl.max_horizontal(old["high"], each["high"]),
        first_ts=pl.min_horizontal(old["first_ts"], each["first_t"]),
        last=pl.when(each["last_t"] >= old["last_ts"]).then(each["last"]).otherwise(old["last"]),
        last_ts=pl.max_horizontal(old["last_ts"], each["last_t"]),
    )  # fmt: skip
    changed = ("count", "total", "moved", "low", "high", "first_ts", "last", "last_ts")
    return tags.with_columns([_put(tags[name], at, new[name]) for name in changed])


def _coursed(known: Known, rows: pl.DataFrame) -> dict[int, pl.Series]:
    """The last values of pieces; a late record does not replace what is there."""
    import polars as pl

    courses, size = dict(known.courses), known.tags.height
    for (piece,), of in rows.group_by("piece"):
        course = courses.get(int(str(piece)), pl.Series("course", [], dtype=pl.Float64))
        if len(course) < size:
            course = course.extend_constant(None, size - len(course))
        there = course.gather(of["number"])
        of = of.filter(there.is_null() | (of["last_t"] >= of["was_at"]))
        courses[int(str(piece))] = _put(course, of["number"], of["last"])
    return courses


def _put(series: pl.Series, at: pl.Series, values: pl.Series) -> pl.Series:
    """A copy with other values at some places."""
    return series.clone().scatter(at, values)
