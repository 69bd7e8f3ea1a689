"""S7comm and S7comm-plus: transcripts to records."""

from __future__ import annotations

import hashlib
import random
import struct

import pytest

from tests.protocols.harness import Rows, tell


def tpkt(payload: bytes, eot: bool = True) -> bytes:
    """TPKT, COTP DT, user data."""
    return struct.pack(">BBHBBB", 3, 0, len(payload) + 7, 2, 0xF0, 0x80 if eot else 0) + payload


def job(ref: int, params: bytes, data: bytes = b"") -> bytes:
    return tpkt(struct.pack(">BBHHHH", 0x32, 1, 0, ref, len(params), len(data)) + params + data)


def answer(ref: int, params: bytes, data: bytes = b"", error: int = 0, kind: int = 3) -> bytes:
    return tpkt(struct.pack(">BBHHHHH", 0x32, kind, 0, ref, len(params), len(data), error) + params + data)


def userdata(ref: int, kind: int, sub: int, data: bytes, unit: tuple[int, int, int] | None = None) -> bytes:
    """`kind`: type << 4 | group. `unit`: data unit reference, more to follow, error; for answers."""
    tail = bytes([0x12, kind, sub, 0]) + struct.pack(">BBH", *unit) if unit else bytes([0x11, kind, sub, 0])
    params = b"\x00\x01\x12" + bytes([len(tail)]) + tail
    return tpkt(struct.pack(">BBHHHH", 0x32, 7, 0, ref, len(params), len(data)) + params + data)


def item(kind: int, count: int, db: int, area: int, address: int) -> bytes:
    return b"\x12\x0a\x10" + struct.pack(">BHHB", kind, count, db, area) + address.to_bytes(3, "big")


CR = bytes.fromhex("03000016 11e00000 0005 00 c1020100 c2020102 c0010a".replace(" ", ""))
CC = bytes.fromhex("03000016 11d00005 0009 00 c0010a c1020100 c2020102".replace(" ", ""))
SETUP = job(1, bytes.fromhex("f0000001000101e0"))
SETUP_OK = answer(1, bytes.fromhex("f0000001000100f0"))
READ = job(2, b"\x04\x03" + item(8, 2, 7, 0x84, 20 * 8) + item(1, 1, 0, 0x83, 5 * 8 + 3) + item(5, 1, 0, 0x81, 0))
READ_OK = answer(
    2,
    b"\x04\x03",
    b"\xff\x07\x00\x08" + struct.pack(">ff", 1.5, -2.0) + b"\xff\x03\x00\x01\x01\x00" + b"\x05\x00\x00\x00",
)
WRITE = job(
    3,
    b"\x05\x02" + item(4, 1, 9, 0x84, 16) + item(1, 1, 0, 0x82, 8),
    b"\x00\x04\x00\x10\x12\x34" + b"\x00\x03\x00\x01\x01",
)
WRITE_OK = answer(3, b"\x05\x02", b"\xff\x0a")
STOP = job(4, b"\x29" + bytes(5) + b"\x09P_PROGRAM")
STOP_OK = answer(4, b"\x29")


def test_a_connection_tells_rack_slot_and_pdu_size() -> None:
    rows = tell([("c", CR), ("s", CC), ("c", SETUP), ("s", SETUP_OK)], port=102)
    connect, setup = rows["s7comm"]
    assert (connect["function"], connect["rack"], connect["slot"], connect["tsap_called"]) == (
        "cotp_connect",
        0,
        2,
        "0102",
    )
    assert (connect["frame"], connect["resp_frame"]) == (4, 5)
    assert (setup["function"], setup["func"], setup["reply_func"], setup["pdu_size"]) == (
        "setup_communication",
        0xF0,
        0xF0,
        240,
    )
    assert rows["conn"][0]["service"] == "s7comm"


def test_a_read_has_a_row_an_item_and_counts_as_one_pdu() -> None:
    rows = tell([("c", READ), ("s", READ_OK)], port=102)["s7comm"]
    assert [(r["item"], r["area"], r["db"], r["address"], r["bit"], r["type"]) for r in rows] == [
        (0, "db", 7, 20, None, "real"),
        (1, "m", None, 5, 3, "bit"),
        (2, "i", None, 0, None, "int"),
    ]
    assert [(r["func"], r["reply_func"], r["rosctr"], r["reply"]) for r in rows] == [(4, 4, 1, 3)] + [(None,) * 4] * 2
    assert [(r["return_code"], r["error_name"]) for r in rows] == [
        (0xFF, None),
        (0xFF, None),
        (5, "address_out_of_range"),
    ]


def test_values_have_the_types_that_the_request_asked_for() -> None:
    rows = tell([("c", READ), ("s", READ_OK)], port=102)["reading"]
    assert [(r["source"], r["area"], r["start"], r["values"]) for r in rows] == [
        ("10.0.0.2", "db7", 20, [1.5, -2.0]),
        ("10.0.0.2", "m.bit", 43, [1.0]),
    ]


def test_a_write_has_a_command_an_item_with_its_own_result() -> None:
    rows = tell([("c", WRITE), ("s", WRITE_OK)], port=102)["command"]
    assert [(r["verb"], r["target"], r["value"], r["result"]) for r in rows] == [
        ("write", "db9 2-3", "4660", "ok"),
        ("write", "q.bit 8", "1", "object_does_not_exist"),
    ]


def test_a_refusal_without_parameters_answers_every_item_and_counts_once() -> None:
    rows = tell([("c", WRITE), ("s", answer(3, b"", error=0x8104, kind=2))], port=102)
    assert [r["result"] for r in rows["command"]] == ["function_not_supported"] * 2
    assert [r["reply"] for r in rows["s7comm"]] == [2, None]


@pytest.mark.parametrize(
    ("params", "verb", "function"),
    [
        (b"\x29" + bytes(5) + b"\x09P_PROGRAM", "stop", "plc_stop"),
        (b"\x28" + bytes(6) + b"\xfd\x00\x00\x09P_PROGRAM", "start", "pi_program"),
        (b"\x28" + bytes(6) + b"\xfd\x00\x0a\x01\x000A00017P\x05_INSE", "program_download", "pi_insert_block"),
        (b"\x28" + bytes(6) + b"\xfd\x00\x00\x05_GARB", "configure", "pi_compress_memory"),
        (b"\x1a" + bytes(7) + b"\x09_0A00017P\x0d1000500000400", "program_download", "request_download"),
        (b"\x1d" + bytes(7) + b"\x09_0800001A", "program_upload", "start_upload"),
    ],
)
def test_jobs_that_change_a_controller_are_commands(params: bytes, verb: str, function: str) -> None:
    rows = tell([("c", SETUP), ("s", SETUP_OK), ("c", job(5, params)), ("s", answer(5, params[:1]))], port=102)
    (command,) = rows["command"]
    assert (command["verb"], command["function"], command["result"]) == (verb, function, "ok")


def test_a_downloaded_block_is_joined_from_the_answers_to_the_controllers_jobs() -> None:
    body = bytes(range(100))
    block = b"pp\x01\x01\x05" + struct.pack(">BHI", 0x0A, 17, 112) + body
    name = b"\x09_0A00017P"
    first, second = block[:60], block[60:]
    dialogue = [
        ("c", job(5, b"\x1a" + bytes(7) + name + b"\x0d1000500000400")),
        ("s", answer(5, b"\x1a")),
        ("s", job(600, b"\x1b" + bytes(7) + name)),
        ("c", answer(600, b"\x1b\x01", struct.pack(">HH", len(first), 0xFB) + first)),
        ("s", job(601, b"\x1b" + bytes(7) + name)),
        ("c", answer(601, b"\x1b\x00", struct.pack(">HH", len(second), 0xFB) + second)),
        ("s", job(602, b"\x1c" + bytes(7) + name)),
        ("c", answer(602, b"\x1c")),
    ]
    rows = tell(dialogue, port=102)
    (transfer,) = rows["transfer"]
    assert (transfer["name"], transfer["direction"], transfer["bytes"], transfer["whole"]) == (
        "DB17",
        "download",
        112,
        True,
    )
    assert transfer["sha256"] == hashlib.sha256(block).hexdigest()
    assert [(r["func"], r["reply_func"], r["is_orig"]) for r in rows["s7comm"]] == [
        (0x1A, 0x1A, True),
        (0x1B, 0x1B, False),
        (0x1B, 0x1B, False),
        (0x1C, 0x1C, False),
    ]


SZL = struct.pack(">HHHH", 0x1C, 0, 34, 2) + struct.pack(">H32sH32s", 1, b"MIXER 2", 5, b"S C-ABC123")
SZL_ASK = userdata(9, 0x44, 1, b"\xff\x09\x00\x04\x00\x1c\x00\x00")


def test_a_status_list_names_the_station() -> None:
    reply = userdata(9, 0x84, 1, b"\xff\x09" + struct.pack(">H", len(SZL)) + SZL, (0, 0, 0))
    rows = tell([("c", SZL_ASK), ("s", reply)], port=102)
    assert [(r["address"], r["name"], r["serial"]) for r in rows["identity"]] == [
        ("10.0.0.2", "MIXER 2", None),
        ("10.0.0.2", None, "S C-ABC123"),
    ]
    (row,) = rows["s7comm"]
    assert (row["group_name"], row["subfunc"], row["ud_type"], row["reply_type"], row["szl_id"]) == (
        "cpu_functions",
        1,
        4,
        8,
        0x1C,
    )


def test_a_status_list_in_two_parts_is_joined() -> None:
    parts = [
        userdata(ref, 0x84, 1, b"\xff\x09" + struct.pack(">H", len(part)) + part, (0xD5, more, 0))
        for ref, part, more in ((9, SZL[:50], 1), (10, SZL[50:], 0))
    ]
    again = userdata(10, 0x44, 1, b"\x0a\x00\x00\x00")
    rows = tell([("c", SZL_ASK), ("s", parts[0]), ("c", again), ("s", parts[1])], port=102)
    assert [r["name"] or r["serial"] for r in rows["identity"]] == ["MIXER 2", "S C-ABC123"]
    assert [(r["szl_id"], r["reply_szl_id"], r["reply"]) for r in rows["s7comm"]] == [(0x1C, None, 7), (None, 0x1C, 7)]


def test_cotp_fragments_are_joined_and_empty_ones_ignored() -> None:
    pdu = STOP[7:]
    pieces = [
        ("c", SETUP),
        ("s", SETUP_OK),
        ("c", tpkt(b"", eot=False)),
        ("c", tpkt(pdu[:9], eot=False)),
        ("c", tpkt(pdu[9:])),
        ("s", STOP_OK),
    ]
    rows = tell(pieces, port=102)
    assert [r["function"] for r in rows["s7comm"]] == ["setup_communication", "plc_stop"]
    assert rows["command"][0]["verb"] == "stop"


def plus(opcode: int, function: int, seq: int, rest: bytes, version: int = 2) -> bytes:
    body = struct.pack(">BHHHH", opcode, 0, function, 0, seq) + rest
    return tpkt(struct.pack(">BBH", 0x72, version, len(body)) + body + struct.pack(">BBH", 0x72, version, 0))


def test_s7comm_plus_is_a_service_of_its_own() -> None:
    create = plus(0x31, 0x04CA, 1, bytes(12), 1)
    created = plus(0x32, 0x04CA, 1, b"\x36\x11\x15\x1b1;6ES7 512-1CK01-0AB0;V2.9\x00", 1)
    start = plus(0x31, 0x04F2, 2, b"\x00\x00\x03\xc0\x34\x00\x00\x00\x34\x01\x90\x77\x08\x01")
    rows = tell(
        [("c", CR), ("s", CC), ("c", create), ("s", created), ("c", start), ("s", plus(0x32, 0x04F2, 2, b"\x34\x00"))],
        port=102,
    )
    assert rows["conn"][0]["service"] == "s7comm_plus"
    assert [(r["function"], r["func"], r["reply_func"]) for r in rows["s7comm_plus"]] == [
        ("cotp_connect", None, None),
        ("create_object", 0x04CA, 0x04CA),
        ("set_variable", 0x04F2, 0x04F2),
    ]
    assert (rows["identity"][0]["order_number"], rows["identity"][0]["firmware"]) == ("6ES7 512-1CK01-0AB0", "V2.9")
    assert (rows["command"][0]["verb"], rows["command"][0]["result"]) == ("set_mode", "ok")


def test_other_users_of_cotp_are_not_taken_for_s7() -> None:
    mms = tpkt(bytes.fromhex("0d3205061301001602140200023302000134020001c11a3118a003800101"))
    rows = tell([("c", CR), ("s", CC), ("c", mms), ("s", mms)], port=102)
    assert rows["conn"][0]["service"] not in ("s7comm", "s7comm_plus")
    assert not rows["s7comm"]
    assert not rows["s7comm_plus"]


def test_s7_is_recognised_on_another_port() -> None:
    rows = tell([("c", CR), ("s", CC), ("c", SETUP), ("s", SETUP_OK)], port=20102)
    assert rows["conn"][0]["service"] == "s7comm"


DIALOGUE = [
    ("c", CR),
    ("s", CC),
    ("c", SETUP),
    ("s", SETUP_OK),
    ("c", READ),
    ("s", READ_OK),
    ("c", WRITE),
    ("s", WRITE_OK),
    ("c", STOP),
    ("s", STOP_OK),
]


def _told(rows: Rows) -> list[tuple[object, ...]]:
    return [(r["function"], r["item"], r["area"], r["error_name"], r["func"], r["reply_func"]) for r in rows["s7comm"]]


@pytest.mark.parametrize("cut", [2, 3, 7, 11])
def test_cutting_the_stream_changes_nothing(cut: int) -> None:
    assert _told(tell(DIALOGUE, port=102, cut=cut)) == _told(tell(DIALOGUE, port=102))


def test_damaged_messages_never_stop_the_sensor() -> None:
    dice = random.Random(7)
    damaged = []
    for _ in range(60):
        for who, message in DIALOGUE[2:]:
            wrong = bytearray(message)
            for _ in range(dice.randrange(3)):
                wrong[dice.randrange(7, len(wrong))] = dice.randrange(256)
            damaged.append((who, bytes(wrong)))
    rows = tell(damaged, port=102)
    assert len(rows["s7comm"]) > 100
