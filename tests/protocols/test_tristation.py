"""TriStation: what is asked of a safety controller, what it answers, and the programs on the way."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest

from tests.protocols.harness import Rows, tell

CONNECT = b"\x01\0\0\0\x01\xfc"
CONNECTED = b"\x02\0\0\0\x01\xb8"


def ts(number: int, seq: int, arguments: bytes = b"", answer: bool = False) -> bytes:
    """A command or an answer; the CRC is not looked at."""
    length = 10 + len(arguments)
    body = struct.pack("<BBBBHHH", answer, answer, number, seq, 0, 0, length) + arguments
    return struct.pack("<BBH", 5, 0, length) + body + b"\xaa\xbb"


def said(*messages: tuple[str, bytes]) -> Rows:
    return tell(messages, 1502, udp=True)


VERSION = struct.pack("<HHI10s", 4, 2, 1_521_186_298, b"BOILER\0\5")
STATUS = bytes([1, 0, 0, 0, 13, 0, 1, 3, 1]).ljust(58, b"\0") + VERSION
WORDS = bytes(range(20))


def part(number: int, offset: int, data: bytes, words: int) -> bytes:
    return struct.pack("<HHHHH", number, number + 1, words, offset, len(data) // 4) + data


def test_a_connect_and_its_reply_are_one_row() -> None:
    (row,) = said(("c", CONNECT), ("s", CONNECTED))["tristation"]
    assert (row["function"], row["type"], row["reply_type_name"]) == ("connect_request", 1, "connect_reply")


def test_status_tells_key_run_state_and_project() -> None:
    rows = said(("c", ts(19, 7)), ("s", ts(108, 7, STATUS, True)))
    (row,) = rows["tristation"]
    assert (row["function"], row["reply_name"], row["seq"]) == ("get_cp_status", "cp_status", 7)
    assert (row["key_state"], row["run_state"], row["project"]) == ("remote", "halted", "BOILER")
    assert (row["major"], row["minor"], row["built"]) == (2, 4, 1_521_186_298)
    (who,) = rows["identity"]
    assert (who["address"], who["role"], who["description"]) == ("10.0.0.2", "safety", "project BOILER 2.4")
    assert rows["command"][0]["verb"] == "diagnose"


@pytest.mark.parametrize(("number", "verb"), [
    (0, "program_download"), (1, "program_download"), (3, "program_upload"), (16, "write"), (20, "start"),
    (21, "stop"), (22, "set_mode"), (28, "read"), (40, "inhibit"), (80, "set_mode"), (9, "configure"),
])  # fmt: skip
def test_commands_have_verbs(number: int, verb: str) -> None:
    (command,) = said(("c", ts(number, 1)), ("s", ts(103, 1, answer=True)))["command"]
    assert (command["verb"], command["result"]) == (verb, "ok")


def test_a_refusal_says_why() -> None:
    rows = said(("c", ts(21, 9)), ("s", ts(100, 9, b"\xd4\0", True)))
    (row,) = rows["tristation"]
    assert row["reason_name"] == "key_setting_prohibits_this_operation"
    (command,) = rows["command"]
    assert (command["verb"], command["errors"]) == ("stop", 1)
    assert command["result"] == "key_setting_prohibits_this_operation"


def test_access_denied_is_the_result_of_a_connect() -> None:
    (row,) = said(("c", CONNECT), ("s", b"\x0a\0\0\0\0\0"))["tristation"]
    assert (row["function"], row["reply_type_name"]) == ("connect_request", "access_denied")


def test_a_downloaded_program_in_two_parts_is_one_transfer() -> None:
    first, second = part(3, 0, WORDS[:12], 5), part(3, 3, WORDS[12:], 5)
    rows = said(("c", ts(55, 1, first)), ("s", ts(153, 1, answer=True)),
                ("c", ts(55, 2, second)), ("s", ts(153, 2, answer=True)))  # fmt: skip
    (moved,) = rows["transfer"]
    assert (moved["direction"], moved["name"], moved["bytes"]) == ("download", "program 3", 20)
    assert moved["sha256"] == sha256(WORDS).hexdigest()
    assert [c["target"] for c in rows["command"]] == ["program 3", "program 3"]
    assert [(r["offset"], r["blocks"], r["reply_name"]) for r in rows["tristation"]] == [
        (0, 3, "program_allocated"), (3, 2, "program_allocated")]  # fmt: skip


def test_an_uploaded_function_is_a_transfer_from_the_controller() -> None:
    ask = struct.pack("<HIH", 80, 0, 0)
    rows = said(("c", ts(66, 1, ask)), ("s", ts(163, 1, part(80, 0, WORDS, 5), True)))
    (moved,) = rows["transfer"]
    assert (moved["direction"], moved["name"]) == ("upload", "function 80")
    assert rows["command"][0]["target"] == "function 80"


def test_a_part_that_lacks_its_beginning_is_no_transfer() -> None:
    rows = said(("c", ts(55, 1, part(3, 3, WORDS[12:], 5))), ("s", ts(153, 1, answer=True)))
    assert rows["transfer"] == []
    assert len(rows["tristation"]) == 1


def test_the_version_of_the_main_processor_is_an_identity() -> None:
    rows = said(("c", ts(13, 1)), ("s", ts(106, 1, b"\0\0\0\x0a\x03", True)))
    (who,) = rows["identity"]
    assert (who["address"], who["model"], who["firmware"]) == ("10.0.0.2", "Tricon 3008", "10.3")


def test_module_versions_are_an_identity() -> None:
    slots = struct.pack("<BBHHHH", 0, 0xFF, 255, 1, 2, 3).ljust(450, b"\0")
    rows = said(("c", ts(54, 1)), ("s", ts(151, 1, slots + b"740002" + b"001" + b"00001234", True)))
    (who,) = rows["identity"]
    assert (who["order_number"], who["hardware"], who["serial"]) == ("740002", "001", "00001234")
    assert who["firmware"] == "1.2.3"


def test_an_empty_chassis_is_nobody() -> None:
    rows = said(("c", ts(54, 1)), ("s", ts(151, 1, bytes(470), True)))
    assert rows["identity"] == []
    assert rows["weird"] == []


@pytest.mark.parametrize("datagram", [
    b"\x05\0\x0a\0" + bytes(11),
    b"\x05\0\x0a\0\x02\0\x13\0\0\0\0\0\x0a\0\0\0",
    b"\x0d\0\0\0\0\0",
    b"\x05\0\x0a\0\0\0\x13\0\0\0\0\0\x0b\0\0\0",
])  # fmt: skip
def test_other_traffic_on_its_port_is_not_taken_for_it(datagram: bytes) -> None:
    rows = said(("c", datagram))
    assert rows["conn"][0]["service"] is None
    assert rows["tristation"] == []
