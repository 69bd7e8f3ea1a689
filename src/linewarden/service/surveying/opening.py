"""Opens a Parquet or CSV file lazily: separator, decimal comma, and a line about what cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

SNIFFED = 65_536
SEPARATORS = (";", "\t", ",", "|")
CSV = (".csv", ".txt", ".tsv", ".dat")
_COMMA = re.compile(r"-?\d+,\d+(?:[eE][+-]?\d+)?")
_POINT = re.compile(r"-?\d+\.\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Opened:
    """frame: not read yet. notes: what was decided about the form."""

    frame: pl.LazyFrame
    notes: tuple[str, ...] = ()


def opened(path: Path) -> Opened:
    """Raises ConfigError, which says what is wrong with the file."""
    import polars as pl

    if path.is_dir():
        raise ConfigError(f"{path}: a folder, and no lake; give a Parquet or CSV file, or a lake")
    if not path.exists():
        raise ConfigError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            head = file.read(SNIFFED)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if not head:
        raise ConfigError(f"{path}: empty")
    if head[:4] == b"PAR1":
        found = Opened(pl.scan_parquet(path))
    elif head[:4] == b"PK\x03\x04" or head[:4] == b"\xd0\xcf\x11\xe0":
        raise ConfigError(f"{path}: a workbook of Excel or another archive; save the sheet as CSV")
    elif head[:2] == b"\x1f\x8b" or head[:4] == b"\x28\xb5\x2f\xfd":
        raise ConfigError(f"{path}: compressed; unpack it first (gunzip, unzstd)")
    elif b"\x00" in head:
        raise ConfigError(f"{path}: neither Parquet nor CSV")
    else:
        found = _csv(path, head)
    try:
        columns = found.frame.collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise ConfigError(f"{path}: cannot be read: {_short(error)}") from None
    if not columns:
        raise ConfigError(f"{path}: has no column")
    return found


def _csv(path: Path, head: bytes) -> Opened:
    import polars as pl

    notes = []
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lost = error.start < len(head) - 4
        text = head.decode("utf-8-sig", "replace")
        notes += ["not UTF-8: letters that are not of ASCII may be shown wrong"] if lost else []
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    lines = lines[:-1] if len(lines) > 2 else lines  # the last may be cut
    separator = max(SEPARATORS, key=lambda s: (min(line.count(s) for line in lines[:20]), -SEPARATORS.index(s)))
    fields = [f.strip().strip('"') for line in lines[1:] for f in line.split(separator)]
    commas = separator != "," and sum(bool(_COMMA.fullmatch(f)) for f in fields) > sum(
        bool(_POINT.fullmatch(f)) for f in fields
    )
    if commas:
        notes.append("decimal comma")
    frame = pl.scan_csv(
        path, separator=separator, decimal_comma=commas, try_parse_dates=True, infer_schema_length=5000,
        ignore_errors=True, encoding="utf8-lossy", truncate_ragged_lines=True, null_values=["", "NA", "NaN", "null",
        "NULL", "n/a", "#N/A", "Bad", "No Data", "I/O Timeout", "Bad Input"],
    )  # fmt: skip
    return Opened(frame, tuple(notes))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
