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
            return pl.DataFrame(connection.sql("SELECT * FROM read_parquet(?)", params=[file.name]))
        except duckdb.Error as error:
            raise ValueError(f"it is no whole Parquet file ({reason(error)[:120]})") from None
        finally:
            connection.close()


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
