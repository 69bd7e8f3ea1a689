"""A capture of as many devices as the lake has, for a peer that knows packets only: Modbus/TCP between them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

BEGIN = 1_790_000_000
ROUNDS = 20
"""Requests, each with its answer, of a conversation."""
ASK, ANSWER = bytes.fromhex("000100000006010300000002"), bytes.fromhex("00010000000701030400010002")
SYN, SYN_ACK, ACK, PUSH = 0x02, 0x12, 0x10, 0x18


def make_capture(path: Path, assets: int) -> Path:
    """Each server is polled by one client, of which there is one for 24 servers (as in the lake)."""
    clients = max(2, assets // 25)
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for number, frame in enumerate(frames(clients, assets - clients)):
            us = number * 50
            file.write(struct.pack("<IIII", BEGIN + us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)
    return path


def frames(clients: int, servers: int) -> Iterator[bytes]:
    """All conversations at once, in rounds."""
    for turn in range(ROUNDS + 1):
        for s in range(servers):
            ends = (s % clients, s)
            if turn == 0:
                yield packet(*ends, SYN, 0, 0)
                yield packet(*ends, SYN_ACK, 0, 1, back=True)
                yield packet(*ends, ACK, 1, 1)
            else:
                asked, told = 1 + (turn - 1) * len(ASK), 1 + (turn - 1) * len(ANSWER)
                yield packet(*ends, PUSH, asked, told, ASK)
                yield packet(*ends, PUSH, told, asked + len(ASK), ANSWER, back=True)


def packet(c: int, s: int, flags: int, seq: int, ack: int, data: bytes = b"", *, back: bool = False) -> bytes:
    """An Ethernet frame of a TCP segment, from client to server or back."""
    client = (struct.pack(">BBBBH", 2, 0, 0, 1, c), bytes((10, 1, c // 250, c % 250)), 40_000 + s % 20_000)
    server = (struct.pack(">BBBBH", 2, 0, 0, 2, s), bytes((10, 2, s // 250, s % 250)), 502)
    (mac, ip, port), (mac_to, ip_to, port_to) = (server, client) if back else (client, server)
    tcp = struct.pack(">HHIIBBHHH", port, port_to, seq, ack, 5 << 4, flags, 8_192, 0, 0) + data
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + ip + ip_to
    return mac_to + mac + b"\x08\x00" + head[:10] + struct.pack(">H", checksum(head)) + head[12:] + tcp


def checksum(head: bytes) -> int:
    """Of an IP header (RFC 1071)."""
    total: int = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
