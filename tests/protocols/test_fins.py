"""FINS: what is asked of an Omron controller over UDP and TCP, what it answers, and the programs on the way."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest

from linewarden.plant.vocabulary import protocol, spelled
from tests.protocols.harness import Rows, tell

CONTROLLER = b"CP1L-EL20DR-D\0\0\0    " + b" 01.00\0\0\0\0\00001.06".ljust(20, b"\0") + bytes(52)


def ask(command: int, text: bytes = b"", sid: int = 7, icf: int = 0x80) -> bytes:
    """A command from node 5 to node 1."""
    return bytes([icf, 0, 2, 0, 1, 0, 0, 5, 0, sid]) + struct.pack(">H", command) + text


def answer(command: int, text: bytes = b"", sid: int = 7, end: int = 0) -> bytes:
    return bytes([0xC0, 0, 2, 0, 5, 0, 0, 1, 0, sid]) + struct.pack(">HH", command, end) + text


def tcp(command: int, body: bytes = b"", error: int = 0) -> bytes:
    """A message of FINS/TCP."""
    return b"FINS" + struct.pack(">III", len(body) + 8, command, error) + body


def said(*messages: bytes) -> Rows:
    """Commands and answers in turns, over UDP."""
    return tell([("cs"[i % 2], m) for i, m in enumerate(messages)], 9600, udp=True)


def place(area: int, address: int, bit: int = 0, count: int | None = None) -> bytes:
    return struct.pack(">BHB", area, address, bit) + (b"" if count is None else struct.pack(">H", count))


def part(offset: int, data: bytes, last: bool, program: int = 3) -> bytes:
    return struct.pack(">HIH", program, offset, len(data) | last << 15) + data


def test_words_that_are_read_are_a_reading() -> None:
    rows = said(ask(0x0101, place(0x82, 100, 0, 3)), answer(0x0101, struct.pack(">HHH", 1, 500, 65_535)))
    (row,) = rows["fins"]
    assert (row["function"], row["area"], row["address"], row["quantity"]) == ("memory_area_read", "dm", 100, 3)
    assert (row["src_node"], row["dst_node"], row["sid"], row["icf"], row["gateway_count"]) == (5, 1, 7, 0x80, 2)
    assert (row["command"], row["reply"], row["end_code"], row["end_code_name"]) == (0x0101, 0x0101, 0, "ok")
    assert (row["bit"], row["resp_frame"]) == (None, 2)
    (reading,) = rows["reading"]
    assert (reading["source"], reading["area"], reading["start"]) == ("10.0.0.2", "dm", 100)
    assert reading["values"] == [1.0, 500.0, 65_535.0]
    assert rows["conn"][0]["service"] == "fins"


@pytest.mark.parametrize(("area", "data", "name", "start", "value"), [
    (0x31, b"\x01", "work.bit", 100 * 16 + 3, 1.0), (0x09, b"\x01", "timer_counter.flag", 100, 1.0),
    (0xB1, b"\0\x07", "work", 100, 7.0), (0xA2, b"\x01\0", "em2", 100, 256.0), (0xE1, b"\x01", "em11.bit", 1603, 1.0),
    (0xDC, b"\0\1\0\0", "index_register", 100, 65_536.0),
])  # fmt: skip
def test_each_area_has_its_size_and_its_way_to_count(
    area: int, data: bytes, name: str, start: int, value: float
) -> None:
    (reading,) = said(ask(0x0101, place(area, 100, 3, 1)), answer(0x0101, data))["reading"]
    assert (reading["area"], reading["start"], reading["values"]) == (name, start, [value])


def test_a_write_is_a_command_with_its_value_and_result() -> None:
    text = place(0xB2, 10, 0, 2) + struct.pack(">HH", 10, 258)
    (command,) = said(ask(0x0102, text), answer(0x0102))["command"]
    assert (command["verb"], command["target"], command["value"]) == ("write", "holding 10-11", "10,258")
    assert command["result"] == "ok"
    (bit,) = said(ask(0x0102, place(0x30, 2, 5, 1) + b"\1"), answer(0x0102))["command"]
    assert (bit["target"], bit["value"]) == ("cio.bit 37", "1")


def test_an_end_code_is_the_result_without_its_flags() -> None:
    refused = said(ask(0x0402), answer(0x0402, end=0x3001))
    assert (refused["command"][0]["errors"], refused["command"][0]["result"]) == (1, "no_access_right")
    flagged = said(ask(0x0402), answer(0x0402, end=0x0040))
    assert (flagged["command"][0]["errors"], flagged["command"][0]["result"]) == (0, "ok")
    assert (flagged["fins"][0]["end_code"], flagged["fins"][0]["end_code_name"]) == (0x40, "ok")
    relayed = said(ask(0x0402), answer(0x0402, end=0x8205))
    assert relayed["command"][0]["result"] == "response_timeout"


@pytest.mark.parametrize(("command", "text", "verb", "target"), [
    (0x0103, place(0x82, 1, 0, 4) + b"\0\0", "write", "dm 1-4"),
    (0x0105, place(0x82, 1) + place(0xB0, 9, 0, 2), "write", "cio 9-10"),
    (0x0202, struct.pack(">HHH", 0x8010, 0, 0x8001) + b"\0\0", "configure", "plc_setup 0"),
    (0x0305, struct.pack(">HBII", 0, 0, 0, 0), "configure", "program_protection"),
    (0x0308, b"\0\0\0", "program_download", "program 0"),
    (0x0401, b"\0\0\x04", "start", None), (0x0402, b"", "stop", None), (0x0403, b"", "restart", None),
    (0x0501, b"\0", "diagnose", None), (0x0702, bytes(7), "configure", "clock"),
    (0x0920, b"\x40\xff", "acknowledge", "messages"), (0x0920, b"\0\xff", "diagnose", "messages"),
    (0x0C02, b"\0\0", "authenticate", "access_right"), (0x2101, b"\xff\xfe", "acknowledge", "errors"),
    (0x2103, b"", "configure", "error_log"), (0x2202, b"\0\0filename.exe\0\0\0\0\0\x20", "read", "file filename.exe"),
    (0x2205, b"\0\0\0\x01filename.one", "write", "file filename.one"),
    (0x220C, struct.pack(">HHIIH", 1, 0, 0, 9, 0) + b"PROGRAM .OBJ", "program_download", "program PROGRAM .OBJ"),
    (0x2302, b"", "force", "release_all"),
])  # fmt: skip
def test_commands_have_verbs_and_targets(command: int, text: bytes, verb: str, target: str | None) -> None:
    rows = said(ask(command, text), answer(command))
    (told,) = rows["command"]
    assert (told["verb"], told["target"], told["result"]) == (verb, target, "ok")
    assert not rows["weird"]


def test_a_command_that_wants_no_answer_is_told_at_once() -> None:
    rows = tell([("c", ask(0x0401, b"\0\0\x02", icf=0x81))], 9600, udp=True)
    assert (rows["fins"][0]["mode"], rows["fins"][0]["icf"]) == ("monitor", 0x81)
    assert (rows["command"][0]["verb"], rows["command"][0]["result"]) == ("start", None)


def test_several_places_have_a_row_each() -> None:
    rows = said(ask(0x0104, place(0x82, 5) + place(0x30, 1, 2)), answer(0x0104, b"\x82\0\x09\x30\x01"))
    assert [(r["item"], r["area"], r["address"], r["bit"]) for r in rows["fins"]] == [
        (0, "dm", 5, None), (1, "cio.bit", 1, 2)]  # fmt: skip
    assert [r["command"] for r in rows["fins"]] == [0x0104, None]
    assert [r["reply"] for r in rows["fins"]] == [0x0104, None]
    assert [(r["area"], r["start"], r["values"]) for r in rows["reading"]] == [("dm", 5, [9.0]), ("cio.bit", 18, [1.0])]


def test_an_area_of_unknown_size_ends_the_answer_without_a_fuss() -> None:
    rows = said(ask(0x0104, place(0xFF, 5) + place(0x82, 1)), answer(0x0104, b"\xff\0\x09\x82\0\1"))
    assert rows["reading"] == []
    assert rows["weird"] == []


def test_forced_bits_are_commands_of_their_own() -> None:
    bits = struct.pack(">HH", 2, 1) + place(0x30, 1, 2) + struct.pack(">H", 0x8000) + place(0x31, 0, 4)
    rows = said(ask(0x2301, bits), answer(0x2301))
    assert [(c["verb"], c["target"], c["value"], c["result"]) for c in rows["command"]] == [
        ("force", "cio.bit 18", "1", "ok"), ("force", "work.bit 4", "0", "ok")]  # fmt: skip
    assert [r["force"] for r in rows["fins"]] == ["force_set", "release_and_reset"]


def test_controller_data_is_an_identity() -> None:
    (who,) = said(ask(0x0501, b"\0"), answer(0x0501, CONTROLLER))["identity"]
    assert (who["address"], who["vendor"], who["model"]) == ("10.0.0.2", "Omron", "CP1L-EL20DR-D")
    assert (who["firmware"], who["role"], who["protocol"]) == ("01.00", "controller", "fins")


def test_status_tells_mode_state_and_errors() -> None:
    text = struct.pack(">BBHHHH", 1, 4, 0x8000, 0x0010, 0, 0x80F1) + b"MEMORY ERROR    "
    rows = said(ask(0x0601), answer(0x0601, text))
    (row,) = rows["fins"]
    assert rows["command"][0]["verb"] == "diagnose"
    assert (row["state"], row["mode"], row["fatal_errors"], row["error"]) == ("run", "run", "0x8000", 0x80F1)
    assert row["message"].strip() == "MEMORY ERROR"


@pytest.mark.parametrize("way", ["download", "upload"])
def test_a_program_in_two_parts_is_one_transfer(way: str) -> None:
    data = bytes(range(200)) * 2
    parts = [part(0, data[:250], False), part(250, data[250:], True)]
    talk: list[bytes] = []
    for n, piece in enumerate(parts):
        asked = piece if way == "download" else piece[:8]
        command = 0x0307 if way == "download" else 0x0306
        told = piece[:8] if way == "download" else piece
        talk += [ask(command, asked, sid=n), answer(command, told, sid=n)]
    rows = said(*talk)
    (moved,) = rows["transfer"]
    assert (moved["direction"], moved["name"], moved["bytes"]) == (way, "program 3", len(data))
    assert moved["sha256"] == sha256(data).hexdigest()
    assert [(c["verb"], c["target"]) for c in rows["command"]] == [(f"program_{way}", "program 3")] * 2
    assert [r["offset"] for r in rows["fins"]] == [0, 250]
    assert rows["weird"] == []


TALK = [
    ("c", tcp(0, bytes(4))), ("s", tcp(1, struct.pack(">II", 0xFB, 0xC8))),
    ("c", tcp(2, ask(0x0501, b"\0"))), ("s", tcp(2, answer(0x0501, CONTROLLER))),
    ("c", tcp(2, ask(0x0102, place(0x82, 9, 0, 1) + b"\0\x2a", 8))), ("s", tcp(2, answer(0x0102, b"", 8))),
]  # fmt: skip

MEMORY = [
    *TALK[:2], ("c", tcp(2, ask(0x0101, place(0x82, 9, 0, 2)))), ("s", tcp(2, answer(0x0101, b"\0\x2a\0\x2b"))),
    *TALK[4:],
]  # fmt: skip
"""Nothing that is told once an hour only."""


@pytest.mark.parametrize("cut", [0, 1, 5, 16, 40])
def test_over_tcp_frames_are_told_the_same_however_they_are_cut(cut: int) -> None:
    rows = tell(TALK, 9600, cut=cut)
    assert rows["conn"][0]["service"] == "fins_tcp"
    hello, data, write = rows["fins_tcp"]
    assert (hello["function"], hello["client_node"], hello["server_node"]) == ("node_address_data_send", 0xFB, 0xC8)
    assert (hello["tcp_command"], hello["tcp_reply"], hello["end_code_name"]) == (0, 1, None)
    assert (data["function"], data["tcp_command"], data["tcp_reply"]) == ("controller_data_read", 2, 2)
    assert (write["area"], write["address"], write["end_code_name"]) == ("dm", 9, "ok")
    assert rows["identity"][0]["model"] == "CP1L-EL20DR-D"
    (command,) = [c for c in rows["command"] if c["verb"] == "write"]
    assert (command["target"], command["value"], command["protocol"]) == ("dm 9", "42", "fins_tcp")
    assert rows["fins"] == rows["weird"] == []


def test_a_server_without_a_free_node_says_so() -> None:
    rows = tell([("c", tcp(0, bytes(4))), ("s", tcp(1, bytes(8), error=0x25))], 9600)
    assert rows["fins_tcp"][0]["tcp_error"] == 0x25


def test_a_frame_that_was_not_taken_is_a_row() -> None:
    rows = tell([*TALK[:2], ("c", tcp(2, ask(0x0402))), ("s", tcp(3, b"", error=2))], 9600)
    assert [(r["function"], r["tcp_error"]) for r in rows["fins_tcp"]] == [
        ("node_address_data_send", None), ("frame_send_error", 2), ("stop", None)]  # fmt: skip


def test_in_the_plant_both_are_one_protocol() -> None:
    assert protocol("fins_tcp") == protocol("fins") == "fins"
    assert spelled("fins_tcp") == spelled("fins") == "Omron FINS"


@pytest.mark.parametrize("datagram", [
    ask(0x0101, place(0x82, 1, 0, 1) + b"\0"),
    ask(0x0199), ask(0x0402, bytes(9)), ask(0x0402, icf=0x90), ask(0x0402)[:11], answer(0x0402, end=0x7700),
    bytes([0x80, 1]) + ask(0x0402)[2:], bytes([0x80, 0, 9]) + ask(0x0402)[3:], bytes([0x80, 0, 2, 0x90]) +
    ask(0x0402)[4:], bytes([0x80, 0, 2, 0, 1, 0x90]) + ask(0x0402)[6:], b"\x80" * 40, b"GET / HTTP/1.1\r\n\r\n",
])  # fmt: skip
def test_other_traffic_on_its_port_is_not_taken_for_it(datagram: bytes) -> None:
    rows = tell([("c", datagram)], 9600, udp=True)
    assert rows["conn"][0]["service"] is None
    assert rows["fins"] == []


def test_on_another_port_two_messages_must_be_of_it() -> None:
    talk = [("c", ask(0x0402)), ("s", answer(0x0402))]
    assert tell(talk[:1], 9601, udp=True)["conn"][0]["service"] is None
    assert tell(talk, 9601, udp=True)["conn"][0]["service"] == "fins"
