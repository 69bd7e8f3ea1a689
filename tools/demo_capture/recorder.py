"""Records what enters the switch ports of the plant, as a mirror port does; writes pcapng with ns stamps.

A frame is taken once: on the port by which it enters the switch (receive direction). What the router forwards
from one mirrored subnet to another entered already on its first port, and is not taken a second time.
File format: draft-ietf-opsawg-pcapng; sockets: packet(7). Ends at SIGTERM, SIGINT or --limit packets.
"""

from __future__ import annotations

import argparse
import signal
import socket
import struct
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
SNAPLEN = 262_144


@dataclass
class Recorder:
    """Takes frames until told to stop. `router_ports` and `device_ports` are interface name prefixes."""

    subnets: list[IPv4Network]
    router_addresses: set[IPv4Address]
    limit: int
    device_prefix: str
    router_prefix: str
    stopped: bool = False
    frames: list[tuple[int, bytes]] = field(default_factory=list)

    def stop(self, *_: object) -> None:
        """Signal handler."""
        self.stopped = True

    def wanted(self, frame: bytes, port: str) -> bool:
        """Whether the frame, as it enters by that port, belongs to the recording."""
        if port.startswith(self.device_prefix):
            return True
        if not port.startswith(self.router_prefix):
            return False
        if len(frame) < 34 or int.from_bytes(frame[12:14], "big") != ETH_P_IP:
            return True
        source = IPv4Address(frame[26:30])
        return source in self.router_addresses or not any(source in subnet for subnet in self.subnets)

    def run(self) -> None:
        """Reads all ports of this namespace until stopped."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as wire:
            wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
            wire.settimeout(0.2)
            while not self.stopped and len(self.frames) < self.limit:
                try:
                    frame, extra, _, address = wire.recvmsg(SNAPLEN, 128)
                except TimeoutError:
                    continue
                port, kind = str(address[0]), address[2]
                if kind != PACKET_OUTGOING and self.wanted(frame, port):
                    self.frames.append((_stamp(extra), frame))


def _stamp(extra: list[tuple[int, int, bytes]]) -> int:
    """Nanoseconds since 1970 from the kernel's SCM_TIMESTAMPNS, or the present time without it."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanos = struct.unpack("=qq", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanos)
    return time.time_ns()


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def write_pcapng(path: Path, frames: list[tuple[int, bytes]], comment: str) -> None:
    """Writes one section with one Ethernet interface; frames are put into the order of their stamps."""
    end = _option(0, b"")
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    section += _option(1, comment.encode()) + _option(4, b"linewarden tools/demo_capture") + end
    interface = struct.pack("<HHI", 1, 0, SNAPLEN) + _option(2, b"mirror0")
    interface += _option(3, b"mirror of the plant's switch ports, receive direction") + _option(9, b"\x09") + end
    with path.open("wb") as out:
        out.write(_block(0x0A0D0D0A, section))
        out.write(_block(1, interface))
        for stamp, frame in sorted(frames, key=lambda item: item[0]):
            head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
            out.write(_block(6, head + frame + b"\0" * (-len(frame) % 4)))


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--subnet", action="append", default=[], type=IPv4Network)
    parser.add_argument("--router", action="append", default=[], type=IPv4Address)
    parser.add_argument("--limit", type=int, default=60_000)
    parser.add_argument("--device-prefix", default="p")
    parser.add_argument("--router-prefix", default="r")
    parser.add_argument("--comment", default="")
    args = parser.parse_args()
    recorder = Recorder(args.subnet, set(args.router), args.limit, args.device_prefix, args.router_prefix)
    signal.signal(signal.SIGTERM, recorder.stop)
    signal.signal(signal.SIGINT, recorder.stop)
    recorder.run()
    write_pcapng(args.out, recorder.frames, args.comment)


if __name__ == "__main__":
    main()
