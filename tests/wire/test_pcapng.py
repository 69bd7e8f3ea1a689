"""Small pcapng files: both byte orders, times of any resolution, and what is damaged."""

from __future__ import annotations

import struct

import pytest

from linewarden.wire.pcapng import read_packets


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + length + body + length


def capture(order: str, resolution: bytes = b"", comment: bytes = b"") -> bytes:
    section = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    option = struct.pack(f"{order}HH", 9, 1) + resolution + bytes(3) + struct.pack(f"{order}HH", 0, 0)
    interface = block(order, 1, struct.pack(f"{order}HHI", 1, 0, 0) + (option if resolution else b""))
    said = struct.pack(f"{order}HH", 1, len(comment)) + comment + bytes(-len(comment) % 4) if comment else b""
    time = 3_000_000_001
    body = struct.pack(f"{order}IIIII", 0, time >> 32, time & 0xFFFFFFFF, 5, 60) + b"abcde" + bytes(3) + said
    return section + interface + block(order, 6, body)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    (packet,) = read_packets(capture(order, comment=b"a word"))
    assert (packet.link, packet.data, packet.length, packet.comments) == (1, b"abcde", 60, ("a word",))
    assert packet.ts == 3_000_000_001_000


@pytest.mark.parametrize(
    ("resolution", "ns"), [(b"\x09", 3_000_000_001), (b"\x03", 3_000_000_001_000_000), (b"\x8a", 2_929_687_500_976_562)]
)
def test_times_have_the_resolution_of_the_interface(resolution: bytes, ns: int) -> None:
    (packet,) = read_packets(capture("<", resolution))
    assert packet.ts == ns


def test_what_is_damaged_ends_it() -> None:
    whole = capture("<") + capture(">")
    assert len(list(read_packets(whole))) == 2
    for end in range(len(whole)):
        assert len(list(read_packets(whole[:end]))) <= 1 + (end >= len(capture("<")))
    assert list(read_packets(bytes(64))) == []
