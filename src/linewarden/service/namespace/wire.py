"""The last of each value in `reading` rows of a sensor."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.service.namespace.latest import Last

_TEXTS = ("source", "protocol", "area", "name", "text", "quality")


def last_values(rows: pl.DataFrame) -> Iterator[tuple[str, str, str, Last]]:
    """(source, protocol, name, value) of each place in a device that the rows name. A place without a name is called by
    unit, area and address, as `linewarden tags` calls it."""
    place = ["source", "protocol", "unit", "area", "start", "name"]
    plain = rows.with_columns(
        pl.col(*_TEXTS).cast(pl.String), pl.col("ts", "source_ts").to_physical(), pl.col("values").list.len().alias("n")
    )
    latest = plain.sort("ts", maintain_order=True).group_by([*place, "n"], maintain_order=True).last()
    for row in latest.iter_rows(named=True):
        values = row["values"] or [float("nan")]
        for at, value in enumerate(values):
            text = row["text"] if at == 0 else None
            last = Last(value, text, _quality(row["quality"]), row["quality"], row["source_ts"] or 0, row["ts"])
            yield row["source"], row["protocol"], _name(row, at), last


def _quality(said: str | None) -> str:
    return said if said in ("good", "uncertain", "bad") else ""


def _name(row: dict[str, object], at: int) -> str:
    if row["name"]:
        return str(row["name"]) if not at else f"{row['name']} {at}"
    start = row["start"]
    address = at if not isinstance(start, int) else start + at
    unit = f"unit {row['unit']} " if row["unit"] not in (None, 0, 1, 255) else ""
    return f"{unit}{row['area'] or 'value'} {address}"
