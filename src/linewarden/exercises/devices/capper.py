"""PLC-2, the capper's controller: S7comm with python-snap7, PROFINET DCP with our own responder.

The library's own identity answers name its simulator and, for W#16#001C, lack the part-list header, so this server
answers SZL W#16#0011, W#16#001C, W#16#0232 and W#16#0424 as Siemens' reference manual "System Software for S7-300/400
System and Standard Functions", volume 2, lays them out. The library takes downloads of data blocks only: DB10 holds the
constants of the capping program, and what is downloaded there is what the machine then does.
"""

from __future__ import annotations

import statistics
import struct
import threading
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices import _dcp
from linewarden.exercises.line import Device, gateway
from linewarden.exercises.pace import attempt, say, ticks

S7_PORT = 102
PROCESS_DB, PROGRAM_DB, TORQUE_AT = 1, 10, 20
RUN_MODE, STOP_MODE = 0x08, 0x03
PROGRAM_HEAD = b"CAP-PROG"
POINTS = 60


def program(version: int, factor: float = 1.0) -> bytes:
    """The capping program's constants: head, version, then the torque curve as shares of the set-point."""
    curve = [factor * (1.0 + 0.002 * ((point * 7) % 5 - 2)) for point in range(POINTS)]
    return PROGRAM_HEAD + struct.pack(">HH", version, POINTS) + struct.pack(f">{POINTS}f", *curve)


def is_released(block: bytes) -> bool:
    """Whether a program turns caps as it should: its curve stays near the set-point."""
    if not block.startswith(PROGRAM_HEAD):
        return False
    curve = struct.unpack_from(f">{POINTS}f", block, len(PROGRAM_HEAD) + 4)
    return abs(statistics.fmean(curve) - 1.0) < 0.05


def _server(device: Device) -> Any:
    """A server with the identity of the device."""
    from snap7.server import Server

    order = device.extra["order"].encode()
    version = tuple(int(n) for n in device.firmware.strip("V").split("."))
    places = (
        (1, b"Capper line 1"), (2, device.name.encode()), (3, b"LINE1.CAP"), (4, b"Original Siemens Equipment"),
        (5, device.serial.encode()), (7, device.model.encode()),
    )  # fmt: skip
    orders = ((1, order, 0x5603, 1), (6, order, 0x5603, 1), (7, b"", 0x5600 | version[0], version[1] << 8 | version[2]))

    class CapperServer(Server):  # type: ignore[misc]
        """Answers the system status lists that name the CPU."""

        mode = RUN_MODE

        def _get_szl_data(self, szl_id: int, szl_index: int) -> bytes | None:
            if szl_id == 0x001C:
                rows = [struct.pack(">H", index) + text.ljust(32, b"\0") for index, text in places]
                return struct.pack(">HH", 34, len(rows)) + b"".join(rows)
            if szl_id == 0x0011:
                rows = [struct.pack(">H20sHHH", index, text.ljust(20), 0, *said) for index, text, *said in orders]
                return struct.pack(">HH", 28, len(rows)) + b"".join(rows)
            if szl_id == 0x0232:
                row = struct.pack(">HHHHHH", 4, 1, 0, 1, 2, 0)  # no password; key switch at RUN-P
                return struct.pack(">HH", 40, 1) + row.ljust(40, b"\0")
            if szl_id == 0x0424:
                row = struct.pack(">HBB4s4s", 0x5108, 0xFF, self.mode, b"", bytes((3, 0, 0, 3)))
                return struct.pack(">HH", 20, 1) + row + bytes.fromhex("2611230600000002")
            answer: bytes | None = super()._get_szl_data(szl_id, szl_index)
            return answer

    return CapperServer(log=False)


def _profinet(ctx: Context) -> None:
    """Answers DCP, and looks for its I/O device by name, as controllers do at start and after a loss."""
    station = _dcp.Station(ctx.name, "S7-300", 0x002A, 0x0101, _dcp.CONTROLLER, ctx.own, gateway(ctx.device.zone))
    answering, asking = _dcp.Wire(), _dcp.Wire()
    threading.Thread(target=_dcp.respond, args=(answering, station), daemon=True).start()
    known = b""
    for count in ticks(6.0):
        found = _dcp.ask(asking, 0x1000 + count, "io-capper").get("io-capper", b"")
        if found != known:
            say(f"io-capper is now {found.hex(':') or 'gone'}, it was {known.hex(':') or 'unknown'}")
            known = found


def run(ctx: Context) -> None:
    """DB1: torque, caps, rejects, set-point; DB10: the program."""
    from snap7.server import CPUState
    from snap7.type import SrvArea

    plc = _server(ctx.device)
    process, constants = bytearray(64), bytearray(program(1))
    struct.pack_into(">f", process, TORQUE_AT, ctx.board.get("control.torque_nm"))
    plc.register_area(SrvArea.DB, PROCESS_DB, process)
    plc.register_area(SrvArea.DB, PROGRAM_DB, constants)
    plc.register_area(SrvArea.MK, 0, bytearray(64))
    plc.register_area(SrvArea.PE, 0, bytearray(64))
    plc.start_to(ctx.own, ctx.port(S7_PORT))
    plc.set_cpu_status(RUN_MODE)
    if ctx.isolated:
        threading.Thread(target=attempt, args=(_profinet, ctx), daemon=True).start()
    board = ctx.board
    for _ in ticks(0.2):
        running = plc.cpu_state == CPUState.RUN
        plc.mode = RUN_MODE if running else STOP_MODE
        board.set("control.capper_run", running)
        board.set("control.capper_program", 1.0 if is_released(bytes(constants)) else 2.0)
        board.set("control.torque_nm", struct.unpack_from(">f", process, TORQUE_AT)[0])
        measured = (board.get("plant.cap_torque_nm"), int(board.get("plant.caps")), int(board.get("plant.cap_rejects")))
        struct.pack_into(">fIH", process, 0, measured[0], measured[1], measured[2] & 0xFFFF)
