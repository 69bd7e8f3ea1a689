"""S7comm of the plant, with python-snap7: the capper's controller, its HMI and the engineering station.

The library's own identity answers name its simulator and, for W#16#001C, lack the part-list header, so this
server answers SZL W#16#0011, W#16#001C, W#16#0232 and W#16#0424 as Siemens' reference manual "System
Software for S7-300/400 System and Standard Functions", volume 2, lays them out. The client asks for the CPU's
mode by SZL W#16#0424, since the library's get_cpu_state sends a Read Var without items.
"""

from __future__ import annotations

import math
import struct
import time

from pace import attempt, choose, ticks
from snap7.client import Client
from snap7.server import Server
from snap7.type import Block, SrvArea

CAPPER = "10.20.1.12"
PLACES = (
    (1, b"Capper line 1"),
    (2, b"PLC-2 Capper"),
    (3, b"LINE1.CAP"),
    (4, b"Original Siemens Equipment"),
    (5, b"S C-H7SA12072019"),
    (7, b"CPU 315-2 PN/DP"),
)
RUN_MODE = 0x08
ORDERS = (
    (1, b"6ES7 315-2EH14-0AB0", (0, 5)),
    (6, b"6ES7 315-2EH14-0AB0", (0, 5)),
    (7, b"", (0x5603, 0x0207)),
)


class CapperServer(Server):
    """A server with the identity of a CPU 315-2 PN/DP."""

    def _get_szl_data(self, szl_id: int, szl_index: int) -> bytes | None:
        if szl_id == 0x001C:
            rows = [struct.pack(">H", index) + text.ljust(32, b"\0") for index, text in PLACES]
            return struct.pack(">HH", 34, len(rows)) + b"".join(rows)
        if szl_id == 0x0011:
            rows = [struct.pack(">H20sHHH", index, text.ljust(20), 0, *version) for index, text, version in ORDERS]
            return struct.pack(">HH", 28, len(rows)) + b"".join(rows)
        if szl_id == 0x0232:
            row = struct.pack(">HHHHHH", 4, 1, 0, 1, 2, 0)  # no password; key switch at RUN-P
            return struct.pack(">HH", 40, 1) + row.ljust(40, b"\0")
        if szl_id == 0x0424:
            row = struct.pack(">HBB4s4s", 0x5108, 0xFF, RUN_MODE, b"", bytes((3, 0, 0, 3)))
            return struct.pack(">HH", 20, 1) + row + bytes.fromhex("2611230600000002")
        answer: bytes | None = super()._get_szl_data(szl_id, szl_index)
        return answer


def server(seconds: float) -> None:
    """PLC-2: DB1 holds torque, closed caps and rejects; DB10 the recipe."""
    plc = CapperServer(log=False)
    torque, recipe, flags = bytearray(256), bytearray(512), bytearray(64)
    recipe[:] = bytes(range(256)) * 2
    plc.register_area(SrvArea.DB, 1, torque)
    plc.register_area(SrvArea.DB, 10, recipe)
    plc.register_area(SrvArea.MK, 0, flags)
    plc.register_area(SrvArea.PE, 0, bytearray(64))
    plc.start(tcp_port=102)
    plc.set_cpu_status(8)
    for count in ticks(seconds, 0.5):
        struct.pack_into(">fIH", torque, 0, 1.8 + 0.1 * math.sin(count / 5), 48_000 + 2 * count, count // 40)
    plc.stop()


def _write_speed(plc: Client, count: int) -> None:
    plc.db_write(1, 20, bytearray(struct.pack(">f", 12.0 + count % 3)))


def hmi(seconds: float) -> None:
    """The panel reads a data block and flags all the time, and writes a set-point now and then."""
    plc = Client()
    plc.connect(CAPPER, 0, 2)
    for count in ticks(seconds, 0.4):
        attempt(plc.db_read, 1, 0, 40)
        attempt(plc.mb_read, 0, 8)
        if count % 12 == 4:
            attempt(_write_speed, plc, count)
        if count % 10 == 1:
            attempt(plc.read_szl, 0x0424, 0)
    plc.disconnect()


def engineering(seconds: float) -> None:
    """Goes online as a programming tool does: identity, state, block lists, then an upload."""
    time.sleep(seconds * 0.3)
    plc = Client()
    plc.connect(CAPPER, 0, 2)
    attempt(plc.get_order_code)
    attempt(plc.get_cpu_info)
    attempt(plc.read_szl, 0x0232, 4)
    attempt(plc.read_szl, 0x0424, 0)
    attempt(plc.list_blocks)
    attempt(plc.list_blocks_of_type, Block.DB, 10)
    attempt(plc.get_block_info, Block.DB, 10)
    attempt(plc.upload, 10)
    attempt(plc.full_upload, Block.DB, 1)
    attempt(plc.get_plc_datetime)
    attempt(plc.db_read, 99, 0, 4)
    plc.disconnect()


if __name__ == "__main__":
    choose({"server": server, "hmi": hmi, "engineering": engineering})
