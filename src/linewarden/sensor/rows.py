"""From what a rich parser says to a row of the stream."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from functools import cache
from typing import Any

from linewarden.protocols._shared.message import Message, Native, Record


def row_of(record: Record, message: Message, sensor: str) -> tuple[str, tuple[Any, ...]]:
    """The stream's name and the values in the order of its columns, envelope and endpoints included."""
    envelope = (message.ts, message.uid, sensor, message.capture, message.frame)
    if isinstance(record, Native):
        names = _native_columns(message.protocol)
        asked = message.from_orig != message.response
        # A response that is told by itself still names its own packet.
        answer = (message.frame, None) if message.response else (None, None)
        values = map(record.values.get, names)
        return message.protocol, (*envelope, *_flow(message), asked, *answer, *values)
    kind: type = type(record)
    stream: str = type(record).STREAM
    fields = _fields(kind)(record)
    if not getattr(kind, "HAS_ENDPOINTS", False):
        return stream, (*envelope, *fields)
    ends = _asker(message) if stream == "command" else _flow(message)
    return stream, (*envelope, *ends, *fields)


def _flow(message: Message) -> tuple[str, int | None, str, int | None]:
    src = (message.src, message.src_port or None)
    dst = (message.dst, message.dst_port or None)
    return (*src, *dst) if message.from_orig else (*dst, *src)


def _asker(message: Message) -> tuple[str, int | None, str, int | None]:
    """In `command` the originator is who asked, whoever began the flow."""
    src = (message.src, message.src_port or None)
    dst = (message.dst, message.dst_port or None)
    return (*dst, *src) if message.response else (*src, *dst)


@cache
def _fields(record: type) -> Callable[[Any], tuple[Any, ...]]:
    return operator.attrgetter(*(f.name for f in dataclasses.fields(record)))


@cache
def _native_columns(protocol: str) -> tuple[str, ...]:
    """Own columns of a native stream: those after envelope, endpoints, is_orig, resp_frame and rtt_ns."""
    # Imported when a protocol has something rare to say.
    from linewarden.protocols import registry
    from linewarden.protocols._shared.compile import native_stream

    return native_stream(registry.protocol(protocol)).names[12:]
