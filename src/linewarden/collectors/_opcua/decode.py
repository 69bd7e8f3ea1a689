"""Values from OPC UA's binary encoding (Part 6, 5.2), as plain Python values.

Our own reader and not asyncua's, for three reasons: times keep all of their 100 ns (asyncua's are whole microseconds,
so what comes twice could not be told by its time), structures that only the server knows are never turned into Python
code, and a notification of thousands of numbers costs a fifth of the time.

A value is None, bool, int, float or str, a `Structure`, or a `Matrix` or list of them. Times, GUIDs, byte strings, node
ids, names and localised texts are text. Anything that cannot be read raises `UndecodableError`.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

_EPOCH = 116_444_736_000_000_000  # 1970-01-01 in 100 ns since 1601-01-01
_LAST = 2**63 - 1  # ns that a timestamp of the lake can hold
DEPTH = 32  # Variants and DataValues within each other (Part 6, 5.1.9 asks for a bound)
MOST = 1_000_000  # elements of an array


class UndecodableError(ValueError):
    """Bytes that are no such value."""


class Structure(NamedTuple):
    """A structure as it came: the node id of its encoding as text, and its bytes (None where there is no body)."""

    encoding: str
    body: bytes | None


class Matrix(NamedTuple):
    """An array of more than one dimension; `flat` counts the last dimension fastest (Part 6, 5.2.2.16)."""

    flat: list[Any]
    dimensions: tuple[int, ...]


class Value(NamedTuple):
    """A DataValue: value, status code, and ns UTC of source and server, None where they are not told."""

    value: Any
    status: int
    source_ts: int | None
    server_ts: int | None


@dataclass(slots=True)
class Reader:
    """Bytes and the place up to which they are read."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self.at + count
        if count < 0 or end > len(self.data):
            raise UndecodableError(f"{count} bytes are said, {len(self.data) - self.at} are there")
        part, self.at = self.data[self.at : end], end
        return part

    def number(self, form: struct.Struct) -> Any:
        """The next number."""
        try:
            (value,) = form.unpack_from(self.data, self.at)
        except struct.error:
            raise UndecodableError("a number is cut off") from None
        self.at += form.size
        return value

    def count(self) -> int:
        """Length of an array, 0 for null."""
        count: int = self.number(I32)
        if count > MOST or count > len(self.data) - self.at:
            raise UndecodableError(f"an array of {count} elements")
        return max(count, 0)


U8, U16, U32, I32, I64 = (struct.Struct("<" + c) for c in "BHIiq")
_NUMBERS = {1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d", 19: "I"}
_FORMS = {kind: struct.Struct("<" + form) for kind, form in _NUMBERS.items()}


def nanoseconds(ticks: int, picos: int = 0) -> int | None:
    """A DateTime as ns UTC since 1970; picos: its 10 ps. None where it is not set, or out of reach of 64 bits."""
    ns = (ticks - _EPOCH) * 100 + min(picos, 9999) // 100
    return ns if ticks > 0 and -_LAST <= ns <= _LAST else None


def ticks(ns: int) -> int:
    """The other way: ns UTC as a DateTime, rounded down."""
    return ns // 100 + _EPOCH


def _text(reader: Reader) -> str | None:
    data = _bytes(reader)
    return None if data is None else data.decode("utf-8", "replace").replace("\x00", "")


def _bytes(reader: Reader) -> bytes | None:
    length = reader.number(I32)
    return None if length < 0 else reader.take(length)


def _hex(reader: Reader) -> str | None:
    data = _bytes(reader)
    return None if data is None else data.hex()


def _time(reader: Reader) -> str | None:
    at: int = reader.number(I64)
    if at <= 0:
        return None
    try:
        whole = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(seconds=at // 10_000_000)
    except OverflowError:
        return "9999-12-31T23:59:59Z"
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at % 10_000_000:07d}".rstrip("0").rstrip(".") + "Z"


def _guid(reader: Reader) -> str:
    return str(UUID(bytes_le=reader.take(16)))


def node_id(reader: Reader) -> str:
    """A NodeId or ExpandedNodeId as text (Part 6, 5.3.1.10): ns=2;s=Tank."""
    kind: int = reader.number(U8)
    form, space = kind & 0x3F, 0
    if form == 1:
        space = reader.number(U8)
    elif form > 1:
        space = reader.number(U16)
    if form > 5:
        raise UndecodableError(f"a node id of kind {form}")
    name = _IDS[form](reader)
    uri = _text(reader) if kind & 0x80 else None
    if kind & 0x40:
        reader.number(U32)
    head = f"nsu={uri};" if uri else f"ns={space};" if space else ""
    return f"{head}{name}"


_IDS: dict[int, Callable[[Reader], str]] = {
    0: lambda r: f"i={r.number(U8)}",
    1: lambda r: f"i={r.number(U16)}",
    2: lambda r: f"i={r.number(U32)}",
    3: lambda r: f"s={_text(r) or ''}",
    4: lambda r: f"g={_guid(r)}",
    5: lambda r: "b=" + b64encode(_bytes(r) or b"").decode(),
}


def _qualified(reader: Reader) -> str:
    space, name = reader.number(U16), _text(reader) or ""
    return f"{space}:{name}" if space else name


def _localised(reader: Reader) -> str | None:
    mask = reader.number(U8)
    if mask & 1:
        _text(reader)
    return _text(reader) if mask & 2 else None


def structure(reader: Reader) -> Structure:
    """An ExtensionObject (Part 6, 5.2.2.15), its body unread."""
    name = node_id(reader)
    return Structure(name, _bytes(reader) if reader.number(U8) else None)


def _diagnostic(reader: Reader, depth: int = 0) -> None:
    if depth > DEPTH:
        raise UndecodableError("diagnostics within each other")
    mask = reader.number(U8)
    for bit in (1, 2, 4, 8):
        if mask & bit:
            reader.number(I32)
    if mask & 0x10:
        _text(reader)
    if mask & 0x20:
        reader.number(U32)
    if mask & 0x40:
        _diagnostic(reader, depth + 1)


def _scalar(reader: Reader, kind: int, depth: int) -> Any:
    if form := _FORMS.get(kind):
        return reader.number(form)
    if kind == 23:
        return data_value(reader, depth + 1).value
    if kind == 24:
        return variant(reader, depth + 1)
    if kind == 25:
        return _diagnostic(reader)
    if kind > 25:
        return _hex(reader)  # reserved kinds are read as byte strings (Part 6, 5.1.6)
    return BUILTIN[kind](reader)


BUILTIN: dict[int, Callable[[Reader], Any]] = {
    **{kind: (lambda r, f=form: r.number(f)) for kind, form in _FORMS.items()},  # type: ignore[misc]
    0: lambda _: None,
    12: _text,
    13: _time,
    14: _guid,
    15: _hex,
    16: _text,
    17: node_id,
    18: node_id,
    20: _qualified,
    21: _localised,
    22: structure,
    23: lambda r: data_value(r).value,
    24: lambda r: variant(r),
    25: _diagnostic,
}
"""By the number of a built-in type (Part 6, table 1)."""


def array(reader: Reader, kind: int, depth: int = 0) -> list[Any]:
    """An array of a built-in type; null is an empty one."""
    count = reader.count()
    if form := _NUMBERS.get(kind):
        size = _FORMS[kind].size * count
        return list(struct.unpack(f"<{count}{form}", reader.take(size)))
    return [_scalar(reader, kind, depth) for _ in range(count)]


def variant(reader: Reader, depth: int = 0) -> Any:
    """A Variant (Part 6, 5.2.2.16)."""
    if depth > DEPTH:
        raise UndecodableError("values within each other")
    head: int = reader.number(U8)
    kind = head & 0x3F
    if not head & 0x80:
        return _scalar(reader, kind, depth)
    flat = array(reader, kind, depth)
    if not head & 0x40:
        return flat
    dimensions = tuple(reader.number(I32) for _ in range(reader.count()))
    size = 1
    for length in dimensions:
        size *= max(length, 0)
    return Matrix(flat, dimensions) if len(dimensions) > 1 and size == len(flat) else flat


def data_value(reader: Reader, depth: int = 0) -> Value:
    """A DataValue (Part 6, 5.2.2.17)."""
    mask = reader.number(U8)
    value = variant(reader, depth) if mask & 1 else None
    status = reader.number(U32) if mask & 2 else 0
    source = reader.number(I64) if mask & 4 else 0
    source_picos = reader.number(U16) if mask & 16 else 0
    server = reader.number(I64) if mask & 8 else 0
    server_picos = reader.number(U16) if mask & 32 else 0
    return Value(value, status, nanoseconds(source, source_picos), nanoseconds(server, server_picos))


# A number with status and both times: nearly all that there is. Read at one go: mask and kind -> how, and how long.
_QUICK: dict[int, tuple[struct.Struct | None, int]] = {
    mask | kind << 8: (form := struct.Struct(f"<{letter}{status}qq"), form.size)
    for mask, status in ((0x0D, ""), (0x0F, "I"))
    for kind, letter in _NUMBERS.items()
}
_HEAD = struct.Struct("<IH").unpack_from
_SLOW: tuple[struct.Struct | None, int] = (None, 0)
_EARLIEST, _LATEST = _EPOCH - _LAST // 100, _EPOCH + _LAST // 100  # ticks


def notifications(reader: Reader) -> list[tuple[int, Value]]:
    """The items of a DataChangeNotification (Part 4, 7.25.2): client handle and value, in the order of the message."""
    found: list[tuple[int, Value]] = []
    add, new, quick = found.append, tuple.__new__, _QUICK.get
    count, data, at = reader.count(), reader.data, reader.at
    end = len(data)
    for _ in range(count):
        if at + 6 > end:
            raise UndecodableError("a notification is cut off")
        handle, sort = _HEAD(data, at)
        form, size = quick(sort, _SLOW)
        if form is not None and at + 6 + size <= end:
            value, *status, source, server = form.unpack_from(data, at + 6)
            if _EARLIEST < source < _LATEST and _EARLIEST < server < _LATEST:
                add(
                    (
                        handle,
                        new(
                            Value, (value, status[0] if status else 0, (source - _EPOCH) * 100, (server - _EPOCH) * 100)
                        ),
                    )
                )
                at += 6 + size
                continue
        reader.at = at + 4
        add((handle, data_value(reader)))
        at = reader.at
    return found
