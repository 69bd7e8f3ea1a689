"""UMAS in function 0x5A of Modbus: what is asked of a Modicon controller, and the project on its way."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest

from tests.protocols.harness import Rows, tell

READ_ID = bytes.fromhex("10ff 5a010100 0000 7002 0000 2700 0900 08000000 0000 0e") + b"140 CPU 311 10" + bytes(19)
TIME = bytes.fromhex("0c3b0c0e01de07")
PROJECT = (
    bytes.fromhex("02 0500009888010000 02 0500009888010000 02") + TIME + b"\2" + TIME + b"\x08\0\0\0" + b"\x08Project\0"
)


def umas(code: int, data: bytes = b"", tid: int = 1, key: int = 0, signed: bool = False) -> bytes:
    """A UMAS message; an answer has 0xFE or 0xFD as its code."""
    message = bytes([0x5A, key, code]) + data
    if signed:
        message = bytes([0x5A, key, 0x38, 1]) + bytes(range(32)) + message
    return struct.pack(">HHHB", tid, 0, len(message) + 1, 0) + message


def said(*messages: bytes) -> Rows:
    """Requests and answers in turns."""
    return tell([("cs"[i % 2], m) for i, m in enumerate(messages)], port=502)


def block(number: int, data: bytes) -> bytes:
    return struct.pack("<BBHH", 0, 1, number, len(data)) + data


def told(last: bool, data: bytes) -> bytes:
    return struct.pack("<BBH", last, 0, len(data)) + data


@pytest.mark.parametrize(("code", "name", "verb"), [
    (0x01, "umas_init_comm", "diagnose"), (0x10, "umas_take_reservation", "authenticate"),
    (0x22, "umas_read_variables", "read"), (0x23, "umas_write_variables", "write"),
    (0x29, "umas_write_physical_address", "write"), (0x30, "umas_initialize_upload", "program_download"),
    (0x33, "umas_initialize_download", "program_upload"), (0x40, "umas_start_plc", "start"),
    (0x41, "umas_stop_plc", "stop"), (0x42, "umas_init_plc", "restart"), (0x60, "umas_set_breakpoint", "set_mode"),
])  # fmt: skip
def test_codes_have_names_and_verbs(code: int, name: str, verb: str) -> None:
    rows = said(umas(code, bytes(8)), umas(0xFE))
    (row,) = rows["modbus"]
    assert (row["func"], row["function"], row["umas_code"], row["umas_reply"]) == (90, name, code, 254)
    (command,) = rows["command"]
    assert (command["function"], command["verb"], command["result"]) == (name, verb, "ok")
    assert rows["conn"][0]["service"] == "modbus"


def test_an_unknown_code_is_counted_among_what_may_change_something() -> None:
    (command,) = said(umas(0x9A), umas(0xFE))["command"]
    assert (command["verb"], command["target"]) == ("configure", "umas")


def test_a_refusal_and_an_exception_are_no_success() -> None:
    (refused,) = said(umas(0x41, b"\xff\0"), umas(0xFD, bytes.fromhex("8183")))["command"]
    assert (refused["verb"], refused["errors"], refused["result"]) == ("stop", 1, "umas_refused")
    rows = said(umas(0x41, b"\xff\0"), bytes.fromhex("0001 0000 0003 00 da 01"))
    assert rows["command"][0]["result"] == "illegal_function"
    assert (rows["modbus"][0]["exception"], rows["modbus"][0]["function"]) == (1, "umas_stop_plc")
    assert said(umas(0x41), umas(0xFD))["modbus"][0]["exception"] is None


def test_who_reserves_the_controller_is_known_by_name() -> None:
    rows = said(umas(0x10, bytes.fromhex("434c0000 0b") + b"ENG-STATION"), umas(0xFE, b"\x3f"))
    (who,) = rows["identity"]
    assert (who["address"], who["name"], who["protocol"]) == ("10.0.0.1", "ENG-STATION", "umas")
    assert rows["command"][0]["target"] == "reservation ENG-STATION"
    assert rows["modbus"][0]["umas_owner"] == "ENG-STATION"


def test_read_id_tells_model_firmware_and_hardware() -> None:
    (who,) = said(umas(2), umas(0xFE, READ_ID))["identity"]
    assert (who["address"], who["vendor"], who["model"]) == ("10.0.0.2", "Schneider Electric", "140 CPU 311 10")
    assert (who["firmware"], who["hardware"], who["role"]) == ("2.70", "9", "controller")


def test_project_info_tells_name_and_revision() -> None:
    (who,) = said(umas(3, b"\0"), umas(0xFE, PROJECT))["identity"]
    assert who["description"] == "project Project 0.0.8"
    assert not said(umas(3, b"\4"), umas(0xFE, bytes(100)))["identity"]


def test_memory_is_read_by_block_and_offset() -> None:
    rows = said(umas(0x20, struct.pack("<BHHHH", 0, 19, 100, 0, 156)), umas(0xFE, bytes(159)))
    (command,) = rows["command"]
    assert (command["verb"], command["target"]) == ("read", "block19 100-255")
    assert rows["modbus"][0]["umas_block"] == 19


def test_variables_are_written_to_a_block() -> None:
    one = struct.pack("<IBBHHHH", 0xDEADBEEF, 1, 2, 43, 0, 12, 77)
    (command,) = said(umas(0x23, one, key=0x3F), umas(0xFE, key=0x3F))["command"]
    assert (command["verb"], command["target"], command["result"]) == ("write", "block43", "ok")


@pytest.mark.parametrize("signed", [False, True], ids=["open", "signed"])
@pytest.mark.parametrize("cut", [0, 100])
def test_a_project_into_the_controller_is_a_transfer_when_it_ends(signed: bool, cut: int) -> None:
    data = bytes(range(256)) * 5
    blocks = [umas(0x31, block(n, data[(n - 1) * 1000 : n * 1000]), n, 5, signed) for n in (1, 2)]
    rows = tell([
        ("c", umas(0x30, b"\0\1", 90, 5, signed)), ("s", umas(0xFE, b"", 90, 5, signed)),
        ("c", blocks[0]), ("s", umas(0xFE, b"", 1, 5, signed)),
        ("c", blocks[1]), ("s", umas(0xFE, b"", 2, 5, signed)),
        ("c", umas(0x32, b"\0\1\2\0", 91, 5, signed)), ("s", umas(0xFE, b"", 91, 5, signed)),
    ], port=502, cut=cut)  # fmt: skip
    (moved,) = rows["transfer"]
    assert (moved["direction"], moved["kind"], moved["bytes"]) == ("download", "program", len(data))
    assert moved["sha256"] == sha256(data).hexdigest()
    assert [c["verb"] for c in rows["command"]] == ["program_download"] * 4
    assert {(r["umas_signed"], r["umas_reply"]) for r in rows["modbus"]} == {(signed or None, 254)}
    assert not rows["weird"]


def test_a_project_out_of_the_controller_ends_with_its_last_block() -> None:
    first, second = b"APX" + bytes(200), b"end"
    rows = said(umas(0x33, b"\0\1\xfb\0"), umas(0xFE), umas(0x34, b"\0\1\1\0", 2), umas(0xFE, told(False, first), 2),
                umas(0x34, b"\0\1\2\0", 3), umas(0xFE, told(True, second), 3))  # fmt: skip
    (moved,) = rows["transfer"]
    assert (moved["direction"], moved["bytes"]) == ("upload", 206)
    assert moved["sha256"] == sha256(first + second).hexdigest()
    assert [r["umas_block"] for r in rows["modbus"]] == [None, 1, 2]


def test_a_project_that_lacks_its_beginning_is_no_transfer() -> None:
    rows = said(umas(0x34, b"\0\1\2\0", 3), umas(0xFE, told(True, b"end"), 3))
    assert rows["transfer"] == []
    assert len(rows["modbus"]) == 1


def test_an_answer_alone_tells_the_function_of_modbus() -> None:
    (row,) = tell([("s", umas(0xFE))], port=502)["modbus"]
    assert (row["function"], row["umas_reply"], row["umas_code"]) == ("unity_schneider", 254, None)


def test_other_functions_of_modbus_are_not_longer_than_the_rules_allow() -> None:
    long = struct.pack(">HHHBB", 1, 0, 702, 1, 99) + bytes(700)
    assert tell([("c", long)], port=502)["modbus"] == []
    assert len(tell([("c", umas(0x0A, bytes(700)))], port=502)["modbus"]) == 1
