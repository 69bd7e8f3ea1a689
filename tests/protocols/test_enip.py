"""EtherNet/IP and CIP: transcripts to records."""

from __future__ import annotations

import hashlib
import random
import struct

import pytest

from tests.protocols.harness import Rows, tell

SESSION = 0x11223344


def encapsulated(command: int, data: bytes = b"", session: int = SESSION, context: int = 7, status: int = 0) -> bytes:
    return struct.pack("<HHIIQI", command, len(data), session, status, context, 0) + data


def rr(cip: bytes, context: int = 7) -> bytes:
    return encapsulated(0x6F, struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(cip)) + cip, context=context)


def unit(cip: bytes, sequence: int, connection: int = 0x0BAD) -> bytes:
    head = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, connection, 0xB1, len(cip) + 2, sequence)
    return encapsulated(0x70, head + cip, context=0)


def path(*pairs: tuple[int, int]) -> bytes:
    return b"".join(bytes(pair) for pair in pairs)


def ask(service: int, route: bytes, data: bytes = b"") -> bytes:
    return bytes([service, len(route) // 2]) + route + data


def reply(service: int, data: bytes = b"", status: int = 0) -> bytes:
    return bytes([service | 0x80, 0, status, 0]) + data


def several(messages: list[bytes]) -> bytes:
    """The body of a Multiple Service Packet: count, offsets, messages."""
    at, offsets = 2 + 2 * len(messages), []
    for message in messages:
        offsets.append(at)
        at += len(message)
    return struct.pack(f"<H{len(messages)}H", len(messages), *offsets) + b"".join(messages)


def tag(name: str) -> bytes:
    text = name.encode()
    return bytes([0x91, len(text)]) + text + bytes(len(text) % 2)


IDENTITY = path((0x20, 1), (0x24, 1))
ROUTER = path((0x20, 2), (0x24, 1))
MANAGER = path((0x20, 6), (0x24, 1))
REGISTER = encapsulated(0x65, b"\x01\x00\x00\x00", session=0)
REGISTERED = encapsulated(0x65, b"\x01\x00\x00\x00")
SAID = struct.pack("<HHHBBHI", 1, 14, 92, 20, 11, 0, 0x01020304) + b"\x091756-L71S"


def rows_of(*messages: tuple[str, bytes], port: int = 44818) -> Rows:
    return tell([("c", REGISTER), ("s", REGISTERED), *messages], port=port)


def test_a_session_is_registered() -> None:
    rows = rows_of()
    (row,) = rows["enip"]
    assert (row["function"], row["command"], row["reply_command"], row["session"]) == (
        "register_session",
        0x65,
        0x65,
        SESSION,
    )
    assert rows["conn"][0]["service"] == "enip"


def test_list_identity_over_udp_names_the_device() -> None:
    item = struct.pack("<H", 1) + struct.pack(">HH4s8x", 2, 44818, bytes([10, 0, 0, 2])) + SAID + b"\x03"
    answer = encapsulated(0x63, struct.pack("<HHH", 1, 0x0C, len(item)) + item, session=0)
    rows = tell([("c", encapsulated(0x63, session=0)), ("s", answer)], port=44818, udp=True)
    (found,) = rows["identity"]
    assert (found["address"], found["model"], found["firmware"], found["serial"], found["role"]) == (
        "10.0.0.2",
        "1756-L71S",
        "20.11",
        "0x01020304",
        "controller",
    )
    assert rows["command"][0]["verb"] == "browse"


def test_a_tag_is_read_by_name_with_its_type() -> None:
    route = tag("Program:Main") + tag("Speed") + b"\x28\x03"
    answer = reply(0x4C, struct.pack("<Hff", 0xCA, 1.5, 2.5))
    rows = rows_of(("c", rr(ask(0x4C, route, b"\x02\x00"))), ("s", rr(answer)))
    (reading,) = rows["reading"]
    assert (reading["name"], reading["start"], reading["values"], reading["area"]) == (
        "Program:Main.Speed",
        3,
        [1.5, 2.5],
        "tag",
    )
    row = rows["enip"][1]
    assert (row["function"], row["symbol"], row["type"], row["service"], row["reply"], row["general_status"]) == (
        "read_tag",
        "Program:Main.Speed",
        "real",
        0x4C,
        0xCC,
        0,
    )


def test_tags_read_by_symbol_instance_are_told_apart() -> None:
    first, second = (path((0x20, 0x6B), (0x24, n)) for n in (4, 9))
    value = rr(reply(0x4C, struct.pack("<Hi", 0xC4, 77)))
    rows = rows_of(
        ("c", rr(ask(0x4C, first, b"\x01\x00"))), ("s", value), ("c", rr(ask(0x4C, second, b"\x01\x00"))), ("s", value)
    )
    assert [(r["area"], r["values"]) for r in rows["reading"]] == [("symbol_4", [77.0]), ("symbol_9", [77.0])]


def test_a_tag_is_written() -> None:
    write = ask(0x4D, tag("Setpoint"), struct.pack("<HHi", 0xC4, 1, -5))
    (command,) = rows_of(("c", rr(write)), ("s", rr(reply(0x4D))))["command"]
    assert (command["verb"], command["function"], command["value"], command["result"]) == (
        "write",
        "write_tag",
        "-5",
        "ok",
    )
    assert "Setpoint" in command["target"]


def test_a_multiple_service_packet_has_a_row_for_itself_and_each_service_in_it() -> None:
    inner = [ask(0x4C, tag("A"), b"\x01\x00"), ask(0x07, path((0x20, 0x8E), (0x24, 1))), ask(0x0E, IDENTITY)]
    answers = [reply(0x4C, struct.pack("<Hh", 0xC3, 9)), reply(0x07, status=0x0F), reply(0x0E, status=0x14)]
    packet, answer = ask(0x0A, ROUTER, several(inner)), reply(0x0A, several(answers))
    rows = rows_of(("c", unit(packet, 5)), ("s", unit(answer, 5, 0xCAFE)))
    told = rows["enip"][1:]
    assert [(r["service"], r["reply"], r["class"], r["item"], r["outer"], r["general_status"]) for r in told] == [
        (0x0A, 0x8A, 2, None, None, 0),
        (0x4C, 0xCC, None, 1, 0x0A, 0),
        (0x07, 0x87, 0x8E, 2, 0x0A, 0x0F),
        (0x0E, 0x8E, 1, 3, 0x0A, 0x14),
    ]
    assert [(r["command"], r["reply_command"]) for r in told] == [(0x70, 0x70)] + [(None, None)] * 3
    assert {(c["verb"], c["target"], c["result"]) for c in rows["command"]} == {
        ("read", "tag A", "ok"),
        ("stop", "controller", "privilege_violation"),
        ("diagnose", "identity", "attribute_not_supported"),
    }
    assert rows["reading"][0]["values"] == [9.0]


def test_a_refused_packet_answers_all_its_services_and_counts_once() -> None:
    inner = [ask(0x05, path((0x20, 1), (0x24, 1)))] * 2
    rows = rows_of(("c", unit(ask(0x0A, ROUTER, several(inner)), 5)), ("s", unit(reply(0x0A, status=8), 5)))
    assert [r["reply"] for r in rows["enip"][1:]] == [0x8A, None, None]
    assert [(c["verb"], c["result"]) for c in rows["command"]] == [("restart", "service_not_supported")] * 2


def test_an_unconnected_send_is_answered_by_the_service_that_it_carries() -> None:
    carried = ask(0x01, IDENTITY)
    send = ask(0x52, MANAGER, b"\x07\xe9" + struct.pack("<H", len(carried)) + carried + b"\x01\x00\x01\x02")
    rows = rows_of(("c", rr(send)), ("s", rr(reply(0x01, SAID))))
    inner, outer = rows["enip"][1:] if rows["enip"][1]["service"] == 1 else rows["enip"][:0:-1]
    assert (inner["reply"], inner["wrapped"], inner["port"], inner["link"], inner["class"]) == (0x81, 0x52, 1, 2, 1)
    assert (outer["service"], outer["class"], outer["reply"], outer["function"]) == (0x52, 6, None, "unconnected_send")
    assert (rows["identity"][0]["model"], rows["identity"][0]["evidence"]) == (
        "1756-L71S",
        "Identity object, port 1 link 2",
    )


def test_connections_with_the_same_sequence_count_are_told_apart_once_their_opening_was_seen() -> None:
    def opening(serial: int, to_id: int, ot_id: int) -> list[tuple[str, bytes]]:
        request = struct.pack("<BBIIHHIB3xIHIHBB", 10, 5, 0, to_id, serial, 1, 77, 2, 9, 0x43F4, 9, 0x43F4, 0xA3, 2)
        answer = struct.pack("<IIHHIIIBB", ot_id, to_id, serial, 1, 77, 9, 9, 0, 0)
        return [("c", rr(ask(0x54, MANAGER, request + ROUTER), serial)), ("s", rr(reply(0x54, answer), serial))]

    rows = rows_of(
        *opening(1, 101, 201),
        *opening(2, 102, 202),
        ("c", unit(ask(0x4C, tag("A"), b"\x01\x00"), 1, 201)),
        ("c", unit(ask(0x4C, tag("B"), b"\x01\x00"), 1, 202)),
        ("s", unit(reply(0x4C, struct.pack("<Hh", 0xC3, 22)), 1, 102)),
        ("s", unit(reply(0x4C, struct.pack("<Hh", 0xC3, 11)), 1, 101)),
    )
    assert {(r["name"], r["values"][0]) for r in rows["reading"]} == {("A", 11.0), ("B", 22.0)}
    opened = [r for r in rows["enip"] if r["function"] == "forward_open"]
    assert [(r["ot_connection_id"], r["to_connection_id"], r["conn_class"]) for r in opened] == [
        (201, 101, 2),
        (202, 102, 2),
    ]


PCCC_HEAD = b"\x07" + struct.pack("<HI", 0x4D, 1234)


def pccc(body: bytes) -> bytes:
    return ask(0x4B, path((0x20, 0x67), (0x24, 1)), PCCC_HEAD + body)


def test_pccc_reads_have_file_and_type() -> None:
    read = pccc(b"\x0f\x00\x01\x00\xa2\x04\x07\x89\x02\x00")
    answer = reply(0x4B, PCCC_HEAD + b"\x4f\x00\x01\x00" + struct.pack("<hh", 12, -3))
    (reading,) = rows_of(("c", rr(read)), ("s", rr(answer)))["reading"]
    assert (reading["area"], reading["start"], reading["values"]) == ("n7", 2, [12.0, -3.0])


@pytest.mark.parametrize(
    ("message", "verb", "function"),
    [
        (pccc(b"\x0f\x00\x01\x00\x80\x01"), "set_mode", "pccc_change_mode"),
        (pccc(b"\x0f\x00\x01\x00\x50"), "program_download", "pccc_download_all_request"),
        (ask(0x05, IDENTITY), "restart", "reset"),
        (ask(0x06, path((0x20, 0x8E), (0x24, 1))), "start", "start"),
        (ask(0x10, path((0x20, 0xF5), (0x24, 1), (0x30, 5)), bytes(22)), "write", "set_attribute_single"),
        (ask(0x08, path((0x20, 0x68), (0x24, 0)), bytes(4)), "program_download", "create"),
        (ask(0x50, path((0x20, 0x37), (0x24, 200)), bytes(4)), "program_download", "download_transfer"),
    ],
)
def test_services_that_change_a_device_are_commands(message: bytes, verb: str, function: str) -> None:
    (command,) = rows_of(("c", rr(message)), ("s", rr(reply(message[0]))))["command"]
    assert (command["verb"], command["function"]) == (verb, function)


def test_firmware_is_joined_from_its_parts_and_told_by_one_command_for_them() -> None:
    image, nvs = bytes(range(250)), path((0x20, 0xA1), (0x24, 1))
    dialogue = [("c", rr(ask(0x4B, nvs, struct.pack("<II", 250, 0)))), ("s", rr(reply(0x4B)))]
    for at in range(0, 250, 100):
        part = image[at : at + 100]
        dialogue += [("c", rr(ask(0x4D, nvs, struct.pack("<I", at) + part))), ("s", rr(reply(0x4D)))]
    rows = rows_of(*dialogue)
    (transfer,) = rows["transfer"]
    assert (transfer["kind"], transfer["bytes"], transfer["whole"]) == ("firmware", 250, True)
    assert transfer["sha256"] == hashlib.sha256(image).hexdigest()
    assert [(c["verb"], c["function"]) for c in rows["command"]] == [("firmware_update", "firmware_update")]
    assert [r["reply"] for r in rows["enip"][1:]] == [0xCB, 0xCD, 0xCD, 0xCD]


def test_two_pdus_in_a_segment_and_any_cut_give_the_same_rows() -> None:
    dialogue = [
        ("c", REGISTER),
        ("s", REGISTERED),
        ("c", rr(ask(0x0E, IDENTITY), 1) + rr(ask(0x07, IDENTITY), 2)),
        ("s", rr(reply(0x0E), 1) + rr(reply(0x07), 2)),
    ]
    whole = [(r["service"], r["reply"]) for r in tell(dialogue, port=44818)["enip"]]
    assert whole == [(None, None), (0x0E, 0x8E), (0x07, 0x87)]
    for cut in (1, 5, 24, 31):
        assert [(r["service"], r["reply"]) for r in tell(dialogue, port=44818, cut=cut)["enip"]] == whole


def test_zeros_and_text_on_our_port_are_refused() -> None:
    for foreign in (b"GET / HTTP/1.1\r\nHost: plant\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" + bytes(40)):
        assert tell([("c", foreign)], port=44818)["conn"][0]["service"] != "enip"
    assert tell([("c", bytes(48)), ("s", bytes(48))], port=9000)["conn"][0]["service"] != "enip"


def test_cyclic_data_has_a_row_a_connection() -> None:
    def packet(connection: int, sequence: int) -> bytes:
        return struct.pack("<HHHIIHHHI", 2, 0x8002, 8, connection, sequence, 0xB1, 6, sequence & 0xFFFF, 1)

    dialogue = [("c" if n % 2 else "s", packet(n % 2, n)) for n in range(20)]
    rows = tell(dialogue, port=2222, udp=True, client_port=2222)
    assert rows["conn"][0]["service"] == "cip_io"
    assert [(r["connection_id"], r["length"]) for r in rows["cip_io"]] == [(0, 6), (1, 6)]


def test_damaged_messages_never_stop_the_sensor() -> None:
    dice = random.Random(11)
    inner = [ask(0x4C, tag("A"), b"\x01\x00"), ask(0x52, MANAGER, bytes(30)), ask(0x0A, ROUTER, several([b"\x01"] * 3))]
    good = [
        ("c", rr(pccc(b"\x0f\x00\x01\x00\xa2\x04\x07\x89\x02\x00"))),
        ("s", rr(reply(0x4B, PCCC_HEAD + bytes(20)))),
        ("c", unit(ask(0x0A, ROUTER, several(inner)), 9)),
        ("s", unit(reply(0x0A, several([reply(0x4C)] * 3)), 9)),
    ]
    damaged = []
    for _ in range(100):
        for who, message in good:
            wrong = bytearray(message)
            for _ in range(dice.randrange(4)):
                wrong[dice.randrange(24, len(wrong))] = dice.randrange(256)
            damaged.append((who, bytes(wrong)))
    assert len(rows_of(*damaged)["enip"]) > 200
