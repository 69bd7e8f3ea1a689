"""The layers of one frame and where each field of their headers stands, for a person who looks at the bytes.

Ethernet II and 802.3 (IEEE 802.3), VLAN tags (IEEE 802.1Q), ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC
9293), UDP (RFC 768), ICMP (RFC 792). What is behind these is payload. A header that is cut off ends the list.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

ETHERNET, RAW, COOKED = 1, 101, 113
"""LINKTYPE values: Ethernet, raw IP, Linux cooked capture."""
_ETHERTYPES = {
    0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6", 0x8100: "802.1Q", 0x88A8: "802.1ad", 0x8892: "PROFINET",
    0x88A4: "EtherCAT", 0x88B8: "GOOSE", 0x88BA: "Sampled Values", 0x88CC: "LLDP", 0x88F7: "PTP", 0x88AB: "POWERLINK",
}  # fmt: skip
_PROTOCOLS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 89: "OSPF"}
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, value as text, and the bytes that it stands in (offset in the frame, length)."""

    name: str
    value: str
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: its name, its bytes, and its fields."""

    name: str
    at: int
    length: int
    fields: tuple[Field, ...] = ()


@dataclass(slots=True)
class _Cursor:
    """Where the reading stands. `end`: where the frame ends, without the padding of Ethernet once IP told it."""

    data: bytes
    at: int
    end: int
    layers: list[Layer]

    def number(self, offset: int, length: int) -> int:
        return int.from_bytes(self.data[self.at + offset : self.at + offset + length], "big")

    def has(self, length: int) -> bool:
        return self.at + length <= len(self.data)

    def field(self, name: str, offset: int, length: int, value: str | None = None) -> Field:
        text = str(self.number(offset, length)) if value is None else value
        return Field(name, text, self.at + offset, length)

    def take(self, name: str, length: int, *fields: Field) -> None:
        self.layers.append(Layer(name, self.at, length, fields))
        self.at += length


_Step = Callable[[_Cursor], "_Step | None"]


def layers_of(data: bytes, link: int = ETHERNET) -> tuple[Layer, ...]:
    """The layers from the outermost; the last are payload and what follows it (padding)."""
    cursor = _Cursor(data, 0, len(data), [])
    step: _Step | None = {ETHERNET: _ethernet, RAW: _raw, COOKED: _cooked}.get(link)
    while step is not None:
        step = step(cursor)
    end = max(cursor.at, min(cursor.end, len(data)))
    if end > cursor.at:
        cursor.layers.append(Layer("Payload", cursor.at, end - cursor.at))
    if len(data) > end:
        cursor.layers.append(Layer("Padding", end, len(data) - end))
    return tuple(cursor.layers)


def _ethernet(c: _Cursor) -> _Step | None:
    if not c.has(14):
        return None
    kind = c.number(12, 2)
    ends = c.field("Destination", 0, 6, _mac(c, 0)), c.field("Source", 6, 6, _mac(c, 6))
    if kind < 0x600:  # a length: what follows is LLC
        c.end = min(c.end, c.at + 14 + kind)
        c.take("IEEE 802.3", 14, *ends, c.field("Length", 12, 2))
        return None
    c.take("Ethernet", 14, *ends, c.field("Type", 12, 2, _ethertype(kind)))
    return _after_ethertype(kind)


def _after_ethertype(kind: int) -> _Step | None:
    return {0x8100: _vlan, 0x88A8: _vlan, 0x0800: _ipv4, 0x86DD: _ipv6, 0x0806: _arp}.get(kind)


def _vlan(c: _Cursor) -> _Step | None:
    if not c.has(4):
        return None
    tag, kind = c.number(0, 2), c.number(2, 2)
    c.take("VLAN", 4, c.field("VLAN", 0, 2, f"{tag & 0xFFF}, priority {tag >> 13}"),
           c.field("Type", 2, 2, _ethertype(kind)))  # fmt: skip
    return _after_ethertype(kind)


def _raw(c: _Cursor) -> _Step | None:
    return {4: _ipv4, 6: _ipv6}.get(c.data[0] >> 4) if c.data else None


def _cooked(c: _Cursor) -> _Step | None:
    if not c.has(16):
        return None
    kind = c.number(14, 2)
    c.take("Linux cooked", 16, c.field("Packet type", 0, 2), c.field("Source", 6, 6, _mac(c, 6)),
           c.field("Type", 14, 2, _ethertype(kind)))  # fmt: skip
    return _after_ethertype(kind)


def _arp(c: _Cursor) -> _Step | None:
    if not c.has(28) or c.number(4, 2) != 0x0604:
        return None
    operation = c.number(6, 2)
    said = {1: "request", 2: "reply"}.get(operation, "?")
    c.take("ARP", 28, c.field("Operation", 6, 2, f"{operation} ({said})"), c.field("Sender MAC", 8, 6, _mac(c, 8)),
           c.field("Sender IP", 14, 4, _ip(c, 14, 4)), c.field("Target MAC", 18, 6, _mac(c, 18)),
           c.field("Target IP", 24, 4, _ip(c, 24, 4)))  # fmt: skip
    c.end = c.at
    return None


def _ipv4(c: _Cursor) -> _Step | None:
    length = 4 * (c.number(0, 1) & 0xF) if c.has(20) else 0
    if length < 20 or not c.has(length):
        return None
    protocol, total, part = c.number(9, 1), c.number(2, 2), c.number(6, 2) & 0x1FFF
    if total >= length:
        c.end = min(c.end, c.at + total)
    more = (c.field("Fragment offset", 6, 2, str(part * 8)),) if part else ()
    c.take("IPv4", length, c.field("Total length", 2, 2), c.field("Identification", 4, 2, f"0x{c.number(4, 2):04x}"),
           *more, c.field("Time to live", 8, 1), c.field("Protocol", 9, 1, _protocol(protocol)),
           c.field("Source", 12, 4, _ip(c, 12, 4)), c.field("Destination", 16, 4, _ip(c, 16, 4)))  # fmt: skip
    return None if part else _after_protocol(protocol)


def _ipv6(c: _Cursor) -> _Step | None:
    if not c.has(40):
        return None
    protocol, length = c.number(6, 1), c.number(4, 2)
    c.end = min(c.end, c.at + 40 + length)
    c.take("IPv6", 40, c.field("Payload length", 4, 2), c.field("Next header", 6, 1, _protocol(protocol)),
           c.field("Hop limit", 7, 1), c.field("Source", 8, 16, _ip(c, 8, 16)),
           c.field("Destination", 24, 16, _ip(c, 24, 16)))  # fmt: skip
    return _after_protocol(protocol)


def _after_protocol(protocol: int) -> _Step | None:
    return {6: _tcp, 17: _udp, 1: _icmp, 58: _icmp}.get(protocol)


def _tcp(c: _Cursor) -> _Step | None:
    length = 4 * (c.number(12, 1) >> 4) if c.has(20) else 0
    if length < 20 or not c.has(length):
        return None
    bits = c.number(13, 1)
    flags = " ".join(name for n, name in enumerate(_FLAGS) if bits >> n & 1) or "none"
    options = (c.field("Options", 20, length - 20, f"{length - 20} bytes"),) if length > 20 else ()
    c.take("TCP", length, c.field("Source port", 0, 2), c.field("Destination port", 2, 2),
           c.field("Sequence number", 4, 4), c.field("Acknowledgment", 8, 4), c.field("Flags", 13, 1, flags),
           c.field("Window", 14, 2), c.field("Checksum", 16, 2, f"0x{c.number(16, 2):04x}"), *options)  # fmt: skip
    return None


def _udp(c: _Cursor) -> _Step | None:
    if not c.has(8):
        return None
    c.take("UDP", 8, c.field("Source port", 0, 2), c.field("Destination port", 2, 2), c.field("Length", 4, 2),
           c.field("Checksum", 6, 2, f"0x{c.number(6, 2):04x}"))  # fmt: skip
    return None


def _icmp(c: _Cursor) -> _Step | None:
    if not c.has(4):
        return None
    c.take(
        "ICMP", 4, c.field("Type", 0, 1), c.field("Code", 1, 1), c.field("Checksum", 2, 2, f"0x{c.number(2, 2):04x}")
    )
    return None


def _mac(c: _Cursor, offset: int) -> str:
    return c.data[c.at + offset : c.at + offset + 6].hex(":")


def _ip(c: _Cursor, offset: int, length: int) -> str:
    return str(ipaddress.ip_address(c.data[c.at + offset : c.at + offset + length]))


def _ethertype(kind: int) -> str:
    return f"0x{kind:04x} ({_ETHERTYPES[kind]})" if kind in _ETHERTYPES else f"0x{kind:04x}"


def _protocol(number: int) -> str:
    return f"{number} ({_PROTOCOLS[number]})" if number in _PROTOCOLS else str(number)
