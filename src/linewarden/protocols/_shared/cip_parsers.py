"""Rich parsers of EtherNet/IP: identities and firmware transfers.

Source: THE CIP NETWORKS LIBRARY volume 1, 5-2 (Identity object), volume 2, 2-4.2 (List Identity), 5-4 (TCP/IP
Interface object), 5-5 (Ethernet Link object); 1770-6.5.16, diagnostic status.
"""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from collections.abc import Iterator
from typing import Any

from linewarden.protocols._shared.cip_names import DEVICE_TYPES, ROLES, VENDORS
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Transfer


def _vendor(number: int) -> str:
    return VENDORS.get(number, f"CIP vendor {number}")


def _identity(message: Message, evidence: str, said: dict[int, Any], ip: str | None = None) -> Identity:
    """An identity from attributes 1 to 7 of the Identity object, as far as they were told."""
    kind, code = said.get(2), said.get(3)
    words = []
    if kind is not None:
        words.append(f"device type {kind} ({DEVICE_TYPES.get(kind, 'vendor specific')})")
    if code is not None:
        words.append(f"product code {code}")
    return Identity(
        address=message.src,
        protocol="enip",
        evidence=evidence,
        vendor=_vendor(said[1]) if 1 in said else None,
        model=said.get(7) or None,
        firmware=said.get(4),
        serial=f"0x{said[6]:08x}" if 6 in said else None,
        description=", ".join(words) or None,
        role=ROLES.get(kind) if kind is not None else None,
        ip=ip,
    )


def _attributes(data: bytes) -> dict[int, Any]:
    """Attributes 1 to 7 in a row: vendor, device type, product code, revision, status, serial number, name."""
    vendor, kind, code, major, minor, _, serial = struct.unpack_from("<HHHBBHI", data)
    length = data[14]
    name = data[15 : 15 + length].decode("latin-1").strip("\x00 ")
    return {1: vendor, 2: kind, 3: code, 4: f"{major & 0x7F}.{minor}", 6: serial, 7: name}


def list_identity(message: Message) -> Iterator[Record]:
    """The items of a List Identity answer: item 0x000C has the encapsulation version, a socket address and the
    Identity object."""
    data, at = message.data, 2
    for _ in range(min(struct.unpack_from("<H", data)[0], 16)):
        kind, length = struct.unpack_from("<HH", data, at)
        item = data[at + 4 : at + 4 + length]
        if kind == 0x0C:
            ip = str(ipaddress.IPv4Address(item[6:10])) if any(item[6:10]) else None
            yield _identity(message, "List Identity", _attributes(item[18:]), ip)
        at += 4 + length


_LIST_SIZES = {1: "<H", 2: "<H", 3: "<H", 4: "<BB", 5: "<H", 6: "<I", 8: "<B"}


def identity_object(message: Message) -> Iterator[Record]:
    """Answers of class 1: all attributes, one, or a list. Behind an unconnected send it is the module that the route
    leads to which answers: the evidence tells port and link."""
    service, data = message.number("service"), message.data
    said: dict[int, Any] = {}
    if service == 0x01:
        said = _attributes(data)
    elif service == 0x0E:
        said = _one(message.number("attribute"), data)
    elif service == 0x03:
        said = _list(data)
    said.pop(5, None)
    if said:
        yield _identity(message, "Identity object" + _route(message), said)


def _route(message: Message) -> str:
    if "port" not in message.slots:
        return ""
    return f", port {message.number('port')} link {message.number('link')}"


def _one(attribute: int, data: bytes) -> dict[int, Any]:
    if attribute == 7:
        return {7: data[1 : 1 + data[0]].decode("latin-1").strip("\x00 ")}
    if attribute not in _LIST_SIZES or attribute == 8:
        return {}
    values = struct.unpack_from(_LIST_SIZES[attribute], data)
    return {attribute: f"{values[0] & 0x7F}.{values[1]}" if attribute == 4 else values[0]}


def _list(data: bytes) -> dict[int, Any]:
    """Count, then attribute number, status and value of each; an unknown attribute ends it, since its size is not
    told."""
    said: dict[int, Any] = {}
    at = 2
    for _ in range(min(struct.unpack_from("<H", data)[0], 16)):
        attribute, status = struct.unpack_from("<HH", data, at)
        at += 4
        if status:
            continue
        if attribute != 7 and attribute not in _LIST_SIZES:
            break
        said |= _one(attribute, data[at:])
        at += 1 + data[at] if attribute == 7 else struct.calcsize(_LIST_SIZES[attribute])
    return said


def interface(message: Message) -> Iterator[Record]:
    """Host name (TCP/IP Interface object, attribute 6 or all) and MAC address (Ethernet Link object, attribute 3 or
    all)."""
    data, attribute = message.data, message.number("attribute")
    single = message.number("service") == 0x0E
    if message.number("class") == 0xF6:
        mac = data[:6] if single and attribute == 3 else data[8:14] if not single else b""
        if len(mac) == 6 and any(mac):
            yield Identity(address=message.src, protocol="enip", evidence="Ethernet Link object" + _route(message),
                           mac=mac.hex(":"))
        return
    at = 0
    if not single:
        at = 14 + 2 * struct.unpack_from("<H", data, 12)[0] + 20
        domain = struct.unpack_from("<H", data, at)[0]
        at += 2 + domain + domain % 2
    elif attribute != 6:
        return
    length = struct.unpack_from("<H", data, at)[0]
    if name := data[at + 2 : at + 2 + length].decode("latin-1").strip("\x00 "):
        yield Identity(address=message.src, protocol="enip", evidence="TCP/IP Interface object" + _route(message),
                       name=name)


def pccc_diagnostic(message: Message) -> Iterator[Record]:
    """PCCC diagnostic status of SLC 500 and MicroLogix: five status bytes, the last with series (high three bits)
    and revision, then the bulletin number as 11 characters."""
    data = message.data
    name = data[5:16].decode("latin-1").strip("\x00 ")
    if name and name.isprintable():
        yield Identity(address=message.src, protocol="enip", evidence="PCCC diagnostic status",
                       vendor=_vendor(1), model=name, role="controller",
                       hardware=f"series {chr(65 + (data[4] >> 5))} revision {data[4] & 0x1F}")


def firmware(message: Message) -> Iterator[Record]:
    """Firmware written to a module's non-volatile storage, all parts joined (`whole` if as long as announced)."""
    data = message.data
    whole = len(data) == message.number("image_size")
    yield Transfer(protocol="enip", kind="firmware", direction="download", bytes=len(data), whole=whole,
                   sha256=hashlib.sha256(data).hexdigest() if whole else None)
