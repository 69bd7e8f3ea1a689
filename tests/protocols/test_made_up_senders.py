"""A flood of announcements of made-up senders: it costs no row each, nothing in it is lost without a word."""

from __future__ import annotations

import struct

from tests.protocols.harness import Rows, read_frames
from tests.protocols.test_profinet_dcp import PROFINET, block, dcp

LLDP, NEIGHBOUR = b"\x88\xcc", bytes.fromhex("0180c200000e")
FLOOD, FULL = 12_000, 4 * 1_024
BLOCK = 16_384
"""Frames that are looked at together, sender by sender: who is first among these is not asked."""
DEVICE, STATION = bytes.fromhex("0200000000aa"), bytes.fromhex("0600000000bb")


def made_up(n: int) -> bytes:
    """An address that nobody else has."""
    return struct.pack("!HI", 0x0200, 1 << 24 | n)


def announcement(sender: bytes) -> bytes:
    """An LLDP frame: chassis, port, time to live."""
    tlvs = b"\x02\x07\x04" + sender + b"\x04\x03\x05p1" + b"\x06\x02\x00\x78"
    return (NEIGHBOUR + sender + LLDP + tlvs).ljust(60, b"\0")


def profinet(src: bytes, dst: bytes, payload: bytes) -> bytes:
    """A PROFINET frame."""
    return (dst + src + struct.pack("!H", PROFINET) + payload).ljust(60, b"\0")


def count(rows: Rows, weird: str) -> int:
    """How often it was met."""
    return sum(r["count"] for r in rows["weird"] if r["name"] == weird)


def test_announcements_beyond_any_network_are_counted_and_commands_among_them_told() -> None:
    naming = dcp(0xFEFD, 4, 0, block(2, 2, b"\0\x01press-4"))
    named = dcp(0xFEFD, 4, 1, block(5, 4, bytes([2, 2, 5])))
    before = [announcement(DEVICE), *[profinet(STATION, DEVICE, b"\x80\x00" + bytes(40))] * BLOCK]
    rows = read_frames([
        *before,
        *(announcement(made_up(n)) for n in range(FLOOD)),
        announcement(DEVICE),
        profinet(STATION, DEVICE, naming),
        profinet(DEVICE, STATION, named),
    ])  # fmt: skip
    # One of 64 goes on being read.
    told, left_out = len(rows["lldp"]), count(rows, "announcements_left_out")
    assert told + left_out == FLOOD + 2
    assert FULL - 400 < told < FULL + 400
    # Who was there before goes on.
    assert [r["frame"] for r in rows["lldp"] if r["chassis_mac"] == "02:00:00:00:00:aa"] == [1, len(before) + FLOOD + 1]
    # Every frame is in a conversation, and as many conversations are told.
    conns = rows["conn"]
    assert sum(c["orig_pkts"] + c["resp_pkts"] for c in conns) == len(before) + FLOOD + 3
    (command,) = rows["command"]
    assert (command["verb"], command["value"], command["result"]) == ("configure", "press-4", "set_not_possible")
    assert [r["frame"] for r in rows["profinet_dcp"]] == [len(before) + FLOOD + 2]
