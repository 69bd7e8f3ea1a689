"""The machinery by which a record type declares its stream.

A record type is a dataclass whose fields are made by `col`; `stream_of` turns it into the `Stream` that the engine, the
lake and the documentation read. Nobody changes a record. Most types are frozen; those that a rich message makes a dozen
of are not, as a frozen one takes three times as long to make. Envelope columns come first in each stream and are not
repeated in the classes: a parser says *what* was said, the sensor knows when, where and in which packet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TYPES = frozenset({"ts", "str", "text", "bool", "u8", "u16", "u32", "u64", "i64", "f64", "list[f64]"})
"""`str` has few distinct values in a batch (dictionary encoded), `text` has many; `ts` is ns UTC."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the lake, its type (one of TYPES), whether it may be null, unit, meaning."""

    name: str
    type: str
    nullable: bool = True
    unit: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """A named list of columns, envelope included."""

    name: str
    columns: tuple[Column, ...]
    doc: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)


ENVELOPE: tuple[Column, ...] = (
    Column("ts", "ts", False, "ns UTC", "time of the packet that began it"),
    Column("uid", "str", False, "", "flow, as in Zeek: joins to conn.uid"),
    Column("sensor", "str", False, "", "which sensor saw it"),
    Column("capture", "str", False, "", "capture file, interface, or collector:NAME"),
    Column("frame", "u64", False, "", "packet number in the capture, from 1; of a collector the number of the sample"),
)
"""What every record begins with."""

ENDPOINTS: tuple[Column, ...] = (
    Column("id.orig_h", "str", False, "", "originator: IP address, or MAC where the protocol has no IP"),
    Column("id.orig_p", "u16", True, "", "originator's port"),
    Column("id.resp_h", "str", False, "", "responder: IP address, or MAC where the protocol has no IP"),
    Column("id.resp_p", "u16", True, "", "responder's port"),
)
"""Zeek's four-tuple: in conn, command, weird, and every native stream."""


def col(
    doc: str, type: str = "str", *, name: str = "", unit: str = "", nullable: bool = True, default: Any = None
) -> Any:
    """A dataclass field that is a column. `name` where the column's name is no Python name (`id.orig_h`)."""
    if type not in TYPES:
        raise ValueError(f"{type!r} is no column type; use one of {sorted(TYPES)}")
    metadata = {"doc": doc, "type": type, "name": name, "unit": unit, "nullable": nullable}
    return dataclasses.field(default=default, metadata=metadata)


def stream_of(record: type) -> Stream:
    """The stream of a record class: its `STREAM` name, the envelope, the endpoints if `ENDPOINTS`, its columns."""
    head = ENVELOPE + (ENDPOINTS if getattr(record, "HAS_ENDPOINTS", False) else ())
    own = tuple(_column(f.name, f.metadata) for f in dataclasses.fields(record))
    return Stream(record.STREAM, head + own, (record.__doc__ or "").strip())  # type: ignore[attr-defined]


def _column(field: str, meta: Mapping[str, Any]) -> Column:
    return Column(meta["name"] or field, meta["type"], meta["nullable"], meta["unit"], meta["doc"])
