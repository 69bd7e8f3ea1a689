"""PN-IO-CM transcripts: connecting, records, and what devices say in I&M data."""

from __future__ import annotations

import struct

import pytest

from tests.protocols.harness import CLIENT, SERVER, Rows, tell

CONNECT, READ, WRITE = 0, 2, 3
INTERFACE = bytes.fromhex("dea000016c9711d1827100a02442df7d")
REQUEST, RESPONSE = 0, 2


def block(kind: int, body: bytes) -> bytes:
    """A block of version 1.0."""
    return struct.pack("!HHBB", kind, len(body) + 2, 1, 0) + body


def rpc(pdu: int, operation: int, blocks: bytes, little: bool = False, status: int = 0) -> bytes:
    """A DCE/RPC datagram with NDR arguments and blocks."""
    e = "<" if little else ">"
    size = len(blocks)
    body = struct.pack(e + "5I", status if pdu == RESPONSE else 4096, size, 4096, 0, size) + blocks
    head = bytes([4, pdu, 0x20, 0, 0x10 if little else 0, 0, 0, 0]) + bytes(16) + INTERFACE + bytes(16)
    head += struct.pack(e + "IIIHHHHH", 1, 1, 7, operation, 0xFFFF, 0xFFFF, len(body), 0) + b"\0\0"
    return head + body


def ar(station: bytes) -> bytes:
    """ARBlockReq of a controller."""
    body = struct.pack("!H", 1) + bytes(16) + struct.pack("!H", 1) + bytes.fromhex("020000000001") + bytes(16)
    return block(0x0101, body + struct.pack("!IHHH", 0, 100, 0x8892, len(station)) + station)


def record(kind: int, index: int, size: int) -> bytes:
    """Head of a record, as in read and write requests and answers."""
    body = struct.pack("!H", 1) + bytes(16) + struct.pack("!IHHHHI", 0, 2, 1, 0, index, size) + bytes(24)
    return block(kind, body)


def talk(*messages: bytes) -> Rows:
    """Request and answer by turns."""
    return tell([("cs"[i % 2], m) for i, m in enumerate(messages)], 34964, udp=True)


@pytest.mark.parametrize("little", [False, True])
def test_a_connect_names_the_controller(little: bool) -> None:
    rows = talk(rpc(REQUEST, CONNECT, ar(b"plc-1"), little), rpc(RESPONSE, CONNECT, block(0x8101, bytes(30)), little))
    (who,) = rows["identity"]
    assert (who["address"], who["name"], who["mac"]) == (CLIENT, "plc-1", "02:00:00:00:00:01")
    (row,) = rows["profinet_cm"]
    assert (row["operation"], row["block_type"], row["reply_block_type"]) == ("connect", 0x0101, 0x8101)
    assert row["status"] == 0
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["result"]) == ("configure", "connect plc-1", "ok")


def test_a_refused_connect_tells_its_status() -> None:
    rows = talk(rpc(REQUEST, CONNECT, ar(b"plc-1"), True), rpc(RESPONSE, CONNECT, b"", True, status=0xDB81_0101))
    assert rows["profinet_cm"][0]["status"] == 0xDB81_0101
    assert rows["command"][0]["errors"] == 1


def test_im0_is_an_identity() -> None:
    data = block(0x0020, struct.pack("!H20s16sHcBBB", 0x002A, b"6ES7 155-6AU00-0BN0 ", b"S C-K7", 3, b"V", 4, 2, 0))
    rows = talk(
        rpc(REQUEST, READ, record(0x0009, 0xAFF0, 4096)),
        rpc(RESPONSE, READ, record(0x8009, 0xAFF0, len(data)) + data),
    )
    (who,) = rows["identity"]
    assert (who["address"], who["vendor"], who["order_number"], who["serial"], who["firmware"]) == (
        SERVER, "Siemens", "6ES7 155-6AU00-0BN0", "S C-K7", "V4.2.0",
    )  # fmt: skip


def test_several_writes_in_one_have_a_row_each() -> None:
    inner = record(0x0008, 0x0010, 3) + b"abc\0" + record(0x0008, 0x0011, 4) + b"abcd"
    rows = talk(rpc(REQUEST, WRITE, record(0x0008, 0xE040, len(inner)) + inner))
    assert [r["index"] for r in rows["profinet_cm"]] == [0xE040, 0x0010, 0x0011]
    assert [r["opnum"] for r in rows["profinet_cm"]] == [3, None, None]


def test_other_rpc_on_the_port_is_refused() -> None:
    foreign = bytearray(rpc(REQUEST, READ, b""))
    foreign[24:40] = bytes(16)
    assert talk(bytes(foreign))["profinet_cm"] == []
