"""Detections that need a plant's usual traffic before: a line's polling as frames, and then one thing more."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.packets.frames import Wire
from tests.packets.site import Said, grave, of, told

SCADA, STRANGER = "10.77.2.5", "10.77.2.66"
PLCS = ("10.77.1.1", "10.77.1.2", "10.77.1.3")
USUAL_S = 2400.0
"""So long the line only does what it always does."""
Act = Callable[[Wire], None]


def modbus(tid: int, unit: int, function: int, *data: int) -> bytes:
    """A Modbus message; data are words."""
    body = bytes([unit, function]) + b"".join(struct.pack("!H", d & 0xFFFF) for d in data)
    return struct.pack("!HHH", tid & 0xFFFF, 0, len(body)) + body


def read(tid: int, start: int, values: list[int], unit: int = 1) -> tuple[bytes, bytes]:
    """A read of holding registers, and its answer."""
    body = bytes([unit, 3, 2 * len(values)]) + b"".join(struct.pack("!H", v) for v in values)
    return modbus(tid, unit, 3, start, len(values)), struct.pack("!HHH", tid & 0xFFFF, 0, len(body)) + body


def write(tid: int, register: int, value: int, unit: int = 1) -> tuple[bytes, bytes]:
    """A write of one register, and its echo."""
    message = modbus(tid, unit, 6, register, value)
    return message, message


def refused(tid: int, function: int, code: int, unit: int = 1) -> tuple[bytes, bytes]:
    """A request that the server turns away."""
    return modbus(tid, unit, function, 0, 1), struct.pack("!HHHBBB", tid & 0xFFFF, 0, 3, unit, function | 0x80, code)


def usual(wire: Wire, until: float = USUAL_S) -> None:
    """A SCADA server that reads three controllers each 4 s, and moves one set-point each 40 s."""
    dice = random.Random(7)
    for plc in PLCS:
        line, level = wire.tcp(SCADA, plc, 502), 500
        for n in range(int(until / 4)):
            level = max(200, min(800, level + dice.randint(-9, 9)))
            line.ask(1 + 4 * n, *read(n, 100, [level, dice.randint(0, 50)]))
            if plc == PLCS[0] and n % 10 == 9:
                line.ask(2 + 4 * n, *write(n, 20, 100 + n // 10 % 5))


@pytest.fixture
def shift(tmp_path: Path, capsys: Said) -> Callable[[Act], list[dict[str, Any]]]:
    """The notices of the usual traffic with what somebody did after it."""

    def play(act: Act) -> list[dict[str, Any]]:
        wire = Wire()
        usual(wire)
        act(wire)
        return told(capsys, wire.write(tmp_path / "shift.pcap"))

    return play


def jump(wire: Wire) -> None:
    wire.tcp(SCADA, PLCS[0], 502, USUAL_S).ask(USUAL_S + 1, *write(1, 20, 900))


def second_master(wire: Wire) -> None:
    line = wire.tcp(STRANGER, PLCS[0], 502, USUAL_S)
    for n in range(3):
        line.ask(USUAL_S + 1 + n, *write(n, 20, 102))


def first_order(wire: Wire) -> None:
    wire.tcp(SCADA, PLCS[1], 502, USUAL_S).ask(USUAL_S + 1, *write(1, 30, 1))


def other_pace(wire: Wire) -> None:
    line = wire.tcp(SCADA, PLCS[2], 502, USUAL_S)
    for n in range(600):
        line.ask(USUAL_S + 1 + n * 0.2, *read(n, 100, [500 + n % 3, 7]))


def unheard_orders(wire: Wire) -> None:
    line = wire.tcp(SCADA, PLCS[0], 502, USUAL_S)
    for n in range(5):
        line.ask(USUAL_S + 1 + 20 * n, write(n, 20, 101)[0])


def units(wire: Wire) -> None:
    line = wire.tcp(STRANGER, PLCS[0], 502, USUAL_S)
    for unit in range(2, 14):
        line.ask(USUAL_S + unit, modbus(unit, unit, 3, 0, 1))


def functions(wire: Wire) -> None:
    line = wire.tcp(STRANGER, PLCS[0], 502, USUAL_S)
    for n, function in enumerate((1, 2, 4, 7, 11, 12, 17, 24)):
        line.ask(USUAL_S + 1 + n, *refused(n, function, 1))


def addresses(wire: Wire) -> None:
    line = wire.tcp(STRANGER, PLCS[0], 502, USUAL_S)
    for n in range(14):
        message = struct.pack("!HHHBBB", n, 0, 3, 1, 0x83, 2)
        line.ask(USUAL_S + 1 + n, modbus(n, 1, 3, 1000 * n, 1), message)


def whole_image(wire: Wire) -> None:
    line = wire.tcp(STRANGER, PLCS[0], 502, USUAL_S)
    for n, function in enumerate((1, 2)):
        body = bytes([1, function, 16]) + bytes(16)
        line.ask(USUAL_S + 1 + n, modbus(n, 1, function, 0, 128), struct.pack("!HHH", n, 0, len(body)) + body)


def broken(wire: Wire) -> None:
    """First as a client does, so that it is known what they speak."""
    line = wire.tcp(STRANGER, PLCS[0], 502, USUAL_S)
    for n in range(3):
        line.ask(USUAL_S + 0.1 + 0.1 * n, *read(n, 100, [1, 2]))
    for n in range(60):
        body = bytes([1, (3, 16, 5)[n % 3], *range(n % 4)])  # shorter than any such request
        line.ask(USUAL_S + 1 + 0.2 * n, struct.pack("!HHH", n, 0, len(body)) + body)


def flood(wire: Wire) -> None:
    for n in range(500):
        head = struct.pack("!HHIIBBHHH", 20_000 + n, 502, n, 0, 5 << 4, 2, 1024, 0, 0)
        wire.ip(USUAL_S + 0.01 * n, STRANGER, PLCS[0], 6, head)


def search(wire: Wire) -> None:
    """ListIdentity (CIP vol. 2, 2-4.2), Who-Is (ASHRAE 135, 16.10), Identify of DCP (IEC 61158-6-10, 4.3)."""
    everybody = "10.77.255.255"
    wire.udp(USUAL_S + 1, STRANGER, everybody, 44_818, b"\x63" + bytes(23), 50_001)
    wire.udp(USUAL_S + 2, STRANGER, everybody, 47_808, bytes.fromhex("810b000c0120ffff00ff1008"))
    identify = bytes.fromhex("fefe0500 00000001 00010004 ffff0000")
    wire.frame(USUAL_S + 3, bytes.fromhex("010ecf000000") + b"\x02\0\x0a\x4d\x02\x42" + b"\x88\x92" + identify)


def replay(wire: Wire) -> None:
    """Readings of the past again, with a clock of their own."""
    dice, line = random.Random(3), wire.tcp(SCADA, PLCS[1], 502, USUAL_S)
    past = [dice.randint(0, 9999) for _ in range(300)]
    for n, value in enumerate([*past, *past[100:280]]):
        line.ask(USUAL_S + 1 + n, *read(n, 300, [value, (value * 7) % 1000]))


def new_setting(wire: Wire) -> None:
    wire.tcp(SCADA, PLCS[0], 502, USUAL_S).ask(USUAL_S + 1, *write(1, 4000, 1))


def from_outside(wire: Wire) -> None:
    wire.tcp("198.51.100.7", PLCS[0], 502, USUAL_S).ask(USUAL_S + 1, *write(1, 20, 102))


def login(wire: Wire) -> None:
    """FTP at a controller (RFC 959)."""
    line = wire.tcp(STRANGER, PLCS[0], 21, USUAL_S)
    line.segment(USUAL_S + 1, False, 24, b"220 plc\r\n")
    line.ask(USUAL_S + 2, b"USER service\r\n", b"331 password?\r\n")
    line.ask(USUAL_S + 3, b"PASS Kaskade-41\r\n", b"230 in\r\n")


def to_all(wire: Wire) -> None:
    """A single command (type 45) to the station address of all (IEC 60870-5-104, 5 and 7.2.4)."""
    line = wire.tcp(STRANGER, "10.77.1.9", 2404, USUAL_S)
    line.ask(USUAL_S + 1, bytes.fromhex("680407000000"), bytes.fromhex("68040b000000"))
    line.ask(USUAL_S + 2, bytes.fromhex("680e00000000 2d010600 ffff 010000 01"))


def two_of_one_name(wire: Wire) -> None:
    """Answers to Identify with a station's name (IEC 61158-6-10, 4.3)."""
    name = b"\x02\x02" + struct.pack("!H", 9) + b"\0\0pump-io" + b"\0"
    for n, source in enumerate((b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x66")):
        answer = struct.pack("!HBBIHH", 0xFEFF, 5, 1, 1, 0, len(name)) + name
        wire.frame(USUAL_S + 1 + n, b"\x02\0\0\0\0\x09" + source + b"\x88\x92" + answer)


@pytest.mark.parametrize(("act", "notes"), [
    (jump, ["setpoint_jump", "value_out_of_range"]), (second_master, ["second_master_learned", "two_writers"]),
    (first_order, ["new_verb"]), (other_pace, ["rhythm_changed"]), (unheard_orders, ["commands_unanswered"]),
    (units, ["unit_id_sweep"]), (functions, ["requests_refused"]), (addresses, ["requests_refused"]),
    (whole_image, ["io_image_read"]), (broken, ["protocol_anomalies"]), (flood, ["traffic_flood"]),
    (search, ["discovery_burst"]), (replay, ["values_repeated"]),
    (new_setting, ["new_target"]), (from_outside, ["write_by_wrong_role"]), (login, ["new_login"]),
    (to_all, ["command_to_all"]), (two_of_one_name, ["duplicate_name"]),
], ids=lambda v: getattr(v, "__name__", ""))  # fmt: skip
def test_one_thing_more_is_told(shift: Callable[[Act], list[dict[str, Any]]], act: Act, notes: list[str]) -> None:
    found = shift(act)
    assert all(of(found, note) for note in notes), [f"{n['severity']} {n['note']}: {n['msg']}" for n in found]


def test_the_usual_alone_is_quiet(shift: Callable[[Act], list[dict[str, Any]]]) -> None:
    found = shift(lambda wire: None)
    assert grave(found) == [] and [n for n in found if n["severity"] == "medium"] == []
