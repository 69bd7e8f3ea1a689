"""MMS: names, values, programs and files, over session and presentation and without them."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import Any

import pytest

from tests.protocols.harness import Rows, tell

CR = bytes.fromhex("0300001611e00000000100c0010ac1020001c2020001")
CC = bytes.fromhex("0300001611d00001000200c0010ac1020001c2020001")


def tlv(tag: int | bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack("!H", len(body))
    return (bytes([tag]) if isinstance(tag, int) else tag) + size + body


def cotp(user: bytes) -> bytes:
    return struct.pack("!BBH", 3, 0, 7 + len(user)) + b"\x02\xf0\x80" + user


def data(pdu: bytes) -> bytes:
    """A PDU in presentation data, session data and COTP."""
    return cotp(b"\x01\0\x01\0" + tlv(0x61, tlv(0x30, b"\x02\x01\x03", tlv(0xA0, pdu))))


def associate(pdu: bytes, answer: bool = False) -> bytes:
    """An initiate in ACSE, presentation and a session CONNECT or ACCEPT."""
    external = tlv(0xBE, tlv(0x28, b"\x06\x02\x51\x01\x02\x01\x03", tlv(0xA0, pdu)))
    acse = tlv(0x61 if answer else 0x60, tlv(0xA1, b"\x06\x05\x28\xca\x22\x02\x03"), external)
    values = tlv(0x61, tlv(0x30, b"\x02\x01\x01", tlv(0xA0, acse)))
    cp = tlv(0x31, b"\xa0\x03\x80\x01\x01", tlv(0xA2, values))
    body = b"\x05\x03\x13\x01\0\xc1" + bytes([len(cp)]) + cp
    return cotp(bytes([0x0E if answer else 0x0D, len(body)]) + body)


def number(value: int, tag: int = 0x02) -> bytes:
    return tlv(tag, value.to_bytes(max(1, (value.bit_length() + 8) // 8), "big"))


def context(service: int, constructed: bool = True) -> bytes:
    kind = 0xA0 if constructed else 0x80
    return bytes([kind | service]) if service < 31 else bytes([kind | 0x1F, service])


def ask(invoke: int, service: int, *content: bytes, constructed: bool = True) -> bytes:
    return data(tlv(0xA0, number(invoke), tlv(context(service, constructed), *content)))


def answer(invoke: int, service: int, *content: bytes, constructed: bool = True) -> bytes:
    return data(tlv(0xA1, number(invoke), tlv(context(service, constructed), *content)))


def text(value: str, tag: int = 0x1A) -> bytes:
    return tlv(tag, value.encode())


def point(domain: str, item: str) -> bytes:
    return tlv(0xA1, text(domain), text(item))


def variables(*points: bytes) -> bytes:
    return tlv(0xA0, *(tlv(0x30, tlv(0xA0, p)) for p in points))


def f32(value: float) -> bytes:
    return tlv(0x87, b"\x08" + struct.pack("!f", value))


INITIATE = associate(tlv(0xA8, number(32000, 0x80), number(5, 0x81)))
INITIATED = associate(tlv(0xA9, number(16000, 0x80)), answer=True)
STATUS, MODE = point("LD0", "XCBR1$ST$Pos"), point("LD0", "MMXU1$MX$TotW$mag$f")
READ = ask(7, 4, tlv(0xA1, variables(STATUS, MODE)))
READ_ANSWER = answer(7, 4, tlv(0xA1, tlv(0xA2, tlv(0x84, b"\x06\x80"), tlv(0x84, b"\x03\0\0")), f32(12.5)))
STOP = ask(9, 41, text("APP1", 0x80))
STOP_ANSWER = answer(9, 41, constructed=False)
ON = tlv(0xA2, tlv(0x83, b"\x01"), tlv(0x85, b"\x02"))
OPERATE = ask(10, 5, variables(point("LD0", "CSWI1$CO$Pos$Oper")), tlv(0xA0, ON))
WRITTEN = answer(10, 5, tlv(0x81))


def said(*messages: tuple[str, bytes]) -> Rows:
    return tell([("c", INITIATE), ("s", INITIATED), *messages], 102)


def commands(*messages: tuple[str, bytes]) -> list[dict[str, Any]]:
    return said(*messages)["command"]


def test_an_association_is_a_row_with_the_size_agreed() -> None:
    rows = tell([("c", CR), ("s", CC), ("c", INITIATE), ("s", INITIATED)], 102)
    assert rows["conn"][0]["service"] == "mms"
    assert [(r["function"], r["pdu_size"]) for r in rows["mms"]] == [("cotp_connect", None), ("initiate", 16000)]


def test_a_read_has_a_row_and_a_reading_per_variable() -> None:
    rows = said(("c", READ), ("s", READ_ANSWER))
    read = [r for r in rows["mms"] if r["function"] == "read"]
    assert [(r["item"], r["name"], r["constraint"], r["service"], r["reply"]) for r in read] == [
        (0, "LD0/XCBR1$ST$Pos", "status", 4, 4), (1, "LD0/MMXU1$MX$TotW$mag$f", "measured", None, None)]  # fmt: skip
    # A double point of two bits is a number, its quality of thirteen is not; parts of a structure are numbered.
    assert [(r["name"], r["area"], r["start"], r["values"]) for r in rows["reading"]] == [
        ("LD0/XCBR1$ST$Pos", "status", 0, [2.0]), ("LD0/MMXU1$MX$TotW$mag$f", "measured", None, [12.5])]  # fmt: skip
    assert [(c["verb"], c["target"], c["answered"], c["result"]) for c in rows["command"]] == [
        ("read", "status LD0/XCBR1$ST$Pos", 1, "ok"),
        ("read", "measured LD0/MMXU1$MX$TotW$mag$f", 1, "ok"),
    ]


def test_a_variable_that_does_not_exist_is_an_error_of_its_own() -> None:
    rows = said(("c", READ), ("s", answer(7, 4, tlv(0xA1, tlv(0x80, b"\x0a"), f32(1.0)))))
    assert [r["error_name"] for r in rows["mms"] if r["function"] == "read"] == ["object_non_existent", None]


def test_a_control_is_a_write_to_the_area_control() -> None:
    rows = said(("c", OPERATE), ("s", WRITTEN))
    (command,) = rows["command"]
    assert (command["verb"], command["target"]) == ("write", "control LD0/CSWI1$CO$Pos$Oper")
    assert (command["value"], command["result"]) == ("1,2", "ok")


@pytest.mark.parametrize(("item", "verb"), [
    ("LLN0$BR$rcb1$RptEna", "subscribe"), ("LLN0$GO$gcb1$GoEna", "configure"), ("GGIO1$SP$Set$setMag", "write"),
    ("MMXU1$SV$TotW$subEna", "force"), ("counter", "write"),
])  # fmt: skip
def test_what_a_write_means_depends_on_the_constraint(item: str, verb: str) -> None:
    (command,) = commands(("c", ask(1, 5, variables(point("LD0", item)), tlv(0xA0, tlv(0x83, b"\x01")))),
                          ("s", answer(1, 5, tlv(0x80, b"\x03"))))  # fmt: skip
    assert (command["verb"], command["result"]) == (verb, "object_access_denied")


@pytest.mark.parametrize(("service", "verb"), [
    (40, "start"), (41, "stop"), (42, "start"), (43, "restart"), (44, "stop"),
])  # fmt: skip
def test_program_invocations_are_started_and_stopped_by_name(service: int, verb: str) -> None:
    (command,) = commands(("c", ask(3, service, text("APP1", 0x80))), ("s", answer(3, service, constructed=False)))
    assert (command["verb"], command["target"], command["result"]) == (verb, "program APP1", "ok")


def test_mms_right_on_cotp_is_read_even_if_the_other_side_is_garbled() -> None:
    initiate = cotp(tlv(0xA8, number(31, 0x80)))
    stop = cotp(tlv(0xA0, number(1), tlv(context(41), text("APP1", 0x80))))
    rows = tell([("c", CR), ("s", bytes.fromhex("0300000500d080")), ("c", initiate),
                 ("s", bytes.fromhex("03000007000f80a900")), ("c", stop)], 102)  # fmt: skip
    assert rows["conn"][0]["service"] == "mms"
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["result"]) == ("stop", "program APP1", "unanswered")


def test_identify_is_an_identity() -> None:
    what = answer(2, 2, text("Vendor", 0x80), text("Relay 5", 0x81), text("3.1", 0x82))
    (who,) = said(("c", ask(2, 2, constructed=False)), ("s", what))["identity"]
    assert (who["address"], who["vendor"], who["model"], who["firmware"]) == ("10.0.0.2", "Vendor", "Relay 5", "3.1")


def test_names_are_browsed_and_counted() -> None:
    asked = ask(4, 1, tlv(0xA0, b"\x80\x01\0"), tlv(0xA1, text("LD0", 0x81)))
    rows = said(("c", asked), ("s", answer(4, 1, tlv(0xA0, text("A"), text("B"), text("C")), b"\x81\x01\0")))
    assert [(r["name"], r["items"]) for r in rows["mms"] if r["service"] == 1] == [("LD0", 3)]
    assert rows["command"][0]["verb"] == "browse"


def test_a_list_of_names_that_is_cut_short_counts_the_whole_ones() -> None:
    asked = ask(4, 1, tlv(0xA0, b"\x80\x01\0"), tlv(0xA1, text("LD0", 0x81)))
    cut = tlv(0xA0, text("A"), tlv(0x1A, bytes(200)), b"\x1a\x05B")
    rows = said(("c", asked), ("s", answer(4, 1, cut)))
    assert [(r["name"], r["items"]) for r in rows["mms"] if r["service"] == 1] == [("LD0", 2)]
    assert [w["name"] for w in rows["weird"]] == ["mms_truncated"]


def test_an_error_names_its_class_and_code() -> None:
    error = data(tlv(0xA2, number(9, 0x80), tlv(0xA2, tlv(0xA0, b"\x84\x01\x02"))))
    (command,) = commands(("c", STOP), ("s", error))
    assert (command["verb"], command["errors"]) == ("stop", 1)
    assert command["result"] == "service: object_state_conflict"


def test_a_reject_names_its_reason() -> None:
    (command,) = commands(("c", STOP), ("s", data(tlv(0xA4, number(9, 0x80), b"\x81\x01\x01"))))
    assert command["result"] == "reject confirmed_request: unrecognized_service"


def test_a_downloaded_domain_is_one_transfer() -> None:
    # The device asks for the parts; the client has them.
    parts = [("s", ask(n, 27, b"DOM", constructed=False)) for n in (1, 2)]
    told = [("c", answer(1, 27, tlv(0x80, b"first "))), ("c", answer(2, 27, tlv(0x80, b"second"), b"\x81\x01\0"))]
    start = ask(5, 26, text("DOM", 0x80), tlv(0xA1, text("cap")), b"\x82\x01\0")
    rows = said(("c", start), ("s", answer(5, 26, constructed=False)), parts[0], told[0], parts[1], told[1])
    (moved,) = rows["transfer"]
    assert (moved["kind"], moved["direction"], moved["name"]) == ("program", "download", "DOM")
    assert moved["sha256"] == sha256(b"first second").hexdigest()
    assert [(c["verb"], c["target"]) for c in rows["command"]] == [("program_download", "domain DOM")]


def test_files_are_read_renamed_and_deleted_by_name() -> None:
    name = tlv(0xA0, tlv(0x19, b"COMTRADE/1.dat"))
    rows = said(
        ("c", ask(1, 72, name, b"\x81\x01\0")), ("s", answer(1, 72, number(5, 0x80), tlv(0xA1, number(4, 0x80)))),
        ("c", ask(2, 73, b"\x05", constructed=False)), ("s", answer(2, 73, tlv(0x80, b"wave"), b"\x81\x01\0")),
        ("c", ask(3, 75, name, tlv(0xA1, tlv(0x19, b"old.dat")))), ("s", answer(3, 75, constructed=False)),
        ("c", ask(4, 76, tlv(0x19, b"old.dat"))), ("s", answer(4, 76, constructed=False)),
    )  # fmt: skip
    assert [(c["function"], c["target"]) for c in rows["command"] if c["verb"] == "write"] == [
        ("file_rename", "file COMTRADE/1.dat"), ("file_delete", "file old.dat")]  # fmt: skip
    (moved,) = rows["transfer"]
    assert (moved["kind"], moved["direction"], moved["bytes"]) == ("file", "upload", 4)
    assert [r["handle"] for r in rows["mms"] if r["function"] in ("file_open", "file_read")] == [5, 5]
    assert [r["new_name"] for r in rows["mms"] if r["function"] == "file_rename"] == ["old.dat"]


def test_a_report_tells_its_data_set_and_its_values() -> None:
    fields = tlv(0x84, b"\x06\x58\0")  # sequence number, reason, data set
    body = [text("LD0/rcb1", 0x8A), fields, number(3, 0x86), text("LD0/LLN0$ds1", 0x8A), tlv(0x84, b"\x06\xc0"),
            f32(50.5), tlv(0x83, b"\x01"), tlv(0x84, b"\x02\x04")]  # fmt: skip
    report = data(tlv(0xA3, tlv(0xA0, tlv(0xA1, text("RPT", 0x80)), tlv(0xA0, *body))))
    rows = said(("s", report))
    row = rows["mms"][-1] if rows["mms"][-1]["pdu"] == 163 else rows["mms"][0]
    assert (row["function"], row["name"], row["data_set"]) == ("information_report", "LD0/rcb1", "LD0/LLN0$ds1")
    assert [(r["source"], r["start"], r["values"]) for r in rows["reading"]][:2] == [
        ("10.0.0.2", 0, [50.5]), ("10.0.0.2", 1, [1.0])]  # fmt: skip


def test_values_reported_by_name_are_readings_of_the_sender() -> None:
    report = data(tlv(0xA3, tlv(0xA0, variables(text("flow", 0x80)), tlv(0xA0, tlv(0x85, b"\xff\x38")))))
    (reading,) = said(("s", report))["reading"]
    assert (reading["source"], reading["name"], reading["values"]) == ("10.0.0.2", "flow", [-200.0])


@pytest.mark.parametrize("user", [
    b"\x32\x01\0\0" + bytes(20), b"\xa0\x05\x02\x01\x01\xa4\x00\x00", b"\x7f\x65\x10" + bytes(16),
])  # fmt: skip
def test_what_is_not_mms_on_port_102_is_not_taken_for_it(user: bytes) -> None:
    rows = tell([("c", CR), ("s", CC), ("c", cotp(user))], 102)
    assert rows["conn"][0]["service"] != "mms"
    assert rows["mms"] == []
