"""Speaks into an interface for as long as it is let: what a sensor hears in a plant, and what it should survive.

Polling that never ends; connections that begin and end; devices that come and go (each of a pool speaks once a cycle);
damaged frames; a burst now and then. What is distinct comes from pools that begin anew, so that after the first cycle
nothing is left that could rightly need more memory. Prints the frames sent so far, once a second.

usage: python soak_load.py IFACE RATE CYCLE_S [CAPTURE...]      frames of small captures are played too, some damaged
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _speed import flood_capture

DEVICES = 10_000
"""Rich frames of ever other senders."""
DAMAGED = 10_000
BURST, BURST_EVERY_S = 20_000, 30.0
SLICE_S = 0.02
LARGEST = 1_514
CONNECTIONS = 0.01
"""Connections begun for each packet."""


def connections() -> Iterator[list[bytes]]:
    """A client writes one register and goes: from SYN to FIN, every time from the next port."""
    body = struct.pack("!HHHBBHH", 1, 0, 6, 1, 6, 7, 42)
    number = 0
    while True:
        client, server = b"\x0a\x00\x05" + bytes([number % 20 + 1]), b"\x0a\x00\x06" + bytes([number % 50 + 1])
        port = 10_000 + number % 50_000
        number += 1
        n = len(body)
        steps = [
            (True, 0, 0, 0x02, b""), (False, 0, 1, 0x12, b""), (True, 1, 1, 0x10, b""),
            (True, 1, 1, 0x18, body), (False, 1, 1 + n, 0x18, body),
            (True, 1 + n, 1 + n, 0x11, b""), (False, 1 + n, 2 + n, 0x11, b""), (True, 2 + n, 2 + n, 0x10, b""),
        ]  # fmt: skip
        yield [
            segment(client, server, port, 502, s, a, f, p) if out else segment(server, client, 502, port, s, a, f, p)
            for out, s, a, f, p in steps
        ]


def segment(
    src: bytes, dst: bytes, src_port: int, dst_port: int, seq: int, ack: int, flags: int, payload: bytes
) -> bytes:
    header = struct.pack("!HHIIBBHHH", src_port, dst_port, seq, ack, 0x50, flags, 8_192, 0, 0)
    return flood_capture._ip(src, dst, 6, header + payload)


def recorded(path: Path) -> Iterator[bytes]:
    """The Ethernet frames of a little-endian pcap; nothing of any other file."""
    data = path.read_bytes()
    if data[:4] != b"\xd4\xc3\xb2\xa1" or data[20:24] != b"\x01\0\0\0":
        return
    at = 24
    while at + 16 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if 14 <= len(frame) <= LARGEST:
            yield frame


def damaged(frames: list[bytes], rng: random.Random) -> Iterator[bytes]:
    """Frames with flipped bits, or cut. The destination stays whole."""
    for _ in range(DAMAGED):
        frame = bytearray(rng.choice(frames))
        for _ in range(rng.choice((1, 4, 40))):
            frame[rng.randrange(12, len(frame))] ^= 1 << rng.randrange(8)
        yield bytes(frame[: rng.randrange(14, len(frame) + 1)] if rng.random() < 0.3 else frame)


class Mouth:
    """Sends, through whatever happens to the interface, and counts."""

    def __init__(self, interface: str) -> None:
        self.interface = interface
        self.sent = 0
        self._port: socket.socket | None = None

    def say(self, frame: bytes) -> None:
        """Sends a frame; where that cannot be it is not counted."""
        with contextlib.suppress(OSError):
            if self._port is None:
                self._port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                self._port.bind((self.interface, 0))
            self._port.send(frame)
            self.sent += 1
            return
        if self._port is not None:
            self._port.close()  # the interface may be another one by now
            self._port = None


def main() -> None:
    interface, rate, cycle_s = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    rng = random.Random(1)
    pool = [f for path in map(Path, sys.argv[4:]) for f in recorded(path)]
    devices = list(islice(flood_capture._rich(rng), DEVICES)) + pool
    polling, connecting = flood_capture._polling(), connections()
    material = [*islice(polling, 400), *devices, *(f for c in islice(connecting, 50) for f in c)]
    hurt = list(damaged(material, rng))
    rare = [cycle(devices), cycle(hurt)]
    per_slice = [len(devices) / cycle_s * SLICE_S, len(hurt) / cycle_s * SLICE_S, rate * CONNECTIONS * SLICE_S]
    owed, mouth = [0.0, 0.0, 0.0], Mouth(interface)
    began = time.monotonic()
    at, told, burst = began, 0.0, began + BURST_EVERY_S
    while True:
        frames: list[bytes] = []
        for i, due in enumerate(per_slice):
            owed[i] += due
            count, owed[i] = int(owed[i]), owed[i] % 1
            if i < len(rare):
                frames += islice(rare[i], count)
            else:
                frames += [f for c in islice(connecting, count) for f in c]
        for frame in [*frames, *islice(polling, int(rate * SLICE_S))]:
            mouth.say(frame)
        if at >= burst:
            burst += BURST_EVERY_S
            for frame in islice(polling, BURST):
                mouth.say(frame)
        if at - told >= 1:
            told = at
            print(mouth.sent, flush=True)
        at += SLICE_S
        time.sleep(max(0.0, at - time.monotonic()))


if __name__ == "__main__":
    main()
