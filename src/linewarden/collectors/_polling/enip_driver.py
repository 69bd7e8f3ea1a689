"""pycomm3's drivers with an end to every wait, and reads of symbols that need no list of tags.

pycomm3 waits for each piece of an answer anew, and for ever where the other side hangs up in the middle of one; a
collector must not. Sources: ODVA, CIP networks library, volume 1 (appendix A Get_Attribute_Single, C data types) and
volume 2 (2-3 encapsulation); Rockwell 1756-PM020, Logix 5000 Data Access (Read Tag, 0x4C).
"""

from __future__ import annotations

import logging
import struct
import time
from typing import Any

GET_ATTRIBUTE_SINGLE = 0x0E
READ_TAG = 0x4C
_HEAD = 24
_STRUCTURE = 0x02A0
_LOGIX_STRING = 0x0FCE
"""Handle of the STRING that every Logix controller has: a DINT of its length, then characters."""
NUMBERS = {
    0xC1: "?", 0xC2: "b", 0xC3: "h", 0xC4: "i", 0xC5: "q", 0xC6: "B", 0xC7: "H", 0xC8: "I", 0xC9: "Q", 0xCA: "f",
    0xCB: "d", 0xD1: "B", 0xD2: "H", 0xD3: "I", 0xD4: "Q",
}  # fmt: skip
NAMES = {
    "bool": 0xC1, "sint": 0xC2, "int": 0xC3, "dint": 0xC4, "lint": 0xC5, "usint": 0xC6, "uint": 0xC7, "udint": 0xC8,
    "ulint": 0xC9, "real": 0xCA, "lreal": 0xCB, "string": 0xD0, "byte": 0xD1, "word": 0xD2, "dword": 0xD3,
    "lword": 0xD4, "short_string": 0xDA,
}  # fmt: skip
Value = float | str


def drivers() -> tuple[type[Any], type[Any]]:
    """(CIPDriver, LogixDriver) whose answers must be whole within the socket's time."""
    from pycomm3 import CIPDriver, CommError, LogixDriver

    class Bounded:
        """Replaces how an answer is received."""

        def _receive(self: Any) -> bytes:
            wire = self._sock.sock
            until = time.monotonic() + float(self.socket_timeout)
            data = b""
            try:
                while len(data) < _HEAD or len(data) < _HEAD + int.from_bytes(data[2:4], "little"):
                    wire.settimeout(max(0.001, until - time.monotonic()))
                    piece = wire.recv(4096)
                    if not piece:
                        raise CommError("it closed the connection")
                    data += piece
            except OSError as error:
                raise CommError("no whole answer in time" if isinstance(error, TimeoutError) else str(error)) from error
            finally:
                wire.settimeout(float(self.socket_timeout))
            return data

    logging.getLogger("pycomm3").setLevel(logging.CRITICAL)  # what goes wrong is said by the collector, in one line
    cip: type[Any] = type("BoundedCip", (Bounded, CIPDriver), {})
    logix: type[Any] = type("BoundedLogix", (Bounded, LogixDriver), {})
    return cip, logix


def read_symbol(driver: Any, symbol: str) -> tuple[Value | None, str]:
    """(value, "") of a symbol by its name, or (None, why not). Raises pycomm3's CommError."""
    from pycomm3.packets.cip import GenericUnconnectedRequestPacket
    from pycomm3.packets.util import tag_request_path

    class ReadTag(GenericUnconnectedRequestPacket):  # type: ignore[misc]
        """The library's unconnected request with a symbolic path."""

        def _setup_message(self) -> None:
            super()._setup_message()
            before = len(self._msg) - 4  # what the library put last: service, path, data, route
            self._msg[before:] = [self.service, tag_request_path(symbol, {}, False), struct.pack("<H", 1)]

    response = driver.send(ReadTag(READ_TAG, 1, 1))
    if response.error:
        return None, str(response.error)
    return decoded(bytes(response.value or b""))


def read_attribute(driver: Any, path: tuple[int, ...], kind: str) -> tuple[Value | None, str]:
    """(value, "") of an attribute (class, instance, attribute), or (None, why not). Raises pycomm3's CommError."""
    class_, instance, attribute = path
    routed = bool(driver._cfg["cip_path"])
    said = driver.generic_message(
        GET_ATTRIBUTE_SINGLE, class_, instance, attribute, connected=False, unconnected_send=routed, route_path=routed
    )  # fmt: skip
    if said.error:
        return None, str(said.error)
    return decoded(struct.pack("<H", NAMES[kind]) + bytes(said.value or b""))


def decoded(data: bytes) -> tuple[Value | None, str]:
    """Type code and value, as CIP puts them behind one another."""
    try:
        (kind,) = struct.unpack_from("<H", data)
        rest = data[2:]
        if kind in NUMBERS:
            return float(struct.unpack_from(f"<{NUMBERS[kind]}", rest)[0]), ""
        if kind == NAMES["short_string"]:
            return _text(rest, 1), ""
        if kind == NAMES["string"]:
            return _text(rest, 2), ""
        if kind == _STRUCTURE and int.from_bytes(rest[:2], "little") == _LOGIX_STRING:
            return _text(rest[2:], 4), ""
    except struct.error:
        return None, "answer too short"
    if kind == _STRUCTURE:
        return None, "structure"
    return None, f"type 0x{kind:02x} not supported"


def _text(data: bytes, width: int) -> str:
    count = int.from_bytes(data[:width], "little")
    if len(data) < width + count:
        raise struct.error
    return data[width : width + count].decode("latin-1")
