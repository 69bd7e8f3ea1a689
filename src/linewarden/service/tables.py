"""Rows for a person or a program: a table, CSV, JSON."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from linewarden.reports.words import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MOST_ROWS = 1_000
"""Rows that a table shows; CSV and JSON have all."""


def console(out: TextIO) -> Console:
    """A console on `out` that shows text as it is, and leaves a reader who has gone to the caller."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the program with code 1

    return Plain(file=out, highlight=False, markup=False, emoji=False)


def write_json(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A list of objects, one a line. NaN and infinities, which JSON does not know, are null."""
    out.write("[")
    for at, row in enumerate(rows):
        values = {c: _finite(v) for c, v in zip(_distinct(columns), row, strict=True)}
        out.write(",\n " if at else "\n ")
        out.write(json.dumps(values, ensure_ascii=False, allow_nan=False))
    out.write("\n]\n")


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV (RFC 4180, but with bare line feeds) with a header; null is empty."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def write_table(console: Console, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """A table, or one block a row where it is wider than the terminal. At most MOST_ROWS, then a note."""
    from rich.measure import Measurement

    shown = [[_cell(v) for v in row] for row in itertools.islice(rows, MOST_ROWS)]
    more = next(rows, None) is not None
    table = _table(columns, shown)
    if Measurement.get(console, console.options.update_width(100_000), table).maximum <= console.width:
        console.print(table)
    else:
        _blocks(console, columns, shown)
    count = f"{len(shown):,} row{'' if len(shown) == 1 else 's'}"
    note = f"the first {count}; --csv and --json give all" if more else count
    console.print(f"({note})", style="dim")


def catalogue_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table whose last column gives way."""
    table = _table(heads, [[clean(v) for v in row] for row in rows])
    for column in table.columns[:-1]:
        column.overflow = "fold"
    table.columns[0].no_wrap = True
    return table


def place(on: dict[str, Any]) -> str:
    """`tcp 502`, `eth 0x8892`, `udp 47808-47823`."""
    form = "{}" if on["kind"] in ("tcp", "udp", "ip") else "0x{:x}"
    runs: list[list[int]] = []
    for number in sorted(on["ids"]):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    ids = [form.format(r[0]) if len(r) == 1 else f"{form.format(r[0])}-{form.format(r[-1])}" for r in runs]
    return f"{on['kind']} {'/'.join(ids)}".strip()


def _table(columns: Sequence[str], rows: list[list[str]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False, header_style="bold")
    for at, name in enumerate(columns):
        numbers = rows and all(not row[at] or _is_number(row[at]) for row in rows)
        table.add_column(Text(clean(name)), justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*(Text(v, overflow="fold") for v in row))
    return table


def _blocks(console: Console, columns: Sequence[str], rows: list[list[str]]) -> None:
    from rich.text import Text

    width = max(map(len, columns), default=0)
    for at, row in enumerate(rows, 1):
        console.print(Text(f"row {at}", style="bold"))
        for name, value in zip(columns, row, strict=True):
            console.print(Text(f"  {clean(name):<{width}}  {value}"), soft_wrap=True)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(f"{value:.6g}" if isinstance(value, float) else value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return [_finite(v) for v in value] if isinstance(value, list) else value


def _distinct(columns: Sequence[str]) -> list[str]:
    """Names as keys: the second `n` becomes `n_2`."""
    seen: dict[str, int] = {}
    out = []
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return out
