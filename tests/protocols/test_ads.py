"""ADS transcripts: variables by name, starting and stopping, device information."""

from __future__ import annotations

import struct

from tests.protocols.harness import SERVER, Rows, tell

PLC, PANEL = bytes([10, 0, 0, 2, 1, 1]) + struct.pack("<H", 851), bytes([10, 0, 0, 1, 1, 1]) + struct.pack("<H", 32_800)


def ams(command: int, data: bytes, response: bool = False, invoke: int = 1, error: int = 0) -> bytes:
    """An AMS/TCP packet."""
    ends = PANEL + PLC if response else PLC + PANEL
    body = ends + struct.pack("<HHIII", command, 5 if response else 4, len(data), error, invoke) + data
    return b"\0\0" + struct.pack("<I", len(body)) + body


def talk(*messages: bytes) -> Rows:
    """Request and answer by turns."""
    return tell([("cs"[i % 2], m) for i, m in enumerate(messages)], 48_898)


def test_a_variable_is_read_by_its_name() -> None:
    name = b"MAIN.bStart"
    rows = talk(
        ams(9, struct.pack("<IIII", 0xF003, 0, 4, len(name)) + name),
        ams(9, struct.pack("<III", 0, 4, 0x1234), response=True),
    )
    (row,) = rows["ads"]
    assert (row["command"], row["reply"], row["symbol"], row["index_group_name"], row["error"]) == (
        9, 9, "MAIN.bStart", "handle_by_name", 0,
    )  # fmt: skip
    assert (rows["command"][0]["verb"], rows["command"][0]["target"]) == ("read", "handle_by_name MAIN.bStart")


def test_a_stop_that_is_refused() -> None:
    rows = talk(ams(5, struct.pack("<HHI", 6, 0, 0)), ams(5, struct.pack("<I", 0x704), response=True))
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["result"]) == ("stop", "stop", "access_not_permitted")


def test_a_write_tells_where() -> None:
    rows = talk(ams(3, struct.pack("<III", 0xF030, 16, 2) + b"\x01\x00"), ams(3, bytes(4), response=True))
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["result"]) == ("write", "output 16-17", "ok")


def test_device_information_is_an_identity() -> None:
    info = struct.pack("<IBBH", 0, 3, 1, 4024) + b"Plc30 App\0".ljust(16, b"\0")
    rows = talk(ams(1, b""), ams(1, info, response=True))
    (who,) = rows["identity"]
    assert (who["address"], who["vendor"], who["software"]) == (SERVER, "Beckhoff", "Plc30 App 3.1.4024")
