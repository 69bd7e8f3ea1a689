"""Rich parsers of S7comm: system status lists (identity, mode, protection) and program blocks.

Source: "System Software for S7-300/400 System and Standard Functions" (A5E00739858), System Status Lists; the block
header as the open stacks know it (magic 0x7070, language, type, number, total length).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.s7_names import BLOCK_TYPES
from linewarden.records import Identity, Reading, Transfer

MODES = {1: "STOP", 2: "STOP", 3: "STOP", 4: "STOP", 5: "STARTUP", 6: "STARTUP", 7: "STARTUP", 8: "RUN", 9: "RUN",
         10: "HOLD", 13: "DEFECT"}
"""Operating states of SZL 0x0424, low nibble of the second status byte."""

SWITCH = {0: "undefined", 1: "RUN", 2: "RUN-P", 3: "STOP", 4: "MRES"}
"""Positions of the mode selector in SZL 0x0132 index 4."""


def _text(data: bytes) -> str:
    return data.split(b"\x00")[0].decode("latin-1").strip()


def szl(message: Message) -> Iterator[Record]:
    """A whole system status list: id, index, record length, record count, records."""
    ident, index, length, count = struct.unpack_from(">HHHH", message.data)
    if not length:
        return
    records = [message.data[at : at + length] for at in range(8, len(message.data) - length + 1, length)][:count]
    partial = ident & 0xFF
    if partial == 0x11:
        yield from _module(message, ident, records)
    elif partial == 0x1C:
        yield from _component(message, ident, records)
    elif partial == 0x24 and records and length >= 4:
        yield _state(message, "operating_state", MODES.get(records[-1][3] & 0x0F))
    elif ident == 0x0132 and index == 4 and records and length >= 12:
        level, _, _, switch = struct.unpack_from(">HHHH", records[0], 2)
        yield _state(message, "protection_level", None, level)
        yield _state(message, "mode_selector", SWITCH.get(switch), switch)


def _state(message: Message, name: str, text: str | None, number: int | None = None) -> Reading:
    values = [] if number is None else [float(number)]
    return Reading(source=message.src, protocol="s7comm", area="szl", name=name, values=values, text=text)


def _version(raw: bytes) -> str | None:
    """`V3.2.6` from the four bytes of the fields Ausbg1 and Ausbg2; a lone number is a hardware state."""
    if raw[:1] == b"V":
        return "V" + ".".join(str(b) for b in raw[1:4])
    number = int.from_bytes(raw[2:4], "big")
    return str(number) if number else None


def _module(message: Message, ident: int, records: list[bytes]) -> Iterator[Record]:
    """SZL 0x0011: order numbers and versions of module (index 1), hardware (6), firmware (7)."""
    order = hardware = firmware = None
    for record in records:
        kind, number, version = struct.unpack_from(">H", record)[0], _text(record[2:22]), _version(record[24:28])
        if kind == 1:
            order = number or None
            hardware = hardware or version
        elif kind == 6:
            hardware = version or hardware
        elif kind == 7:
            firmware = version
    if order or firmware:
        vendor = "Siemens" if order and order.startswith(("6ES", "6AG", "6GK", "6ED")) else None
        yield Identity(address=message.src, protocol="s7comm", evidence=f"SZL 0x{ident:04X}", vendor=vendor,
                       order_number=order, hardware=hardware, firmware=firmware, role="controller")


def _component(message: Message, ident: int, records: list[bytes]) -> Iterator[Record]:
    """SZL 0x001C: names of the station (index 1), the module (2), the plant (3), serial number (5), type (7), and
    location (11). One record each, since station and module each have a name."""
    fields = {1: "name", 2: "name", 3: "description", 5: "serial", 7: "model", 11: "location"}
    for record in records:
        index, text = struct.unpack_from(">H", record)[0] & 0xFF, _text(record[2:34])
        if index in fields and text:
            said: dict[str, str] = {fields[index]: text}
            yield Identity(address=message.src, protocol="s7comm", evidence=f"SZL 0x{ident:04X} index {index}",
                           **said)


def block(message: Message) -> Iterator[Record]:
    """A program block as downloaded or uploaded: header (magic 0x7070, version, attributes, language, type, number,
    length) and body."""
    data = message.data
    name, whole = None, False
    if data[:2] == b"pp" and len(data) >= 12:
        kind, number, length = struct.unpack_from(">BHI", data, 5)
        name, whole = f"{BLOCK_TYPES.get(kind, hex(kind))}{number}", length == len(data)
    yield Transfer(protocol="s7comm", kind="program", name=name, bytes=len(data), whole=whole,
                   direction="upload" if message.number("direction") else "download",
                   sha256=hashlib.sha256(data).hexdigest() if whole else None)
