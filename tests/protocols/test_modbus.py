"""Modbus/TCP: transcripts to records."""

from __future__ import annotations

import pytest

from tests.protocols.harness import tell

READ = bytes.fromhex("0001 0000 0006 01 03 006b 0003")
READ_ANSWER = bytes.fromhex("0001 0000 0009 01 03 06 022b 0000 0064")
WRITE = bytes.fromhex("0002 0000 000b 01 10 0001 0002 04 000a 0102")
WRITE_ANSWER = bytes.fromhex("0002 0000 0006 01 10 0001 0002")
EXCEPTION = bytes.fromhex("0001 0000 0003 01 83 02")


def test_a_read_and_its_answer_are_one_row_and_one_reading() -> None:
    rows = tell([("c", READ), ("s", READ_ANSWER)], port=502)
    (row,) = rows["modbus"]
    assert (row["func"], row["function"], row["address"], row["quantity"]) == (3, "read_holding_registers", 107, 3)
    assert (row["frame"], row["resp_frame"], row["is_orig"]) == (4, 5, True)
    assert row["rtt_ns"] == 1_000_000
    (reading,) = rows["reading"]
    assert (reading["source"], reading["area"], reading["start"]) == ("10.0.0.2", "holding_register", 107)
    assert reading["values"] == [555.0, 0.0, 100.0]
    assert rows["conn"][0]["service"] == "modbus"


def test_a_write_is_a_command_of_its_own() -> None:
    rows = tell([("c", READ), ("s", READ_ANSWER), ("c", WRITE), ("s", WRITE_ANSWER)], port=502)
    write = next(c for c in rows["command"] if c["verb"] == "write")
    assert (write["target"], write["value"], write["result"]) == ("holding_register 1-2", "10,258", "ok")
    assert (write["id.orig_h"], write["id.resp_h"]) == ("10.0.0.1", "10.0.0.2")


def test_polling_is_counted_not_listed() -> None:
    rows = tell([("c", READ), ("s", READ_ANSWER)] * 20, port=502)
    (poll,) = rows["command"]
    assert (poll["verb"], poll["count"], poll["answered"], poll["errors"]) == ("read", 20, 20, 0)
    assert len(rows["modbus"]) == 20


def test_an_exception_is_told_by_name() -> None:
    rows = tell([("c", READ), ("s", EXCEPTION)], port=502)
    assert rows["modbus"][0]["exception_name"] == "illegal_data_address"
    assert rows["command"][0]["errors"] == 1
    assert rows["command"][0]["result"] == "illegal_data_address"


def test_an_unanswered_request_is_still_told() -> None:
    rows = tell([("c", WRITE)], port=502)
    assert rows["modbus"][0]["resp_frame"] is None
    assert rows["command"][0]["result"] == "unanswered"


@pytest.mark.parametrize("cut", [1, 2, 5, 7, 8, 13])
def test_cutting_the_stream_changes_nothing(cut: int) -> None:
    dialogue = [("c", READ), ("s", READ_ANSWER), ("c", WRITE + READ), ("s", WRITE_ANSWER + EXCEPTION)]
    whole, pieces = tell(dialogue, port=502), tell(dialogue, port=502, cut=cut)

    def told(rows: dict[str, list[dict[str, object]]]) -> list[tuple[object, ...]]:
        return [(r["tid"], r["func"], r["address"], r["quantity"], r["exception"]) for r in rows["modbus"]]

    assert told(pieces) == told(whole)
    assert [r["values"] for r in pieces["reading"]] == [r["values"] for r in whole["reading"]]


def test_an_odd_port_is_recognised_without_a_handshake_and_the_dialogue_tells_who_asks() -> None:
    dialogue = [("s", READ), ("c", READ_ANSWER)]
    rows = tell(dialogue, port=40_001, client_port=40_002, handshake=False)
    assert rows["conn"][0]["service"] == "modbus"
    assert rows["conn"][0]["direction"] == "dialogue"
    assert rows["modbus"][0]["id.orig_h"] == "10.0.0.2"
    assert rows["modbus"][0]["func"] == 3


def test_other_traffic_on_port_502_is_not_modbus() -> None:
    rows = tell([("c", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("s", b"HTTP/1.1 200 OK\r\n\r\n")], port=502)
    assert rows["conn"][0]["service"] != "modbus"
    assert not rows["modbus"]


def test_device_identification_becomes_an_identity() -> None:
    ask = bytes.fromhex("0003 0000 0005 01 2b 0e 01 00")
    objects = b"".join(bytes([i, len(t)]) + t for i, t in enumerate([b"Acme", b"PM-55", b"V2.1"]))
    body = bytes.fromhex("01 2b 0e 01 01 00 00 03") + objects
    answer = bytes.fromhex("0003 0000") + len(body).to_bytes(2, "big") + body
    rows = tell([("c", ask), ("s", answer)], port=502)
    (identity,) = rows["identity"]
    assert (identity["address"], identity["vendor"]) == ("10.0.0.2", "Acme")
    assert (identity["order_number"], identity["firmware"]) == ("PM-55", "V2.1")


def test_the_host_on_the_port_answers_even_if_it_opened_the_connection() -> None:
    rows = tell([("c", EXCEPTION), ("c", READ_ANSWER)], port=4446, client_port=502)
    refused, told = rows["modbus"]
    assert (refused["exception"], refused["is_orig"], refused["resp_frame"]) == (2, False, 4)
    assert (told["func"], told["is_orig"]) == (3, False)
    assert rows["reading"][0]["source"] == "10.0.0.1"
