"""Frames built byte by byte, with times of their own, where a real program would need hours.

wire = Wire()
line = wire.tcp("10.77.2.5", "10.77.1.1", 502)
line.ask(12.5, request, answer)
wire.write(path)
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

START_S = 1_700_000_000
EVERYBODY = "255.255.255.255"


def mac(ip: str) -> bytes:
    """An address of its own for each host; broadcasts go to everybody."""
    return b"\xff" * 6 if ip == EVERYBODY or ip.endswith(".255") else b"\x02\0" + socket.inet_aton(ip)


@dataclass
class Wire:
    """What was heard: (time in s, frame)."""

    heard: list[tuple[float, bytes]] = field(default_factory=list)
    ports: int = 40_000

    def tcp(self, client: str, server: str, port: int, at: float = 0.0) -> Line:
        """A connection that begins at this time."""
        self.ports += 1
        return Line(self, client, server, self.ports, port, at)

    def udp(self, at: float, src: str, dst: str, port: int, payload: bytes, sport: int = 0) -> None:
        """One datagram."""
        self.ip(at, src, dst, 17, struct.pack("!HHHH", sport or port, port, 8 + len(payload), 0) + payload)

    def ip(self, at: float, src: str, dst: str, proto: int, payload: bytes) -> None:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, proto, 0)
        head += socket.inet_aton(src) + socket.inet_aton(dst)
        head = head[:10] + struct.pack("!H", _sum(head)) + head[12:]
        self.frame(at, mac(dst) + mac(src) + b"\x08\0" + head + payload)

    def frame(self, at: float, frame: bytes) -> None:
        self.heard.append((at, frame.ljust(60, b"\0")))

    def write(self, path: Path) -> Path:
        """A pcap, in the order of time."""
        out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)]
        for at, frame in sorted(self.heard, key=lambda h: h[0]):
            micros = int(at * 1e6)
            head = struct.pack("<IIII", START_S + micros // 10**6, micros % 10**6, len(frame), len(frame))
            out.append(head + frame)
        path.write_bytes(b"".join(out))
        return path


@dataclass
class Line:
    """One TCP connection."""

    wire: Wire
    client: str
    server: str
    sport: int
    port: int
    begun: float
    seq: dict[bool, int] = field(default_factory=lambda: {True: 1_000, False: 9_000})

    def __post_init__(self) -> None:
        self.segment(self.begun, True, 2)
        self.segment(self.begun + 0.001, False, 18)
        self.segment(self.begun + 0.002, True, 16)

    def ask(self, at: float, request: bytes, answer: bytes = b"") -> None:
        """A request, and its answer 5 ms later; without one the server stays silent."""
        self.segment(at, True, 24, request)
        if answer:
            self.segment(at + 0.005, False, 24, answer)

    def segment(self, at: float, up: bool, flags: int, payload: bytes = b"") -> None:
        src, dst = (self.client, self.server) if up else (self.server, self.client)
        ports = (self.sport, self.port) if up else (self.port, self.sport)
        ack = self.seq[not up] if flags & 16 else 0
        head = struct.pack("!HHIIBBHHH", *ports, self.seq[up], ack, 5 << 4, flags, 8192, 0, 0)
        pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!BBH", 0, 6, len(head) + len(payload))
        check = _sum(pseudo + head + payload)
        self.wire.ip(at, src, dst, 6, head[:16] + struct.pack("!H", check) + head[18:] + payload)
        self.seq[up] += len(payload) + (1 if flags & 3 else 0)


def _sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
