"""Asks a name server for names (RFC 1035, 4.1), one after the other, each until it answers.

usage: resolve.py SERVER TYPE NAME...      TYPE: A, TXT; a NAME with {} is asked for 45 times with a made-up word there
"""

from __future__ import annotations

import hashlib
import socket
import struct
import sys

TYPES = {"A": 1, "TXT": 16, "AAAA": 28}


def question(number: int, name: str, kind: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", TYPES[kind], 1)


def spread(name: str) -> list[str]:
    """As programs do that hide data in names."""
    return [name.format(hashlib.sha256(bytes([n])).hexdigest()[:48]) for n in range(45)] if "{}" in name else [name]


if __name__ == "__main__":
    server, kind, *names = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(10)
        line.connect((server, 53))
        for number, name in enumerate(n for given in names for n in spread(given)):
            line.send(question(number, name, kind))
            line.recv(65_535)
