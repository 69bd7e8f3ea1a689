"""Packets out of a small pcapng file, such as the engine cuts (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_SECTION, _INTERFACE, _ENHANCED = 0x0A0D0D0A, 1, 6
_MAGIC = 0x1A2B3C4D
_COMMENT, _TSRESOL = 1, 9


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet: link type (of the registry of LINKTYPE values), time in ns UTC, bytes, and how long it was."""

    link: int
    ts: int
    data: bytes
    length: int
    comments: tuple[str, ...] = ()


@dataclass(slots=True)
class _Section:
    order: str = "<"
    links: list[tuple[int, int]] = field(default_factory=list)  # link type, units of time in a second


def read_packets(data: bytes) -> Iterator[Packet]:
    """The packets in their order. Ends at what is damaged."""
    section, at = _Section(), 0
    while at + 12 <= len(data):
        kind = struct.unpack_from(f"{section.order}I", data, at)[0]
        if kind == _SECTION:
            little = struct.unpack_from("<I", data, at + 8)[0] == _MAGIC
            section = _Section("<" if little else ">")
        length = struct.unpack_from(f"{section.order}I", data, at + 4)[0]
        if length < 12 or at + length > len(data):
            return
        body = data[at + 8 : at + length - 4]
        if kind == _INTERFACE and len(body) >= 8:
            section.links.append((struct.unpack_from(f"{section.order}H", body)[0], _units(section.order, body[8:])))
        elif kind == _ENHANCED and len(body) >= 20:
            packet = _packet(section, body)
            if packet is None:
                return
            yield packet
        at += length


def _packet(section: _Section, body: bytes) -> Packet | None:
    interface, high, low, kept, length = struct.unpack_from(f"{section.order}5I", body)
    if interface >= len(section.links) or 20 + kept > len(body):
        return None
    link, units = section.links[interface]
    rest = body[20 + kept + (-kept) % 4 :]
    comments = tuple(v.decode("utf-8", "replace") for c, v in _options(section.order, rest) if c == _COMMENT)
    return Packet(link, ((high << 32) | low) * 10**9 // units, body[20 : 20 + kept], length, comments)


def _units(order: str, options: bytes) -> int:
    """Of `if_tsresol`: a power of ten, or of two if the highest bit is set; without it microseconds."""
    for code, value in _options(order, options):
        if code == _TSRESOL and value:
            return int(2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0])
    return 10**6


def _options(order: str, data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(f"{order}HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length + (-length) % 4
