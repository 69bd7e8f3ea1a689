"""What a server answers to Publish, Republish and HistoryRead (Part 4, 5.14.5, 5.14.6 and 5.11.3; Part 6, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from linewarden.collectors._opcua.decode import (
    I32,
    I64,
    U8,
    U32,
    Reader,
    Value,
    data_value,
    node_id,
    notifications,
    structure,
)

_DATA_CHANGE, _STATUS_CHANGE, _HISTORY_DATA = "i=811", "i=820", "i=658"  # Part 6, annex A: encodings as binary


class ServiceError(Exception):
    """The server refuses a service. `code`: its status code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:08X}")
        self.code = code


@dataclass(slots=True)
class Message:
    """A NotificationMessage. changes: client handle and value. status: of a subscription that ended, or None.

    empty: it only says that the subscription lives; its number is then that of the next message.
    """

    sequence: int = 0
    changes: list[tuple[int, Value]] = field(default_factory=list)
    status: int | None = None
    empty: bool = True


@dataclass(slots=True)
class Published:
    """A Publish response. available: sequence numbers that the server still holds."""

    subscription: int
    available: list[int]
    message: Message


def _header(reader: Reader) -> None:
    """A ResponseHeader (Part 4, 7.33), behind the node id of the answer. Raises ServiceError."""
    node_id(reader)
    reader.number(I64)
    reader.number(U32)
    code = reader.number(U32)
    if reader.number(U8):
        raise ServiceError(code)  # diagnostics are never asked for: nobody reads what is behind them
    for _ in range(reader.count()):
        reader.take(max(reader.number(I32), 0))
    structure(reader)
    if code >> 30:
        raise ServiceError(code)


def _numbers(reader: Reader) -> list[int]:
    return [reader.number(U32) for _ in range(reader.count())]


def _message(reader: Reader) -> Message:
    message = Message(reader.number(U32))
    reader.number(I64)
    for _ in range(reader.count()):
        kind, body = structure(reader)
        message.empty = False
        if kind == _DATA_CHANGE and body:
            message.changes += notifications(Reader(body))
        elif kind == _STATUS_CHANGE and body:
            message.status = Reader(body).number(U32)
    return message


def published(data: bytes) -> Published:
    """A PublishResponse. Raises ServiceError and UndecodableError."""
    reader = Reader(data)
    _header(reader)
    subscription = reader.number(U32)
    available = _numbers(reader)
    reader.number(U8)
    return Published(subscription, available, _message(reader))


def republished(data: bytes) -> Message:
    """A RepublishResponse. Raises ServiceError and UndecodableError."""
    reader = Reader(data)
    _header(reader)
    return _message(reader)


@dataclass(slots=True)
class Past:
    """One node of a HistoryRead response. more: the continuation point, None at the end."""

    status: int
    values: list[Value]
    more: bytes | None


def history(data: bytes) -> list[Past]:
    """A HistoryReadResponse to a read of raw values. Raises ServiceError and UndecodableError."""
    reader = Reader(data)
    _header(reader)
    found = []
    for _ in range(reader.count()):
        status, length = reader.number(U32), reader.number(I32)
        more = reader.take(length) if length > 0 else None
        kind, body = structure(reader)
        values = []
        if kind == _HISTORY_DATA and body:
            inner = Reader(body)
            values = [data_value(inner) for _ in range(inner.count())]
        found.append(Past(status, values, more))
    return found
