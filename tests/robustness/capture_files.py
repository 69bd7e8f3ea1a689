"""Capture files as bytes: where their records end, and the TCP payloads of the plain ones.

Deliberately simple and apart from the engine, which is what these bytes are to test. Formats: libpcap's, and pcapng
(draft-ietf-opsawg-pcapng, 3.1).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

PCAP_LITTLE = (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
PCAP_BIG = (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d")
PCAPNG = b"\x0a\x0d\x0d\x0a"
ETHERNET = 1


class Segment(NamedTuple):
    """The payload of a TCP packet."""

    src: tuple[bytes, int]
    dst: tuple[bytes, int]
    data: bytes


def boundaries(data: bytes) -> list[int]:
    """Offsets at which a record (pcap) or a block (pcapng) ends, from the file header on. Empty: another format."""
    if data[:4] == PCAPNG:
        return list(_blocks(data))
    if data[:4] in PCAP_LITTLE + PCAP_BIG:
        return [24, *(end for _, end in _records(data))]
    return []


def segments(data: bytes) -> Iterator[Segment]:
    """TCP payloads of an Ethernet pcap (IPv4, no tags): enough to make seeds of."""
    order = "<" if data[:4] in PCAP_LITTLE else ">"
    if data[:4] not in PCAP_LITTLE + PCAP_BIG or struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF != ETHERNET:
        return
    for start, end in _records(data):
        frame = data[start:end]
        if len(frame) < 54 or frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        tcp = 14 + (frame[14] & 15) * 4
        begin, stop = tcp + (frame[tcp + 12] >> 4) * 4 if len(frame) >= tcp + 20 else len(frame), 14 + _u16(frame, 16)
        if payload := frame[begin:stop]:
            yield Segment((frame[26:30], _u16(frame, tcp)), (frame[30:34], _u16(frame, tcp + 2)), payload)


def _records(data: bytes) -> Iterator[tuple[int, int]]:
    order, at = "<" if data[:4] in PCAP_LITTLE else ">", 24
    while at + 16 <= len(data):
        start = at + 16
        at = start + struct.unpack_from(order + "I", data, at + 8)[0]
        if at > len(data):
            return
        yield start, at


def _blocks(data: bytes) -> Iterator[int]:
    order, at = "<", 0
    while at + 12 <= len(data):
        if data[at : at + 4] == PCAPNG:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        length = struct.unpack_from(order + "I", data, at + 4)[0]
        if length < 12 or at + length > len(data):
            return
        at += length
        yield at


def _u16(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]
