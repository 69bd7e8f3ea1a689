"""LLDP: what a switch, controller or device tells its neighbour about itself (ethertype 0x88CC).

Source: IEEE 802.1AB-2016, clause 8. An LLDPDU is a row of TLVs, each 7 bits of type and 9 of length: chassis id, port
id, time to live, then optional ones, and an end. Siemens devices of the newer kind put type, order number, serial
number and versions into a chassis id of fixed columns (IEC 61158-6-10, 4.11 "system identification").
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity

_MAC, _ADDRESS = 4, 5
"""Subtypes of a chassis id: MAC address, network address (others are text). Of a port id: 3 and 4."""

BRIDGE, ACCESS_POINT, ROUTER = 0x04, 0x08, 0x10
"""Bits of the enabled capabilities (8.5.8.1)."""


def tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, value) up to the end TLV."""
    at = 0
    while at + 2 <= len(data):
        head = struct.unpack_from(">H", data, at)[0]
        kind, size = head >> 9, head & 0x1FF
        if kind == 0:
            return
        yield kind, data[at + 2 : at + 2 + size]
        at += 2 + size


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip("\x00 \r\n\t")


def _address(data: bytes) -> str | None:
    """A management address: length, family (IANA: 1 IPv4, 2 IPv6), address."""
    if len(data) >= 6 and data[1] == 1:
        return str(ipaddress.IPv4Address(data[2:6]))
    if len(data) >= 18 and data[1] == 2:
        return str(ipaddress.IPv6Address(data[2:18]))
    return None


def _pnio_mac(data: bytes) -> str | None:
    """PROFINET's chassis MAC (organisation 00-0E-CF, subtype 5)."""
    if data[:4] == b"\x00\x0e\xcf\x05" and len(data) >= 10:
        return ":".join(f"{b:02x}" for b in data[4:10])
    return None


def _system(chassis: bytes) -> dict[str, str]:
    """Type (25 characters), order number (20), serial (16), hardware (5), firmware (9), blank between them."""
    if len(chassis) < 64 or any(not 32 <= b < 127 for b in chassis):
        return {}
    text = chassis.decode("ascii")
    model, order, serial, versions = text[:25].strip(), text[26:46].strip(), text[47:63].strip(), text[64:]
    firmware = versions[5:].split()
    said = {"model": model, "order_number": order, "serial": serial, "hardware": versions[:5].strip(),
            # `V  2  6  0` in columns is V2.6.0.
            "firmware": firmware[0] + ".".join(firmware[1:]) if firmware else ""}
    if order.startswith(("6ES", "6GK", "6AV", "6SL", "6AG", "6FC")):
        said["vendor"] = "Siemens"
    return {field: value for field, value in said.items() if value}


def _listed(description: str) -> dict[str, str]:
    """`Siemens, SIMATIC NET, SCALANCE X212-2, 6GK5 ..., HW: 7, FW: V4.02, SN: ...`: as Siemens devices describe
    themselves."""
    parts = [p.strip() for p in description.split(",")]
    if len(parts) < 4 or parts[0] != "Siemens" or not parts[3][:2].isalnum():
        return {}
    said = {"vendor": "Siemens", "model": parts[2], "order_number": parts[3]}
    for part in parts[4:]:
        label, _, value = part.partition(":")
        if field := {"HW": "hardware", "FW": "firmware", "SN": "serial"}.get(label.strip()):
            said[field] = value.strip()
    return {field: value for field, value in said.items() if value}


def _role(enabled: int) -> str | None:
    if enabled & ROUTER:
        return "router"
    return "switch" if enabled & (BRIDGE | ACCESS_POINT) else None


def identity(message: Message) -> Iterator[Record]:
    """Everything an LLDPDU says of its sender."""
    said: dict[str, str] = {}
    station = mac = ip = role = None
    for kind, value in tlvs(message.data):
        if kind == 1 and value[:1] == bytes([_MAC]) and len(value) == 7:
            mac = ":".join(f"{b:02x}" for b in value[1:])
        elif kind == 1 and value[:1] != bytes([_ADDRESS]) and len(value) > 1:
            system = _system(value[1:])
            said |= system
            station = None if system else _text(value[1:])
        elif kind == 5 and value:
            said["name"] = _text(value)
        elif kind == 6 and value:
            said = _listed(_text(value)) | said | {"description": _text(value)}
        elif kind == 7 and len(value) >= 4:
            role = _role(struct.unpack_from(">H", value, 2)[0])
        elif kind == 8 and (found := _address(value)) and not ipaddress.ip_address(found).is_unspecified:
            ip = ip or found
        elif kind == 127:
            mac = mac or _pnio_mac(value)
    # Controllers and I/O have switches built in: where the model is known, the capabilities mislead.
    yield Identity(address=message.src_mac, protocol="lldp", evidence="LLDP", mac=mac, ip=ip,
                   role=None if "model" in said else role, **({"name": station} if station else {}) | said)
    if station and station.casefold() != said.get("name", station).casefold():
        yield Identity(address=message.src_mac, protocol="lldp", evidence="LLDP chassis id", name=station, mac=mac)


_TLV: l.Ops = [
    l.U16("head"), l.Let("type", l.F("head") >> 9), l.Let("size", l.F("head") & 0x1FF),
    l.Let("tlvs", l.F("tlvs") + 1),
    l.If(l.F("type").eq(0), [l.Seek(l.Size())], [
        l.Within(l.F("size"), [
            l.Switch("type", {
                1: [l.U8("chassis_subtype"), l.If(l.F("chassis_subtype").eq(_MAC), [l.U48("chassis_mac")],
                                                  [l.Bytes("chassis_id")])],
                2: [l.U8("port_subtype"), l.If(l.F("port_subtype").eq(3), [l.U48("port_mac")],
                                               [l.Bytes("port_id")])],
                3: [l.U16("ttl")],
                4: [l.Bytes("port_description")],
                5: [l.Bytes("system_name")],
                6: [l.Bytes("system_description")],
                7: [l.U16("capabilities"), l.U16("enabled")],
                8: [l.Let("addresses", l.F("addresses") + 1), l.Skip(1), l.U8("family"),
                    l.If(l.both(l.F("family").eq(1), l.Left() >= 4), [l.Bytes("management_ip", 4)]),
                    # An IPv4 address is the better one.
                    l.If(l.both(l.F("family").eq(2), l.Left() >= 16, l.Has("management_ip").eq(0)), [
                        l.Bytes("management_ip", 16)])],
                127: [l.Let("organisational", l.F("organisational") + 1)],
            }),
        ]),
    ]),
]

PROTOCOL = l.Protocol(
    name="lldp",
    title="LLDP (link layer discovery)",
    reference="IEEE 802.1AB-2016, 8",
    on=(l.On("eth", (0x88CC,)),),
    announces=True,
    probe=[
        l.U16("head"), l.Check((l.F("head") >> 9).eq(1)), l.Check((l.F("head") & 0x1FF) >= 2),
        l.Skip(l.F("head") & 0x1FF), l.U16("next"), l.Check((l.F("next") >> 9).eq(2)),
    ],
    main=[
        l.Role("report"),
        l.Rich("identity", hourly=True),
        l.Repeat(_TLV, limit=128),
    ],
    columns=(
        l.Col("chassis_subtype", "u8", "kind of chassis id: 4 MAC, 5 network address, 7 text"),
        l.Col("chassis_mac", "str", "chassis id that is a MAC address", render="mac"),
        l.Col("chassis_id", "text", "other chassis id", render="text"),
        l.Col("port_subtype", "u8", "kind of port id: 3 MAC, 5 interface name, 7 text"),
        l.Col("port_mac", "str", "port id that is a MAC address", render="mac"),
        l.Col("port_id", "text", "other port id", render="text"),
        l.Col("port_description", "text", "port description", render="text"),
        l.Col("ttl", "u16", "how long this is valid; 0: the port goes down", unit="s"),
        l.Col("system_name", "text", "system name", render="text"),
        l.Col("system_description", "text", "system description", render="text"),
        l.Col("capabilities", "u16", "what it can be, as bits"),
        l.Col("enabled", "u16", "what it is: 0x04 bridge, 0x08 access point, 0x10 router, 0x80 station"),
        l.Col("management_ip", "str", "management address (the last IPv4 one, else the first IPv6 one)", render="ip"),
        l.Col("addresses", "u8", "management address TLVs"),
        l.Col("organisational", "u8", "organisationally specific TLVs"),
        l.Col("tlvs", "u8", "all TLVs, the end included"),
    ),
    rich={"identity": identity},
)
