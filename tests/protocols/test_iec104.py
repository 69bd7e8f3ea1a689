"""IEC 60870-5-104: transcripts to records."""

from __future__ import annotations

import struct

import pytest

from tests.protocols.harness import tell

STARTDT, STARTDT_CON = bytes.fromhex("680407000000"), bytes.fromhex("68040b000000")
TESTFR, TESTFR_CON = bytes.fromhex("680443000000"), bytes.fromhex("680483000000")
SUPERVISORY = bytes.fromhex("680401000400")


def asdu(typeid: int, cause: int, body: str, *, objects: int = 1, ca: int = 3, sent: int = 0) -> bytes:
    """An I-format APDU; `body` are the information objects in hex. `objects` with 0x80 is a sequence."""
    data = struct.pack("<BBBBH", typeid, objects, cause, 0, ca) + bytes.fromhex(body)
    return struct.pack("<BBHH", 0x68, 4 + len(data), sent << 1, 0) + data


def test_start_and_test_frames_share_a_row_with_their_confirmation() -> None:
    rows = tell([("c", STARTDT), ("s", STARTDT_CON), ("s", TESTFR), ("c", TESTFR_CON), ("c", SUPERVISORY)], port=2404)
    told = [(r["format_name"], r["utype"], r["reply_utype"], r["function"], r["is_orig"]) for r in rows["iec104"]]
    assert told == [
        ("U", 1, 2, "STARTDT_act", True),
        ("U", 16, 32, "TESTFR_act", False),
        ("S", None, None, None, True),
    ]


def test_measured_values_are_readings_with_quality() -> None:
    two = "640000 0000c841 00 650000 00000040 80"
    tagged = "640000 0000c842 00 00000000000000"
    rows = tell([("s", asdu(13, 3, two, objects=2)), ("s", asdu(36, 3, tagged))], port=2404)
    told = [(r["source"], r["unit"], r["area"], r["start"], r["values"], r["quality"]) for r in rows["reading"]]
    assert told == [
        ("10.0.0.2", 3, "M_ME_NC_1", 100, [25.0], "good"),
        ("10.0.0.2", 3, "M_ME_NC_1", 101, [2.0], "invalid"),
        ("10.0.0.2", 3, "M_ME_NC_1", 100, [100.0], "good"),
    ]
    assert [(r["typeid"], r["cause_name"], r["objects"], r["ioa"]) for r in rows["iec104"]] == [
        (13, "spontaneous", 2, 100), (36, "spontaneous", 1, 100)]  # fmt: skip


def test_neighbouring_objects_of_one_quality_are_one_reading() -> None:
    three = "640000 0000c841 00 650000 00000040 00 660000 0000803f 00"
    (reading,) = tell([("s", asdu(13, 20, three, objects=3))], port=2404)["reading"]
    assert (reading["start"], reading["values"], reading["quality"]) == (100, [25.0, 2.0, 1.0], "good")
    states = "010000 01 020000 00 030000 01"
    (reading,) = tell([("s", asdu(1, 20, states, objects=3))], port=2404)["reading"]
    assert (reading["start"], reading["values"]) == (1, [1.0, 0.0, 1.0])
    apart = "640000 0000c841 00 700000 00000040 00"
    readings = tell([("s", asdu(13, 20, apart, objects=2))], port=2404)["reading"]
    assert [(r["start"], r["values"]) for r in readings] == [(100, [25.0]), (112, [2.0])]


def test_a_sequence_is_one_reading() -> None:
    rows = tell([("s", asdu(11, 20, "0a0000 0100 00 feff 00 0300 00", objects=0x83))], port=2404)
    (reading,) = rows["reading"]
    assert (reading["start"], reading["values"], reading["quality"]) == (10, [1.0, -2.0, 3.0], "good")


def test_points_and_counters() -> None:
    messages = [
        ("s", asdu(1, 3, "010000 01")), ("s", asdu(3, 3, "020000 82")), ("s", asdu(5, 3, "030000 7f 00")),
        ("s", asdu(15, 37, "040000 39300000 21")), ("s", asdu(7, 3, "050000 0f000000 00")),
    ]  # fmt: skip
    rows = tell(messages, port=2404)
    assert [(r["area"], r["values"], r["quality"]) for r in rows["reading"]] == [
        ("M_SP_NA_1", [1.0], "good"), ("M_DP_NA_1", [2.0], "invalid"), ("M_ST_NA_1", [-1.0], "good"),
        ("M_IT_NA_1", [12345.0], "carry"), ("M_BO_NA_1", [15.0], "good")]  # fmt: skip


def test_a_command_and_its_confirmation_are_one_write() -> None:
    body = "e90300 81"  # object 1001, select, on
    rows = tell([("c", asdu(45, 6, body)), ("s", asdu(45, 7, body)), ("s", asdu(45, 10, body))], port=2404)
    (command,) = rows["command"]
    assert rows["reading"] == []
    assert (command["verb"], command["function"], command["target"], command["value"], command["result"]) == (
        "write", "C_SC_NA_1", "C_SC_NA_1 1001", "1", "ok")  # fmt: skip
    first, ended = rows["iec104"]
    assert (first["typeid"], first["cause"], first["reply_typeid"], first["reply_cause"], first["select"]) == (
        45, 6, 45, 7, True)  # fmt: skip
    assert (ended["cause_name"], ended["is_orig"]) == ("activation_termination", False)


def test_a_refused_set_point() -> None:
    body = "020000 0000a040 00"
    rows = tell([("c", asdu(50, 6, body)), ("s", asdu(50, 0x47, body))], port=2404)
    (command,) = rows["command"]
    assert (command["value"], command["result"]) == ("5", "negative_confirmation")
    rows = tell([("c", asdu(105, 6, "000000 01")), ("s", asdu(105, 44 | 0x40, "000000 01"))], port=2404)
    assert (rows["command"][0]["verb"], rows["command"][0]["errors"]) == ("restart", 1)


def test_a_general_interrogation_of_all_stations_is_answered_by_each() -> None:
    messages = [
        ("c", asdu(100, 6, "000000 14", ca=65535)), ("s", asdu(100, 7, "000000 14", ca=4)),
        ("s", asdu(13, 20, "010000 00000000 00", ca=4)), ("s", asdu(100, 10, "000000 14", ca=4)),
    ]  # fmt: skip
    rows = tell(messages, port=2404)
    first = rows["iec104"][0]
    assert (first["ca"], first["reply_ca"], first["resp_frame"]) == (65535, 4, first["frame"] + 1)
    assert (rows["command"][0]["verb"], rows["command"][0]["result"]) == ("read", "ok")
    assert rows["reading"][0]["unit"] == 4


def test_a_read_is_paired_with_the_value() -> None:
    rows = tell([("c", asdu(102, 5, "070000")), ("s", asdu(13, 5, "070000 0000803f 00"))], port=2404)
    (row,) = rows["iec104"]
    assert (row["typeid"], row["reply_typeid"], row["ioa"]) == (102, 13, 7)
    assert rows["reading"][0]["values"] == [1.0]


def test_a_file_comes_in_segments() -> None:
    messages = [
        ("s", asdu(125, 13, "010000 0500 01 03 616263")), ("s", asdu(125, 13, "010000 0500 01 02 6465")),
        ("s", asdu(123, 13, "010000 0500 01 01 00")),
    ]  # fmt: skip
    (transfer,) = tell(messages, port=2404)["transfer"]
    assert (transfer["bytes"], transfer["direction"]) == (5, "upload")


@pytest.mark.parametrize("cut", [1, 2, 5, 7])
def test_cutting_the_stream_changes_nothing(cut: int) -> None:
    joined = asdu(13, 3, "640000 0000c841 00") + SUPERVISORY + asdu(1, 3, "010000 01")
    rows = tell([("s", joined)], port=2404, cut=cut)
    assert [r["format"] for r in rows["iec104"]] == [0, 1, 0]
    assert len(rows["reading"]) == 2


def test_other_traffic_on_the_port_is_not_iec104() -> None:
    assert tell([("c", b"hello, world" * 3)], port=2404)["conn"][0]["service"] != "iec104"


def test_it_is_recognised_on_an_odd_port() -> None:
    rows = tell([("c", STARTDT), ("s", STARTDT_CON), ("c", asdu(100, 6, "000000 14"))], port=34567)
    assert rows["conn"][0]["service"] == "iec104"
