"""The user's names: a small table (address, name, zone, role, line) against what was seen on the wire.

A names file is CSV with a header; `address` is an IP, a MAC in any usual notation, or an asset id, and the only column
that must be there. The same name for two addresses says that they are one device.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linewarden.errors import ConfigError
from linewarden.plant.addresses import canonical
from linewarden.plant.model import Role
from linewarden.plant.role_words import parse_role

COLUMNS = ("address", "name", "zone", "role", "line")


@dataclass(frozen=True, slots=True)
class NameRow:
    """One line of the file; empty text where it says nothing. `row` is its number, the header being 1."""

    address: str
    name: str = ""
    zone: str = ""
    role: Role | None = None
    line: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """The rows, one an address."""

    rows: tuple[NameRow, ...] = ()
    source: str = "names"

    @staticmethod
    def from_rows(rows: Iterable[Sequence[object]], source: str = "names file") -> Names:
        """Rows as a table gives them, header first; cells may be any type, None is empty.

        Raises:
            ConfigError: a column is missing or unknown, an address or role is wrong, or two lines contradict each
                other; names line and column.
        """
        return _parse([_cells(r) for r in rows], source)

    def merges(self) -> list[tuple[str, str]]:
        """Pairs of addresses that have the same name, so that they are one device."""
        first: dict[str, str] = {}
        return [
            (first[r.name], r.address) for r in self.rows if r.name and first.setdefault(r.name, r.address) != r.address
        ]


def parse_names_csv(text: str, source: str = "names file") -> Names:
    """A names file's text. Comma, semicolon or tab may part the cells; '#' begins a comment line.

    Raises:
        ConfigError: as `Names.from_rows`, or the file is empty.
    """
    text = text.lstrip("\ufeff")
    head = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=head.count)
    try:
        rows = [_cells(r) for r in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)]
    except csv.Error as e:
        raise ConfigError(f"{source}: not CSV ({e}); save the table as CSV, with quotes closed") from e
    return _parse(rows, source)


def _cells(row: Sequence[object]) -> list[str]:
    return ["" if c is None else str(c).strip() for c in row]


def _parse(rows: list[list[str]], source: str) -> Names:
    numbered = [(n, r) for n, r in enumerate(rows, 1) if any(r) and not r[0].startswith("#")]
    if not numbered:
        raise ConfigError(f"{source}: empty; the first line must name the columns: {', '.join(COLUMNS)}")
    header = _header(numbered[0][1], source, numbered[0][0])
    found: dict[str, NameRow] = {}
    for number, cells in numbered[1:]:
        row = _row(header, cells, source, number)
        before = found.get(row.address)
        found[row.address] = row if before is None else _agree(before, row, source)
    _check_merged(found.values(), source)
    return Names(tuple(found.values()), source)


def _header(cells: list[str], source: str, number: int) -> dict[str, int]:
    header: dict[str, int] = {}
    for k, cell in enumerate(cells):
        name = cell.lower()
        if name and name not in COLUMNS:
            raise ConfigError(
                f"{source}, line {number}, column {k + 1}: unknown column {cell!r}; use {', '.join(COLUMNS)}"
            )
        if name in header:
            raise ConfigError(f"{source}, line {number}, column {k + 1}: {cell!r} stands there twice; keep one")
        if name:
            header[name] = k
    if "address" not in header:
        raise ConfigError(f"{source}, line {number}: no column 'address'; the first line must name the columns")
    return header


def _row(header: dict[str, int], cells: list[str], source: str, number: int) -> NameRow:
    if len(cells) > max(header.values()) + 1 and any(cells[max(header.values()) + 1 :]):
        raise ConfigError(f"{source}, line {number}: more cells than columns; put quotes round text with a comma")
    cell = {name: cells[k] if k < len(cells) else "" for name, k in header.items()}
    address = canonical(cell["address"])
    if address is None:
        what = f"{cell['address']!r} is no address" if cell["address"] else "no address"
        raise ConfigError(
            f"{source}, line {number}, column address: {what}; give an IP (10.0.0.5) or a MAC (00:1b:1b:12:34:56)"
        )
    return NameRow(
        address, cell.get("name", ""), cell.get("zone", ""), _role(cell.get("role", ""), source, number),
        cell.get("line", ""), number,
    )  # fmt: skip


def _role(text: str, source: str, number: int) -> Role | None:
    if not text:
        return None
    role = parse_role(text)
    if role is None:
        known = ", ".join(r.replace("_", " ") for r in Role)
        raise ConfigError(
            f"{source}, line {number}, column role: {text!r} is no role; use one of {known}, or leave it empty"
        )
    return role


def _agree(a: NameRow, b: NameRow, source: str) -> NameRow:
    """Two lines for one address, joined where one is silent."""
    for column in ("name", "zone", "role", "line"):
        _same(a, b, column, f"for {a.address}", source)
    return NameRow(a.address, a.name or b.name, a.zone or b.zone, a.role or b.role, a.line or b.line, a.row)


def _check_merged(rows: Iterable[NameRow], source: str) -> None:
    """Lines that share a name are one device, so they must agree on the rest."""
    first: dict[str, NameRow] = {}
    for row in rows:
        if row.name and (before := first.setdefault(row.name, row)) is not row:
            for column in ("zone", "role", "line"):
                _same(before, row, column, f"for {row.name!r}", source)


def _same(a: NameRow, b: NameRow, column: str, whose: str, source: str) -> None:
    left, right = getattr(a, column), getattr(b, column)
    if left and right and left != right:
        raise ConfigError(
            f"{source}, lines {a.row} and {b.row}, column {column}: {str(left)!r} and {str(right)!r} {whose} "
            "contradict "
            "each other; keep one of them"
        )
