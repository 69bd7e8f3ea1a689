"""One S7 controller: several variables a request (function 0x04, read variable), and nothing that writes.

The connection (RFC 1006, ISO 8073) and the messages are python-snap7's; its client, which also writes, is not used.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from linewarden.collectors._polling.block_reader import ASK_AGAIN, BlockReader, Said
from linewarden.collectors._polling.blocks import Block, Limits, Span
from linewarden.collectors._polling.outlet import Got, Outlet
from linewarden.collectors._polling.s7_values import value_of
from linewarden.collectors._polling.trouble import LostError, reason
from linewarden.collectors._polling.values import is_number, scaled
from linewarden.collectors.contract import Quality, Sink

GOOD = 0xFF
CODES = {
    0x01: "hardware_error",
    0x03: "access_not_allowed",
    0x05: "invalid_address",
    0x06: "type_not_supported",
    0x07: "type_inconsistent",
    0x0A: "object_does_not_exist",
}
"""What an item says (return codes of the protocol's data)."""
_MOST_ITEMS = 20
_HEAD = 14
"""Bytes of a request or answer before its items: header, function, count."""
_ITEM, _ANSWER_ITEM = 12, 4
_BITS = (3, 4, 5)
"""Transport sizes whose length counts bits."""
_PUT_GET = 0x8104
HINT = (
    "check address and type; of a DB: it is there, long enough, and 'optimised block access' is off in its attributes "
    "(optimised blocks have no addresses); of an S7-1200/1500: 'permit PUT/GET' is on under protection"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A tag as the controller sees it."""

    number: int
    name: str
    text: str
    area: int
    db: int
    byte: int
    bit: int
    size: int
    kind: str
    encoding: str
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class Way:
    """local, remote: TSAPs. timeout: s."""

    host: str
    port: int
    local: int
    remote: int
    timeout: float
    pdu: int
    hole: int


class S7Session:
    """See `loop.Session`. points: by group."""

    def __init__(self, way: Way, points: dict[str, list[Point]], sink: Sink, peer: str) -> None:
        self._way, self._points, self._peer = way, points, peer
        self._connection: Any = None
        self._protocol: Any = None
        self._pdu = way.pdu
        named = {p.number: f"{p.name} ({p.text})" for group in points.values() for p in group}
        self._outlet = Outlet(sink, peer, named, HINT)
        spans: dict[str, dict[tuple[int, int], list[Span]]] = {}
        for group, members in points.items():
            for p in members:
                places = spans.setdefault(group, {})
                places.setdefault((p.area, p.db), []).append(Span(p.byte, p.size, p.number))
        self._reader = BlockReader(spans, self._limits, lambda *_: None)

    def _limits(self, _: tuple[int, int]) -> Limits:
        return Limits(self._pdu - _HEAD - _ANSWER_ITEM, self._way.hole)

    def open(self) -> None:
        """Connects and agrees on the size of messages. Raises LostError."""
        from snap7.connection import ISOTCPConnection
        from snap7.error import S7Error
        from snap7.s7protocol import S7Protocol

        self.close()
        way = self._way
        self._connection = ISOTCPConnection(way.host, way.port, way.local, way.remote)
        self._protocol = S7Protocol()
        try:
            self._connection.connect(way.timeout)
            setup = self._exchange(self._protocol.build_setup_communication_request(pdu_length=way.pdu))
            self._pdu = min(way.pdu, setup["parameters"]["pdu_length"])
        except (S7Error, OSError, LookupError, TypeError, ValueError, struct.error) as error:
            self.close()
            raise LostError(
                f"{self._peer}: no S7 connection ({reason(error)}); check host, port, rack and slot (or the "
                "TSAPs), and that a connection is free"
            ) from error
        longest = max(p.size for group in self._points.values() for p in group)
        if longest > self._limits((0, 0)).most:
            raise LostError(
                f"{self._peer}: gives {self._pdu} bytes a message, and a tag has {longest}; make it shorter"
            )
        self._reader.forgive()

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            wire = self._connection.socket
            self._connection.disconnect()
            if wire is not None:
                wire.close()  # python-snap7 forgets it where its farewell fails
            self._connection = None

    def numbers(self) -> list[int]:
        """Tags that had a value until now."""
        return self._outlet.gone()

    def poll(self, group: str) -> None:
        """Reads a group and puts its values. Raises LostError."""
        got = self._reader.read(group, self._ask)
        gone = self._reader.gone
        why = f"Asked for again every {ASK_AGAIN / 60:g} min" if gone else ""
        values = []
        for p in self._points[group]:
            said = got.get(p.number, Said())
            if said.data is None:
                values.append((p.number, Got(None, gone.get(p.number) or said.status or None)))
            else:
                values.append((p.number, _value(p, bytes(said.data))))
        self._outlet.put(values, why)

    def _ask(self, blocks: list[tuple[tuple[int, int], Block]]) -> list[Said]:
        found: list[Said] = []
        for part in _packed(blocks, self._pdu):
            items = [(area, db, b.start, b.count) for (area, db), b in part]
            found += self._read(items)
        return found

    def _read(self, items: list[tuple[int, int, int, int]]) -> list[Said]:
        from snap7.error import S7Error, S7ProtocolError

        try:
            said = self._exchange(self._protocol.build_multi_read_request(items))
            return list(_items(said.get("raw_data", b""), [i[3] for i in items]))
        except S7ProtocolError as error:
            if error.error_code == _PUT_GET:
                text = "it gives no values to others; switch 'permit PUT/GET access' on in its protection settings"
                raise LostError(f"{self._peer}: {text}") from error
            raise LostError(f"{self._peer}: its answer cannot be used ({reason(error)})") from error
        except (ValueError, TypeError, LookupError, struct.error) as error:
            raise LostError(f"{self._peer}: its answer cannot be used ({reason(error)})") from error
        except (S7Error, OSError) as error:
            text = f"no answer ({reason(error)}); check that it is on, and that its connections are not all taken"
            raise LostError(f"{self._peer}: {text}") from error

    def _exchange(self, request: bytes) -> dict[str, Any]:
        self._connection.send_data(request)
        for _ in range(4):
            answer: dict[str, Any] = self._protocol.parse_response(self._connection.receive_data())
            if answer["sequence"] == self._protocol.sequence:
                return answer
        raise ValueError("answers to other requests")


def _packed(blocks: list[tuple[tuple[int, int], Block]], pdu: int) -> Iterator[list[tuple[tuple[int, int], Block]]]:
    """Blocks that fit into one message there and back, in order."""
    part: list[tuple[tuple[int, int], Block]] = []
    there = back = _HEAD
    for place, block in blocks:
        needs = _ANSWER_ITEM + block.count + block.count % 2
        if part and (len(part) >= _MOST_ITEMS or there + _ITEM > pdu or back + needs > pdu):
            yield part
            part, there, back = [], _HEAD, _HEAD
        part.append((place, block))
        there, back = there + _ITEM, back + needs
    if part:
        yield part


def _items(data: bytes, sizes: list[int]) -> Iterator[Said]:
    """Each item's answer: return code, transport size, length, bytes, and a filling byte where another follows."""
    at = 0
    for size in sizes:
        code, transport, length = struct.unpack_from(">BBH", data, at)
        at += _ANSWER_ITEM
        if code != GOOD:
            yield Said(None, CODES.get(code, f"code_0x{code:02x}"), parts=True)
            continue
        count = -(-length // 8) if transport in _BITS else length
        if count != size or at + count > len(data):
            raise ValueError(f"{count} bytes instead of {size}")
        yield Said(data[at : at + count])
        at += count + count % 2


def _value(point: Point, data: bytes) -> Got:
    try:
        value = scaled(value_of(data, point.kind, point.bit, point.encoding), point.scale, point.offset)
    except ValueError as error:
        word = str(error)
        return Got(None, word if "_" in word and " " not in word else "no_valid_date")
    if isinstance(value, str) or is_number(value):
        return Got(value)
    return Got(value, "not_a_number", Quality.BAD)
