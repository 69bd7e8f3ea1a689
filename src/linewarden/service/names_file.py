"""The user's names from a file: CSV, or the first sheet of an Excel workbook."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from linewarden.errors import ConfigError
from linewarden.plant.names import Names, parse_names_csv

MOST_ROWS = 200_000
"""Rows of a sheet that are looked at: a workbook may claim a million empty ones."""
LARGEST = 50_000_000
"""Bytes of a names file; a larger one is something else."""


def read_names(path: Path) -> Names:
    """The names of a .csv (comma, semicolon or tab) or .xlsx file.

    Raises ConfigError naming file, line and column of what is wrong.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path}: larger than {LARGEST // 1_000_000} MB; is this the names file?")
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            return Names.from_rows(_sheet(path), str(path))
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ConfigError(f"{path}: is an Excel or Office file; name it .xlsx, or save it as CSV")
    return parse_names_csv(_text(path, data), str(path))


def table_of(path: Path) -> list[list[str]]:
    """The cells of a .csv (comma, semicolon or tab) or .xlsx file as texts, a list a row; '#' begins a comment line.

    Raises ConfigError if it cannot be read, or is no table.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path}: larger than {LARGEST // 1_000_000} MB; is this the right file?")
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            return [["" if c is None else str(c).strip() for c in row] for row in _sheet(path)]
        text = _text(path, path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    head = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    try:
        rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count), strict=True)
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise ConfigError(f"{path}: not CSV ({error}); save the table as CSV, with quotes closed") from error


def _text(path: Path, data: bytes) -> str:
    """UTF-8 or UTF-16 with its mark; else what Excel for Windows saves as "CSV", Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" in data:
            raise ConfigError(f"{path}: not text; give a CSV or .xlsx file") from None
        return data.decode("cp1252", "replace")


def _look_into(path: Path) -> None:
    """Before a parser opens it that holds all of it in memory."""
    from linewarden.service.uploads import UploadError
    from linewarden.service.uploads.kinds import workbook

    try:
        workbook(path)
    except UploadError as error:
        raise ConfigError(
            f"{path}: not a readable Excel workbook: {error}; save it again as .xlsx or as CSV"
        ) from error


def _sheet(path: Path) -> Iterator[tuple[object, ...]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _look_into(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            # Without cells a sheet has no rows at all; a chart sheet comes first in some books.
            for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True)):
                if number >= MOST_ROWS:
                    return
                yield row
        finally:
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, SyntaxError) as error:
        raise ConfigError(f"{path}: not a readable Excel workbook; save it again as .xlsx or as CSV") from error
