"""Read Tag and Write Tag over a pycomm3 session (ODVA, Logix 5000 Data Access: services 0x4C and 0x4D).

pycomm3's own tag functions need a tag list that only Logix controllers give; its session and packets are used as they
are.
"""

from __future__ import annotations

import struct
from typing import Any

READ_TAG, WRITE_TAG = 0x4C, 0x4D
DINT, REAL, SHORT_STRING = 0x00C4, 0x00CA, 0x00DA
_FORMAT = {DINT: "<i", REAL: "<f"}


def _send(driver: Any, service: int, tag: str, data: bytes) -> bytes:
    from pycomm3.packets.cip import GenericUnconnectedRequestPacket
    from pycomm3.packets.util import tag_request_path

    class TagRequest(GenericUnconnectedRequestPacket):  # type: ignore[misc]
        """The library's unconnected request, with a symbolic path."""

        def _setup_message(self) -> None:
            super()._setup_message()
            before = len(self._msg) - 4  # what the library put last: service, path, data, route
            self._msg[before:] = [self.service, tag_request_path(tag, {}, False), data]

    response = driver.send(TagRequest(service, 1, 1))
    if response.error:
        raise ConnectionError(f"{tag}: {response.error}")
    return bytes(response.value or b"")


def read_tag(driver: Any, tag: str) -> float:
    """Value of a DINT or REAL tag."""
    said = _send(driver, READ_TAG, tag, struct.pack("<H", 1))
    (kind,) = struct.unpack_from("<H", said)
    value: float = struct.unpack_from(_FORMAT[kind], said, 2)[0]
    return value


def write_tag(driver: Any, tag: str, kind: int, value: float) -> None:
    """Writes a DINT or REAL tag."""
    data = struct.pack(_FORMAT[kind], int(value) if kind == DINT else value)
    _send(driver, WRITE_TAG, tag, struct.pack("<HH", kind, 1) + data)


def write_text(driver: Any, tag: str, text: str) -> None:
    """Writes a SHORT_STRING tag: a length byte, then the characters."""
    data = text.encode("latin-1", "replace")[:82]
    _send(driver, WRITE_TAG, tag, struct.pack("<HHB", SHORT_STRING, 1, len(data)) + data)


def read_text(driver: Any, tag: str) -> str:
    """Content of a SHORT_STRING tag."""
    said = _send(driver, READ_TAG, tag, struct.pack("<H", 1))
    return said[3 : 3 + said[2]].decode("latin-1")
