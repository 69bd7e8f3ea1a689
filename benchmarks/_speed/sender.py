"""Sends the frames of a pcap file at a rate, by a transmit ring (PACKET_TX_RING), into a cable of a namespace of ours.

usage: python sender.py IFACE PCAP PACKETS_PER_S      prints what was sent and the rate that was reached
"""

from __future__ import annotations

import mmap
import socket
import struct
import sys
import time
from pathlib import Path

SOL_PACKET, PACKET_VERSION, PACKET_TX_RING, TPACKET_V2 = 263, 10, 13, 1
SLOT, HEAD, SEND = 256, 32, 1
BLOCK = 1 << 16
SLOTS = 4_096


def slots_of(path: Path) -> bytes:
    """Each frame in a slot as the kernel wants it: a header that says "send", and the bytes."""
    data = path.read_bytes()
    found, at = [], 24
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        frame = data[at + 16 : at + 16 + min(length, SLOT - HEAD)]
        found.append((struct.pack("=III", SEND, len(frame), len(frame)).ljust(HEAD, b"\0") + frame).ljust(SLOT, b"\0"))
        at += 16 + length
    return b"".join(found)


def main() -> int:
    interface, path, rate = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    slots = memoryview(slots_of(path))
    packets = len(slots) // SLOT
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    port.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
    port.setsockopt(SOL_PACKET, PACKET_TX_RING, struct.pack("IIII", BLOCK, SLOTS * SLOT // BLOCK, SLOT, SLOTS))
    port.bind((interface, 0))
    ring = mmap.mmap(port.fileno(), SLOTS * SLOT)
    # Small pieces at low rates, so that they do not come as bursts; a piece always begins where the ring does.
    piece = max(1, min(SLOTS, int(rate / 200)))
    began, sent, place = time.monotonic(), 0, 0
    while sent < packets:
        n = min(piece, SLOTS - place, packets - sent)
        ring[place * SLOT : (place + n) * SLOT] = slots[sent * SLOT : (sent + n) * SLOT]
        port.send(b"")  # sends what the ring holds, and waits for it
        sent += n
        place = (place + n) % SLOTS
        ahead = sent / rate - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    passed = time.monotonic() - began
    print(sent, f"{sent / passed:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
