"""CDP: Cisco's own neighbour discovery (SNAP 00-00-0C, 0x2000).

Source: Cisco, "Cisco Discovery Protocol" packet format as documented in the IOS configuration guides. Version, time to
live, checksum, then TLVs whose length counts their own four bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity

_DEVICE, _ADDRESSES, _PORT, _CAPABILITIES, _VERSION, _PLATFORM, _MANAGEMENT = 1, 2, 3, 4, 5, 6, 0x16

ROUTER, SWITCH, PHONE = 0x01, 0x0A, 0x80
"""Bits of the capabilities TLV (switch: transparent bridge or switch)."""

_RELEASE = re.compile(r"Version ([^\s,]+)")


def tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, value) of each TLV."""
    at = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from(">HH", data, at)
        if size < 4:
            return
        yield kind, data[at + 4 : at + size]
        at += size


def _first_ip(data: bytes) -> str | None:
    """The first IPv4 address of an address TLV: count, then protocol type, length, protocol, length, address."""
    count = struct.unpack_from(">I", data)[0]
    at = 4
    for _ in range(min(count, 16)):
        length = data[at + 1]
        protocol = data[at + 2 : at + 2 + length]
        size = struct.unpack_from(">H", data, at + 2 + length)[0]
        address = data[at + 4 + length : at + 4 + length + size]
        if protocol == b"\xcc" and len(address) == 4 and any(address):
            return ".".join(str(b) for b in address)
        at += 4 + length + size
    return None


def identity(message: Message) -> Iterator[Record]:
    """Everything a CDP message says of its sender."""
    said: dict[str, str] = {}
    ip = None
    for kind, value in tlvs(message.data):
        text = value.decode("utf-8", "replace").strip("\x00 \r\n\t")
        if kind == _DEVICE:
            said["name"] = text
        elif kind == _PLATFORM:
            said["model"] = text
            if text.casefold().startswith("cisco"):
                said["vendor"] = "Cisco"
        elif kind == _VERSION:
            said["description"] = text
            if found := _RELEASE.search(text):
                said["firmware"] = found[1]
        elif kind in (_ADDRESSES, _MANAGEMENT):
            ip = ip or _first_ip(value)
        elif kind == _CAPABILITIES and len(value) >= 4:
            bits = struct.unpack_from(">I", value)[0]
            if role := "router" if bits & ROUTER else "switch" if bits & SWITCH else None:
                said["role"] = role
    said = {field: text for field, text in said.items() if text}
    if said:
        yield Identity(address=message.src_mac, protocol="cdp", evidence="CDP", ip=ip, **said)


PROTOCOL = l.Protocol(
    name="cdp",
    title="CDP (Cisco discovery)",
    reference="Cisco IOS configuration guides, CDP",
    on=(l.On("snap", (0x00000C << 16 | 0x2000,)),),
    announces=True,
    probe=[
        l.U8("version"), l.Check(l.F("version").among(1, 2)), l.Skip(3), l.U16(), l.U16("size"),
        l.Check(l.F("size") >= 4),
    ],
    main=[
        l.Role("report"),
        l.U8("version"), l.U8("ttl"), l.Skip(2),
        l.Rich("identity", hourly=True),
        l.Repeat(limit=64, then=[
            l.U16("type"), l.U16("size"), l.If(l.F("size") < 4, [l.Stop()]), l.Let("tlvs", l.F("tlvs") + 1),
            l.Within(l.F("size") - 4, [
                l.Switch("type", {
                    _DEVICE: [l.Bytes("device_id")],
                    _PORT: [l.Bytes("port_id")],
                    _PLATFORM: [l.Bytes("platform")],
                    _VERSION: [l.Bytes("software_version")],
                    0x0A: [l.U16("native_vlan")],
                }),
            ]),
        ]),
    ],
    columns=(
        l.Col("version", "u8", "CDP version"),
        l.Col("ttl", "u8", "how long this is valid", unit="s"),
        l.Col("device_id", "text", "device's name", render="text"),
        l.Col("port_id", "text", "port it was sent from", render="text"),
        l.Col("platform", "text", "model", render="text"),
        l.Col("software_version", "text", "software, several lines", render="text"),
        l.Col("native_vlan", "u16", "VLAN of untagged frames on this port"),
        l.Col("tlvs", "u8", "all TLVs"),
    ),
    rich={"identity": identity},
)
