"""Which column is the time, which are tags, and whether the form is wide (a column a tag) or long (a row a value)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

PEEK = 1000
ZONED = "time zone"
TIME_NAMES = re.compile(r"(?i)^(ts|t|at|_time|datum|uhrzeit|epoch.*|time.*|.*timestamp.*|.*zeit.*|date.*)$")
TAG_NAMES = re.compile(
    r"(?i)^(tag|tag[ _]?name|name|variable|point|sensor|signal|metric|item|id|node[ _]?id|_field|kks)$"
)
VALUE_NAMES = re.compile(r"(?i)^(value|val|wert|v|reading|_value|result|measurement|numeric.?value|messwert)$")
COUNT_NAMES = re.compile(r"(?i)^(|unnamed.*|index|row|row_?n(r|umber|o)?|id|nr|lfd.?nr|column_1|sample|#)$")
FORMATS = (
    "%d.%m.%Y %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%y %H:%M:%S", "%d-%b-%Y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d/%m/%y %H:%M", "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
    "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d%H%M%S",
)  # fmt: skip
UNITS = (
    "kwh mwh wh kw mw kvarh kvar kva degc degf °c °f bar mbar kpa mpa psi rpm hz m3/h m³/h l/min l/h l/s kg/h kg t/h "
    "mm/s mm m/s pct percent amp volt ma mv nm ppm lux s ms h"
)
UNIT = re.compile(
    rf"(?i)(?:[\[(]\s*([^\])]{{1,12}})\s*[\])]\s*$)|(?:[_ .]({'|'.join(map(re.escape, UNITS.split()))})$)"
)


@dataclass(frozen=True)
class Columns:
    """time: its expression gives seconds since 1970 as a float; None where rows are only counted. tags: of the wide
    form; of the long form `tag` and `value` name the columns. texts: columns of words."""

    time: str | None
    seconds: pl.Expr | None
    tags: tuple[str, ...]
    texts: tuple[str, ...] = ()
    tag: str | None = None
    value: str | None = None
    notes: tuple[str, ...] = ()
    zoned: bool = False

    @property
    def long(self) -> bool:
        """A row a value."""
        return self.tag is not None


def found(frame: pl.LazyFrame, *, time: str | None, without: tuple[str, ...], only: tuple[str, ...]) -> Columns:
    """Raises ConfigError where a named column is not there, or nothing is a number."""
    schema = frame.collect_schema()
    for name in (*([time] if time else []), *without, *only):
        if name not in schema:
            raise ConfigError(f"{name!r}: no such column; there are {', '.join(list(schema)[:12])}")
    peek = frame.head(PEEK).collect()
    at, seconds, notes = _time(peek, time)
    zoned = any(n.startswith(ZONED) for n in notes) or bool(at and peek[at].dtype.is_numeric())
    rest = [c for c in schema if c != at and c not in without]
    numbers = [c for c in rest if schema[c].is_numeric() or str(schema[c]) == "Boolean"]
    texts = [
        c for c in rest if str(schema[c]) in ("String", "Categorical", "Enum") or str(schema[c]).startswith("Enum")
    ]
    long = _long(rest, numbers, texts, peek)
    if long:
        return Columns(at, seconds, only, (), long[0], long[1], tuple(notes), zoned)
    counters = [c for c in numbers if c not in only and _counts(peek, c)]
    if counters:
        notes.append(f"left out, since they only count rows: {', '.join(counters)}")
    tags = tuple(c for c in numbers if c not in counters and (not only or c in only))
    if not tags:
        raise ConfigError(f"no column of numbers beside the time; there are {', '.join(list(schema)[:12])}")
    return Columns(at, seconds, tags, tuple(texts), notes=tuple(notes), zoned=zoned)


def unit_of(name: str) -> str:
    """The unit that a tag's name tells, else nothing: `Usage_kWh` -> kWh, `Oven [°C]` -> °C."""
    hit = UNIT.search(name)
    if not hit:
        return ""
    text = (hit[1] or hit[2]).strip()
    return {"degc": "°C", "degf": "°F", "pct": "%", "percent": "%", "amp": "A", "volt": "V"}.get(text.lower(), text)


def _time(peek: pl.DataFrame, wanted: str | None) -> tuple[str | None, pl.Expr | None, list[str]]:
    import polars as pl

    order = [wanted] if wanted else sorted(peek.columns, key=lambda c: (not TIME_NAMES.match(c), peek.columns.index(c)))
    for name in order:
        dtype = peek[name].dtype
        if isinstance(dtype, pl.Datetime):
            zone = [f"{ZONED} {dtype.time_zone}"] if dtype.time_zone else []
            return name, pl.col(name).dt.epoch("us") / 1e6, zone
        if dtype == pl.Date:
            return name, pl.col(name).cast(pl.Datetime("us")).dt.epoch("us") / 1e6, []
        if dtype == pl.String and (name == wanted or TIME_NAMES.match(name) or name == peek.columns[0]):
            form, more = _format(peek[name]), ""
            if not form:  # hours alone, as `06/01/14 00`
                form, more = _format(peek[name] + ":00"), ":00"
            if form:
                words = (pl.col(name) + more).str.strip_chars().str.replace(",", ".", literal=True)
                parsed = words.str.to_datetime(form, strict=False, time_unit="us")
                return name, parsed.dt.epoch("us") / 1e6, _ambiguous(name, form)
        if dtype.is_numeric() and (name == wanted or TIME_NAMES.match(name)):
            divide = _epoch(peek[name])
            if divide:
                return name, pl.col(name).cast(pl.Float64) / divide, []
            if name == wanted or peek[name].is_sorted():
                return name, pl.col(name).cast(pl.Float64), [f"{name} is taken as seconds from the beginning"]
    if wanted:
        raise ConfigError(f"{wanted!r}: no time that can be read; ISO 8601 or seconds since 1970 always can")
    return None, None, ["no column of time: rows are counted instead (--time COLUMN names one)"]


def _format(values: pl.Series) -> str | None:
    known = values.drop_nulls().str.strip_chars().str.replace(",", ".", literal=True)
    known = known.filter(known != "")
    if not len(known):
        return None
    for form in FORMATS:
        read = known.str.to_datetime(form, strict=False, time_unit="us")
        if read.dt.year().is_between(1970, 2100).sum() > 0.98 * len(known):
            return form
    return None


def _ambiguous(name: str, form: str) -> list[str]:
    return [f"{name}: read as day/month/year"] if form.startswith("%d/%m") else []


def _epoch(values: pl.Series) -> float | None:
    """What to divide by for seconds, if these look like an epoch between 1990 and 2100."""
    known = values.drop_nulls()
    if not len(known):
        return None
    middle: Any = known.cast(float).median()
    for divide in (1.0, 1e3, 1e6, 1e9):
        if 6.3e8 <= middle / divide <= 4.1e9:
            return divide
    return None


def _long(
    rest: list[str], numbers: list[str], texts: list[str], peek: pl.DataFrame
) -> tuple[str, str] | None:  # fmt: skip
    """Names of the tag and the value column, if each row is one value."""
    value = next((c for c in numbers if VALUE_NAMES.match(c)), None)
    named = [c for c in rest if TAG_NAMES.match(c) and (c in texts or peek[c].dtype.is_integer())]
    if value and named and named[0] != value:
        return named[0], value
    if len(numbers) == 1 and len(texts) == 1 and peek[texts[0]].n_unique() > 1 and peek.height > 10:
        repeated = peek.height / max(peek[texts[0]].n_unique(), 1)
        if repeated > 2 and TAG_NAMES.match(texts[0]):
            return texts[0], numbers[0]
    return None


def _counts(peek: pl.DataFrame, name: str) -> bool:
    values = peek[name].drop_nulls()
    if not values.dtype.is_integer() or len(values) < 3 or not COUNT_NAMES.match(name):
        return False
    return bool((values.diff().drop_nulls() == 1).all())
