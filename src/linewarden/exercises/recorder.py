"""Records what enters the switch ports of the plant, as a mirror port does, with the stamps in plant time.

A frame is taken once: on the port by which it enters the switch (receive direction). What the firewall forwards from
one mirrored zone to another entered already on its first port, and is not taken a second time. Sockets: packet(7).
Without namespaces it records loopback, if the system lets it.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import signal
import socket
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from linewarden.exercises.clock import PlantClock
from linewarden.exercises.pcapng import SNAPLEN, Writer

ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
SOL_PACKET, PACKET_STATISTICS = 263, 6
HOLD_NS = 300_000_000
"""Frames wait so long for earlier ones: ports are read one after the other, not in the order of their stamps."""


@dataclass
class Mirror:
    """Which frames belong to the recording. Ports are told by the beginning of their names."""

    subnets: Sequence[IPv4Network]
    router_addresses: frozenset[IPv4Address]
    device_prefix: str = "p"
    router_prefix: str = "r"

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


@dataclass
class Recorder:
    """Takes frames until told to stop, and writes them in the order of their stamps."""

    mirror: Mirror
    clock: PlantClock
    writer: Writer
    limit: int
    span: socket.socket | None = None
    """The switch's mirror port: what is taken leaves by it at once, for a sensor that listens."""
    stopped: bool = False
    taken: int = 0
    lost: int = 0
    _waiting: list[tuple[int, int, bytes]] = field(default_factory=list)

    def stop(self, *_: object) -> None:
        """Signal handler."""
        self.stopped = True

    def run(self, wire: socket.socket) -> None:
        """Reads all ports of this namespace until stopped."""
        print("ready", flush=True)
        while not self.stopped and self.taken < self.limit:
            try:
                frame, extra, _, address = wire.recvmsg(SNAPLEN, 128)
            except TimeoutError:
                self._flush(time.time_ns() - HOLD_NS)
                continue
            if address[2] != PACKET_OUTGOING and self.mirror.wanted(frame, str(address[0])):
                self._take(_stamp(extra), frame)
        _, self.lost = struct.unpack("II", wire.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self._flush(None)

    def _take(self, stamp: int, frame: bytes) -> None:
        if self.span is not None:
            with contextlib.suppress(OSError):  # a full queue loses a frame, as a real mirror port does
                self.span.send(frame)
        heapq.heappush(self._waiting, (stamp, self.taken, frame))
        self.taken += 1
        self._flush(stamp - HOLD_NS)

    def _flush(self, before: int | None) -> None:
        while self._waiting and (before is None or self._waiting[0][0] < before):
            stamp, _, frame = heapq.heappop(self._waiting)
            self.writer.write(self.clock.plant_ns(stamp), frame)


def open_wire() -> socket.socket:
    """A raw socket on all interfaces of this namespace, with stamps."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
    wire.settimeout(0.2)
    return wire


def open_span(interface: str) -> socket.socket:
    """A raw socket that sends by this interface of the namespace."""
    span = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    span.bind((interface, 0))
    return span


def _stamp(extra: list[tuple[int, int, bytes]]) -> int:
    """Nanoseconds since 1970 from the kernel's SCM_TIMESTAMPNS, or the present time without it."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanos = struct.unpack("=qq", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanos)
    return time.time_ns()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT; then one line with frames taken and lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--subnet", action="append", default=[], type=IPv4Network)
    parser.add_argument("--router", action="append", default=[], type=IPv4Address)
    parser.add_argument("--limit", type=int, default=5_000_000)
    parser.add_argument("--device-prefix", default="p")
    parser.add_argument("--router-prefix", default="r")
    parser.add_argument("--span", default="", help="interface by which what is taken leaves at once")
    parser.add_argument("--comment", default="")
    parser.add_argument("--start-ns", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args(argv)
    mirror = Mirror(args.subnet, frozenset(args.router), args.device_prefix, args.router_prefix)
    # The socket first: where the system refuses it, no empty file is left.
    with open_wire() as wire, contextlib.ExitStack() as ends, args.out.open("wb") as out:
        span = ends.enter_context(open_span(args.span)) if args.span else None
        writer = Writer(out, args.comment, "linewarden exercise")
        recorder = Recorder(mirror, PlantClock(args.start_ns, args.scale), writer, args.limit, span)
        signal.signal(signal.SIGTERM, recorder.stop)
        signal.signal(signal.SIGINT, recorder.stop)
        recorder.run(wire)
    print(f"taken {recorder.taken} lost {recorder.lost}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
