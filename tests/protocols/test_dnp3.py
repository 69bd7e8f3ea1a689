"""DNP3: transcripts to records. Frames are built here, CRCs and all (IEEE 1815-2012)."""

from __future__ import annotations

import struct

import pytest

from tests.protocols.harness import Rows, tell

MASTER, OUTSTATION = 1, 10


def crc(data: bytes) -> bytes:
    """CRC-16/DNP, low octet first."""
    value = 0
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA6BC if value & 1 else 0)
    return struct.pack("<H", ~value & 0xFFFF)


def link(control: int, dst: int, src: int, user: bytes = b"") -> bytes:
    """A link frame."""
    head = struct.pack("<BBBBHH", 5, 0x64, 5 + len(user), control, dst, src)
    blocks = (user[i : i + 16] for i in range(0, len(user), 16))
    return head + crc(head) + b"".join(block + crc(block) for block in blocks)


def ask(application: str, seq: int = 0) -> bytes:
    """A request of the master in one frame: function code and objects in hex."""
    return link(0xC4, OUTSTATION, MASTER, bytes([0xC0 | seq, 0xC0 | seq]) + bytes.fromhex(application))


def answer(application: str, seq: int = 0) -> bytes:
    """A fragment of the outstation in one frame."""
    return link(0x44, MASTER, OUTSTATION, bytes([0xC0 | seq, 0xC0 | seq]) + bytes.fromhex(application))


def dialogue(*messages: bytes, cut: int = 0) -> Rows:
    """Frames in turn, the master first."""
    return tell([("cs"[i % 2], m) for i, m in enumerate(messages)], port=20000, cut=cut)


def test_a_class_poll_brings_readings_by_area() -> None:
    analogs = "1e 01 00 0004 0005 01 64000000 01 9cffffff".replace("00 0004 0005", "00 04 05")
    counters = "14 05 00 00 01 07000000 08000000"
    packed = "0a 02 00 00 01 81 01"
    rows = dialogue(ask("01 3c 01 06"), answer(f"81 0000 {analogs} {counters} {packed}"))
    assert [(r["object"], r["reply_object"]) for r in rows["dnp3"]] == [
        (0x3C01, 0x1E01), (None, 0x1405), (None, 0x0A02)]  # fmt: skip
    first = rows["dnp3"][0]
    assert (first["func"], first["function"], first["reply_func"], first["iin"]) == (1, "read", 129, 0)
    assert (first["master"], first["outstation"]) == (MASTER, OUTSTATION)
    readings = [(r["area"], r["start"], r["values"], r["quality"], r["unit"]) for r in rows["reading"]]
    assert readings[:2] == [
        ("analog_input", 4, [100.0, -100.0], "good", OUTSTATION),
        ("counter", 0, [7.0, 8.0], None, OUTSTATION),
    ]
    outputs = [v for r in readings[2:] for v in r[2]]
    assert outputs == [1.0, 0.0] and readings[2][0] == "binary_output"
    (poll,) = rows["command"]
    assert (poll["verb"], poll["target"], poll["count"], poll["result"]) == ("read", "class_data", 1, "ok")


def test_packed_inputs_and_points_of_unlike_quality() -> None:
    packed = "01 01 00 00 09 ff 02"
    analogs = "1e 02 00 00 02 01 0100 00 0200 21 0300"
    rows = dialogue(ask("01 3c 01 06"), answer(f"81 0000 {packed} {analogs}"))
    assert rows["reading"][0]["values"] == [1.0] * 8 + [0.0, 1.0]
    others = [(r["start"], r["values"], r["quality"]) for r in rows["reading"][1:]]
    assert others == [(0, [1.0], "good"), (1, [2.0], "offline"), (2, [3.0], "over_range")]


def test_inputs_with_flags_are_one_reading_and_strings_are_text() -> None:
    flagged, double = "01 02 00 00 02 81 01 81", "03 02 00 00 01 81 41"
    event = "02 01 28 0100 0900 81"
    rows = dialogue(ask("01 3c 01 06"), answer(f"81 0000 {flagged} {double} {event} 6e 02 00 00 00 4f4b"))
    readings = [(r["area"], r["start"], r["values"], r["text"], r["quality"]) for r in rows["reading"]]
    assert readings == [
        ("binary_input", 0, [1.0, 0.0, 1.0], None, "good"),
        ("double_bit_input", 0, [2.0, 1.0], None, "good"),
        ("binary_input", 9, [1.0], None, "good"),
        ("octet_string", 0, [], "OK", None),
    ]


def test_select_and_operate_are_writes_with_their_status() -> None:
    crob = "0c 01 28 0100 0700 03 01 64000000 00000000"
    selected = ask(f"03 {crob} 00", 1), answer(f"81 0000 {crob} 00", 1)
    rows = dialogue(*selected, ask(f"04 {crob} 00", 2), answer(f"81 0000 {crob} 07", 2))
    commands = [(c["verb"], c["function"], c["target"], c["value"], c["result"]) for c in rows["command"]]
    assert commands == [
        ("write", "select", "binary_output 7", "1", "ok"),
        ("write", "operate", "binary_output 7", "1", "local"),
    ]
    row = rows["dnp3"][0]
    assert (row["operation"], row["on_time"], row["object"], row["reply_object"]) == ("latch_on", 100, 0x0C01, 0x0C01)


def test_several_points_in_one_operate_are_several_commands() -> None:
    crobs = "0c 01 17 02 03 81 01 00000000 00000000 00 04 41 01 00000000 00000000 00"
    rows = dialogue(ask(f"05 {crobs}"), answer(f"81 0000 {crobs}"))
    assert [(c["target"], c["value"]) for c in rows["command"]] == [("binary_output 3", "0"), ("binary_output 4", "1")]
    assert [r["object"] for r in rows["dnp3"]] == [0x0C01, None]


def test_an_analog_output_is_a_write_with_its_number() -> None:
    block = "29 03 28 0100 0200 0000c841"
    rows = dialogue(ask(f"05 {block} 00"), answer(f"81 0000 {block} 00"))
    (command,) = rows["command"]
    assert (command["target"], command["value"], command["result"]) == ("analog_output 2", "25", "ok")


def test_restart_and_refusal() -> None:
    rows = dialogue(ask("0d", 3), answer("81 0000 34 01 07 01 0a00", 3), ask("12", 4), answer("81 0001", 4))
    commands = [(c["verb"], c["function"], c["result"]) for c in rows["command"]]
    assert commands == [("restart", "cold_restart", "ok"), ("stop", "stop_application", "function_not_supported")]


def test_an_unsolicited_event_is_a_reading_of_the_outstation() -> None:
    event = "02 02 28 0100 0500 81 001122334455"
    rows = tell([("s", link(0x44, MASTER, OUTSTATION, bytes.fromhex(f"c0 f0 82 8000 {event}"))),
                 ("c", link(0xC4, OUTSTATION, MASTER, bytes.fromhex("c0 d0 00")))], port=20000)  # fmt: skip
    (reading,) = rows["reading"]
    assert (reading["source"], reading["area"], reading["start"]) == ("10.0.0.2", "binary_input", 5)
    assert (reading["values"], reading["quality"]) == ([1.0], "good")
    assert [(r["func"], r["is_orig"]) for r in rows["dnp3"]] == [(130, False), (0, True)]
    assert rows["command"] == []


def test_transport_segments_are_rows_and_make_one_message() -> None:
    values = b"".join(struct.pack("<H", n) for n in range(10))
    application = bytes.fromhex("c1 81 0000 1e 04 00 00 09") + values
    first = link(0x44, MASTER, OUTSTATION, b"\x40" + application[:15])
    second = link(0x44, MASTER, OUTSTATION, b"\x81" + application[15:])
    rows = tell([("c", ask("01 3c 01 06", 1)), ("s", first), ("s", second)], port=20000)
    assert rows["reading"][0]["values"] == [float(n) for n in range(10)]
    assert sum(r["prifunc"] == 4 for r in rows["dnp3"]) == 2  # the request, and the answer's first segment
    assert [r["reply_prifunc"] for r in rows["dnp3"] if r["reply_prifunc"] is not None] == [4]


def test_link_frames_are_counted() -> None:
    rows = tell([("s", link(0x49, MASTER, OUTSTATION)), ("c", link(0x8B, OUTSTATION, MASTER))], port=20000)
    assert [(r["prifunc_name"], r["secfunc_name"]) for r in rows["dnp3"]] == [
        ("request_link_status", None), (None, "link_status")]  # fmt: skip


def test_a_file_read_is_a_transfer() -> None:
    opened = "46 03 5b 01 1f00 1a00 0500 000000000000 0000 00000000 00000000 0100 0004 0100 612e747874".replace(" ", "")
    name = bytes.fromhex(opened)
    block = "46 05 5b 01 0d00 78563412 00000080" + b"hello".hex()
    rows = dialogue(
        ask("19" + name.hex(), 1), answer("81 0000 46 04 5b 01 0d00 78563412 05000000 0004 0100 00", 1),
        ask("01 46 05 5b 01 0800 78563412 00000000", 2), answer("81 0000" + block, 2),
    )  # fmt: skip
    assert rows["dnp3"][0]["file_name"] == "a.txt"
    assert rows["command"][0]["verb"] == "program_upload"
    (transfer,) = rows["transfer"]
    assert (transfer["bytes"], transfer["whole"], transfer["direction"]) == (5, True, "upload")


def test_device_attributes_are_identities() -> None:
    text = "41636d65"
    rows = dialogue(ask("01 00 fc 00 00 00"), answer(f"81 0000 00 fc 00 00 00 01 04 {text}"))
    (identity,) = rows["identity"]
    assert (identity["address"], identity["vendor"]) == ("10.0.0.2", "Acme")


def test_an_unknown_object_ends_the_walk_with_a_weird() -> None:
    rows = dialogue(ask("01 3c 01 06"), answer("81 0000 c8 01 00 00 00 ff 1e 02 00 00 00 01 0100"))
    assert "dnp3_unknown_object" in {w["name"] for w in rows["weird"]}
    assert rows["reading"] == []
    assert rows["dnp3"][0]["reply_object"] == 0xC801


@pytest.mark.parametrize("cut", [1, 2, 3, 10, 11])
def test_cutting_the_stream_changes_nothing(cut: int) -> None:
    messages = ask("01 3c 01 06"), answer("81 0000 1e 02 00 00 01 01 0100 01 0200")
    whole, pieces = dialogue(*messages), dialogue(*messages, cut=cut)
    assert [r["reply_object"] for r in pieces["dnp3"]] == [r["reply_object"] for r in whole["dnp3"]] == [0x1E02]
    assert pieces["reading"][0]["values"] == [1.0, 2.0]


def test_other_traffic_on_the_port_is_not_dnp3() -> None:
    rows = tell([("c", b"\x05\x01\x00"), ("s", b"\x05\x00" * 8)], port=20000)
    assert rows["conn"][0]["service"] != "dnp3"


def test_it_is_recognised_on_an_odd_port_and_over_udp() -> None:
    messages = [("c", ask("01 3c 01 06")), ("s", answer("81 0000"))]
    assert tell(messages, port=33333)["conn"][0]["service"] == "dnp3"
    assert tell(messages, port=20000, udp=True)["dnp3"][0]["reply_func"] == 129
