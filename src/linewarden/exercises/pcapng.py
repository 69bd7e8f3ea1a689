"""A small pcapng writer, and a reader of what it wrote (draft-ietf-opsawg-pcapng): one section, Ethernet, ns stamps."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

SNAPLEN = 262_144
SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
ETHERNET = 1


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


class Writer:
    """Writes frames in the order in which they come."""

    def __init__(self, out: BinaryIO, comment: str, application: str, interface: str = "mirror0") -> None:
        self._out = out
        end = _option(0, b"")
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        section += _option(1, comment.encode()) + _option(4, application.encode()) + end
        described = b"mirror of the plant's switch ports, receive direction"
        link = struct.pack("<HHI", ETHERNET, 0, SNAPLEN) + _option(2, interface.encode())
        link += _option(3, described) + _option(9, b"\x09") + end
        out.write(_block(SECTION, section) + _block(INTERFACE, link))

    def write(self, stamp: int, frame: bytes) -> None:
        """One frame with its time in ns since 1970."""
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
        self._out.write(_block(PACKET, head + frame + b"\0" * (-len(frame) % 4)))


def frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Stamps and frames of a file that `Writer` wrote."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack("<II", head)
            body = file.read(length - 8)
            if kind == PACKET:
                high, low, captured = struct.unpack("<III", body[4:16])
                yield high << 32 | low, body[20 : 20 + captured]
