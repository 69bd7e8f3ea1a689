"""A viewer's first words to a VNC server (RFC 6143, 7.1 to 7.6): up to the first picture, or with a wrong password."""

from __future__ import annotations

import os
import socket
import struct
import sys

NONE, PASSWORD = 1, 2


def exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = line.recv(size - len(got))
        assert piece, "the server hung up"
        got += piece
    return got


def begun(whom: str, port: int, kind: int) -> socket.socket:
    """A connection in which this kind of login was chosen."""
    line = socket.create_connection((whom, port), 10)
    exactly(line, 12)
    line.sendall(b"RFB 003.008\n")
    offered = exactly(line, exactly(line, 1)[0])
    assert kind in offered, offered
    line.sendall(bytes([kind]))
    return line


def look(whom: str, port: int) -> None:
    with begun(whom, port, NONE) as line:
        assert exactly(line, 4) == bytes(4)
        line.sendall(b"\1")  # others may go on looking
        width, height = struct.unpack("!HH", exactly(line, 24)[:4])
        line.sendall(struct.pack("!BBHHHH", 3, 0, 0, 0, min(width, 64), min(height, 64)))
        exactly(line, 16)


def guess(whom: str, port: int) -> None:
    with begun(whom, port, PASSWORD) as line:
        exactly(line, 16)
        line.sendall(os.urandom(16))
        assert exactly(line, 4) != bytes(4)


if __name__ == "__main__":
    {"look": look, "guess": guess}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
