"""Bytes of a file to a table: CSV in the ways in which it is written, and Parquet."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linewarden.collectors._polling.trouble import reason

if TYPE_CHECKING:
    import polars as pl

PARQUET = (".parquet", ".pq")
_OWN: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Nothing is fetched."""
_TIMES = {
    "TIMESTAMP WITH TIME ZONE": ("epoch_us({}) * 1000", "UTC"),
    "TIMESTAMP_NS": ("epoch_ns({})", ""),
    "TIMESTAMP": ("epoch_us({}) * 1000", ""),
    "TIMESTAMP_MS": ("epoch_us({}) * 1000", ""),
    "TIMESTAMP_S": ("epoch_us({}) * 1000", ""),
}
"""Types of DuckDB: how they become ns since 1970, and the zone that they say."""
SEPARATORS = (";", "\t", ",", "|")


@dataclass(frozen=True, slots=True)
class Csv:
    """separator: empty: the one that the header has most of. skip: lines before the header. units: the row behind it
    tells units."""

    separator: str
    encoding: str
    skip: int
    units: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """frame: all cells of a CSV are text. units: by column. cut: the last line has no end, and may not be all of it."""

    frame: pl.DataFrame
    units: Mapping[str, str]
    cut: bool


def parsed(name: str, data: bytes, csv: Csv) -> Parsed:
    """The table in a file. Raises ValueError that says what is wrong and the way out."""
    import polars as pl

    if name.lower().endswith(PARQUET):
        return Parsed(_of_parquet(data), {}, cut=False)
    try:
        return _of_csv(data, csv)
    except pl.exceptions.PolarsError as error:
        said = reason(error)
        if "more fields than defined" in said:
            said = "a line has more cells than the header; check separator, decimal and skip_lines"
        elif "empty" in said:
            said = "it is empty, or skip_lines is too many"
        raise ValueError(said) from None


def _of_parquet(data: bytes) -> pl.DataFrame:
    """By DuckDB, which refuses a damaged file: polars ends the process on some."""
    import duckdb
    import polars as pl

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(data)
        file.flush()
        connection = duckdb.connect(config=_OWN)
        try:
            told = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [file.name]).fetchall()
            columns = [(str(name), *_TIMES.get(kind, ("{}", None))) for name, kind, *_ in told]
            chosen = ", ".join(how.format('"' + name.replace('"', '""') + '"') for name, how, _ in columns)
            rows = connection.execute(f"SELECT {chosen} FROM read_parquet(?)", [file.name]).fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise ValueError(f"it is no whole Parquet file ({reason(error)[:120]})") from None
        finally:
            connection.close()
    found = []
    for (name, _, zone), cells in zip(columns, zip(*rows, strict=True) if rows else ((),) * len(columns), strict=True):
        if zone is not None:
            found.append(pl.Series(name, cells, dtype=pl.Int64).cast(pl.Datetime("ns", zone or None)))
        elif all(isinstance(cell, int) for cell in cells):
            found.append(pl.Series(name, cells, dtype=pl.Object if any(abs(c) >> 62 for c in cells) else pl.Int64))
        else:
            found.append(pl.Series(name, cells, dtype=pl.Object))
    return pl.DataFrame(found)


def _of_csv(data: bytes, csv: Csv) -> Parsed:
    import polars as pl

    text = _text(data, csv.encoding)
    for _ in range(csv.skip):
        text = text[text.find(b"\n") + 1 :] if b"\n" in text else b""
    header = text.split(b"\n", 1)[0]
    separator = csv.separator or max(SEPARATORS, key=lambda s: header.count(s.encode()))
    frame = pl.read_csv(io.BytesIO(text), separator=separator, infer_schema=False)
    frame = frame.rename({name: name.strip() for name in frame.columns})
    units: dict[str, str] = {}
    if csv.units and frame.height:
        units = {name: cell.strip() for name, cell in frame.row(0, named=True).items() if cell and cell.strip()}
        frame = frame.slice(1)
    return Parsed(frame, units, cut=not text.endswith(b"\n"))


def _text(data: bytes, encoding: str) -> bytes:
    """The same in UTF-8, without a byte order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"byte {error.start} is no {encoding}; give its encoding, such as cp1252 for Windows exports"
        ) from None
