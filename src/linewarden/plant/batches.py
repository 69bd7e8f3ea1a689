"""Batches of the engine to distinct rows: `engine/fold`, told what `rows.TABLES` says.

Nothing here needs polars, so that reading a capture does not either.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import starmap
from typing import Any

from linewarden.plant import rows
from linewarden.plant.rows import Left, Table
from linewarden.sensor.folding import Folding


class Batches:
    """All tables, folded from batches of the engine."""

    def __init__(self) -> None:
        self._fold = Folding(_plan())

    def add(self, stream: str, batch: Any) -> None:
        """Take a batch (`Batch.arrow` of the sensor) of one of the fold's streams."""
        self._fold.add(stream, batch)

    def rows(self, *tables: str) -> list[Any]:
        """The rows of tables of one kind together, sorted by key."""
        return list(starmap(rows.TABLES[tables[0]].row, self._fold.rows(*tables)))

    def left(self, table: str) -> Left:
        """What the bound of a table left out."""
        return Left(*self._fold.left(table))


@cache
def _plan() -> str:
    """What is folded, for `engine/fold/src/plan.rs`."""
    return json.dumps(
        {
            "streams": [_stream(name) for name in sorted(rows.STREAMS)],
            "tables": [_table(name, table) for name, table in rows.TABLES.items()],
        }
    )


def _stream(stream: str) -> dict[str, Any]:
    facts = stream in rows.FACTS
    return {
        "name": stream,
        "feed": "facts" if facts else "conns" if stream == "conn" else "rows",
        "table": "fact" if facts else stream,
        "columns": [_column(name) for name in rows.names(stream)],
        "values": rows.FACTS.get(stream, ()),
    }


def _column(name: str) -> dict[str, Any]:
    number = name in rows.NUMBERS
    return {
        "source": rows.source(name),
        "name": name,
        "kind": "number" if number else "lower" if name in rows.ADDRESSES else "text",
        "filled": name not in rows.NULLABLE if number else name in rows.NEVER_NULL,
    }


def _table(name: str, table: Table) -> dict[str, Any]:
    roles = {
        **dict.fromkeys(table.order, "first"),
        **dict.fromkeys(table.sums, "sum"),
        **dict.fromkeys(table.maxima, "max"),
        **dict.fromkeys(table.keys, "key"),
    }
    return {
        "name": name,
        "fields": [{"name": f, "role": roles.get(f, "absent"), "text": f not in rows.NUMBERS} for f in table.fields],
        "order": table.order,
        "keep": table.keep,
        "most": table.most,
        "beyond": table.beyond,
    }
