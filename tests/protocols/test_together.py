"""All protocols together: noise on their ports, and a whole plant whose streams are cut differently."""

from __future__ import annotations

import random
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import linewarden.exercises
from linewarden.protocols.registry import protocols
from tests.protocols import harness

PROTOCOLS = protocols()
DEMO = Path(linewarden.exercises.__file__).parent / "data" / "demo-plant.pcapng.zst"
PLACE = {"ts", "uid", "frame", "resp_frame", "rtt_ns"}  # when and in which packet, not what was said


def foreign() -> list[bytes]:
    """What no protocol here says: noise of several lengths, and a bare word."""
    rng = random.Random(7)
    return [rng.randbytes(n) for n in (1, 2, 7, 40, 300)] + [bytes([0xA5]) * 64, b"\xee\xff" + b"~" * 30]


@pytest.mark.parametrize("udp", [False, True], ids=["tcp", "udp"])
def test_noise_on_its_own_port_makes_no_row(udp: bool) -> None:
    ports = sorted({port for p in PROTOCOLS for on in p.on if on.kind == ("udp" if udp else "tcp") for port in on.ids})
    frames: list[bytes] = []
    for port in ports:
        for n, noise in enumerate(foreign()):
            said = [("c", noise), ("s", noise[::-1])]
            if udp:
                frames += harness.udp_frames(said, port, client_port=40_000 + n)
            else:
                frames += harness.tcp_frames(said, port, client_port=40_000 + n)
    rows = harness.read_frames(frames)
    assert {p.name: rows[p.name][:2] for p in PROTOCOLS if rows[p.name]} == {}


def demo_frames() -> list[bytes]:
    """The frames of the shipped capture (pcapng: an Enhanced Packet Block has its length 20 bytes into it)."""
    data = pa.input_stream(str(DEMO), compression="zstd").read()
    at, frames = 0, []
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            (length,) = struct.unpack_from("<I", data, at + 20)
            frames.append(data[at + 28 : at + 28 + length])
        at += size
    return frames


def in_two(frame: bytes) -> list[bytes]:
    """A TCP/IPv4 segment as two with a part of its payload each; any other frame as it is."""
    if frame[12:14] != b"\x08\x00" or frame[14] != 0x45 or frame[23] != 6:
        return [frame]
    packet = frame[14 : 14 + int.from_bytes(frame[16:18], "big")]
    head, payload = packet[: 20 + (packet[32] >> 4) * 4], packet[20 + (packet[32] >> 4) * 4 :]
    if len(payload) < 2 or packet[33] & 0x07:  # SYN, FIN and RST stay whole
        return [frame]
    middle, (seq,) = len(payload) // 3 + 1, struct.unpack_from("!I", head, 24)
    return [
        frame[:14] + segment(head, seq, payload[:middle]),
        frame[:14] + segment(head, (seq + middle) % 2**32, payload[middle:]),
    ]


def segment(head: bytes, seq: int, payload: bytes) -> bytes:
    """An IPv4 packet with these headers, its lengths and checksums made anew."""
    ip, tcp = bytearray(head[:20]), bytearray(head[20:])
    struct.pack_into("!H", ip, 2, len(head) + len(payload))
    struct.pack_into("!H", ip, 10, 0)
    struct.pack_into("!H", ip, 10, harness._sum(bytes(ip)))
    struct.pack_into("!I", tcp, 4, seq)
    struct.pack_into("!H", tcp, 16, 0)
    pseudo = bytes(ip[12:20]) + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    struct.pack_into("!H", tcp, 16, harness._sum(pseudo + bytes(tcp) + payload))
    return bytes(ip) + bytes(tcp) + payload


def said(rows: list[dict[str, Any]]) -> Counter[str]:
    """What the rows say, how often."""
    return Counter(repr({k: v for k, v in row.items() if k not in PLACE}) for row in rows)


def test_cutting_the_streams_of_a_plant_differently_changes_no_row() -> None:
    frames = demo_frames()
    whole = harness.read_frames(frames)
    cut = harness.read_frames([piece for frame in frames for piece in in_two(frame)])
    assert len([p for p in PROTOCOLS if whole[p.name]]) >= 15
    for protocol in PROTOCOLS:
        before, after = said(whole[protocol.name]), said(cut[protocol.name])
        assert list((before - after).items())[:3] == [], protocol.name
        assert list((after - before).items())[:3] == [], protocol.name
