"""Rich messages to rows, by the protocols' Python parsers. One that stumbles over damaged bytes makes a weird."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from typing import Any

from linewarden.protocols import registry
from linewarden.protocols._shared.message import Message, Parser
from linewarden.records import Weird
from linewarden.sensor.rows import row_of

DAMAGE = (ValueError, IndexError, KeyError, struct.error)
"""What a rich parser may raise on bytes that make no sense (UnicodeDecodeError is a ValueError)."""


def rows_of(rich: Iterable[tuple[Any, ...]], sensor: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that messages of the engine (`Chunk.rich`) say, by stream."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for values in rich:
        for stream, row in _said(Message(*values), sensor):
            rows.setdefault(stream, []).append(row)
    return rows


def _said(message: Message, sensor: str) -> list[tuple[str, tuple[Any, ...]]]:
    parser = _parser(message.protocol, message.tag)
    if parser is None:
        return []
    try:
        return [row_of(record, message, sensor) for record in parser(message)]
    except DAMAGE as error:
        weird = Weird(
            name=f"{message.protocol}_{message.tag}_malformed",
            addl=f"{type(error).__name__}: {error}"[:200],
            protocol=message.protocol,
        )
        return [row_of(weird, message, sensor)]


@cache
def _parser(protocol: str, tag: str) -> Parser | None:
    return registry.protocol(protocol).rich.get(tag)
