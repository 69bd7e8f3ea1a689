"""Small parts: board, clock, capture file, DCP, the recorder's choice of frames, what replays values."""

import struct
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from linewarden.exercises.attacks.middle import Replay, with_checksum
from linewarden.exercises.board import Board
from linewarden.exercises.clock import PlantClock
from linewarden.exercises.devices import _dcp
from linewarden.exercises.devices.capper import is_released, program
from linewarden.exercises.pcapng import Writer, frames
from linewarden.exercises.physics import Controls, Plant, advance
from linewarden.exercises.recorder import Mirror
from linewarden.wire.captures import find_captures


def test_the_board_shows_the_machine_and_takes_demands(tmp_path: Path) -> None:
    board = Board.make(tmp_path / "board", Plant(), Controls())
    other = Board(tmp_path / "board")
    machine = advance(Plant(), Controls(), 5, 1)
    board.put_plant(machine)
    other.set("control.fill_ml", 330)
    assert other.plant() == machine
    assert board.controls() == Controls(fill_ml=330)
    with pytest.raises(KeyError):
        board.get("plant.nothing")


def test_plant_time_runs_faster_only_from_its_start_and_keeps_nanoseconds() -> None:
    start = 1_795_664_606_249_360_899
    clock = PlantClock(start, 60)
    assert clock.plant_ns(start - 5) == start - 5
    assert clock.plant_ns(start + 1) == start + 60
    assert PlantClock(start, 0.5).plant_ns(start + 1_000) == start + 500


def test_a_capture_is_read_back_and_tells_its_scale(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    said = [(1_795_664_606_249_360_899, bytes(60)), (1_795_664_606_249_360_901, bytes(range(61)))]
    with path.open("wb") as out:
        writer = Writer(out, "scale=60", "linewarden exercise")
        for stamp, frame in said:
            writer.write(stamp, frame)
    assert list(frames(path)) == said
    assert b"scale=60" in path.read_bytes()[:200]
    assert find_captures([str(path)])


def test_dcp_is_understood_by_its_own_reader() -> None:
    station = _dcp.Station("io-capper", "AXL F BK PN", 0xB0, 0x142, _dcp.IO_DEVICE, "10.30.1.32", "10.30.1.1")
    body = _dcp.describe(station)
    assert _dcp.name_in(body, 2) == "io-capper"
    assert dict(_dcp.blocks(body))[_dcp.IP][2:6] == IPv4Address("10.30.1.32").packed
    assert _dcp.matches(station, _dcp.block(_dcp.NAME, b"io-capper"))
    assert _dcp.matches(station, _dcp.block(_dcp.ALL, b""))
    assert not _dcp.matches(station, _dcp.block(_dcp.NAME, b"other"))


def test_only_a_program_near_the_set_point_is_released() -> None:
    assert is_released(program(1))
    assert is_released(program(2))
    assert not is_released(program(1, 0.6))
    assert not is_released(bytes(300))


def ip_frame(source: str, target: str) -> bytes:
    return bytes(12) + b"\x08\x00" + bytes(12) + IPv4Address(source).packed + IPv4Address(target).packed + bytes(30)


def test_what_the_firewall_forwards_between_mirrored_zones_is_taken_once() -> None:
    mirror = Mirror([IPv4Network("10.30.1.0/24"), IPv4Network("10.30.3.0/24")], frozenset({IPv4Address("10.30.1.1")}))
    crossing, outside = ip_frame("10.30.3.10", "10.30.1.11"), ip_frame("10.30.50.31", "10.30.3.15")
    assert mirror.wanted(crossing, "p3")
    assert not mirror.wanted(crossing, "r0")
    assert mirror.wanted(outside, "r2")
    assert mirror.wanted(ip_frame("10.30.1.1", "10.30.1.11"), "r0")
    assert not mirror.wanted(outside, "o3")


def modbus_answer(registers: list[int], function: int = 4, sport: int = 502) -> bytes:
    data = struct.pack(f">{len(registers)}H", *registers)
    adu = struct.pack(">HHHBBB", 7, 0, len(data) + 3, 1, function, len(data)) + data
    tcp = struct.pack(">HHIIBBHHH", sport, 40_000, 1, 1, 0x50, 0x18, 512, 0, 0) + adu
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0)
    frame = bytes(12) + b"\x08\x00" + ip + IPv4Address("10.30.1.11").packed + IPv4Address("10.30.1.21").packed + tcp
    return with_checksum(frame, 34, len(frame))


def checksum_holds(frame: bytes) -> bool:
    segment = frame[34:]
    padded = frame[26:34] + struct.pack(">BBH", 0, 6, len(segment)) + segment + b"\0" * (len(segment) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def test_remembered_values_are_replayed_with_a_right_checksum() -> None:
    replay = Replay()
    old, new = modbus_answer([900, 500]), modbus_answer([400, 450])
    assert replay.answer(old) == old
    replay.replaying = True
    shown = replay.answer(new)
    assert shown[34 + 20 :] == old[34 + 20 :]
    assert checksum_holds(shown)
    assert replay.replaced == 1


def test_what_the_relay_does_not_know_passes_unchanged() -> None:
    replay = Replay()
    replay.answer(modbus_answer([1, 2]))
    replay.replaying = True
    for frame in (modbus_answer([3], function=6), modbus_answer([3, 4, 5]), modbus_answer([3, 4], sport=102)):
        assert replay.answer(frame) == frame
    assert not replay.replaced
