"""BACnet: transcripts to records."""

from __future__ import annotations

import struct

from tests.protocols.harness import Rows, llc, tell

DEVICE, ANALOG_INPUT, ANALOG_OUTPUT = 8, 0, 1


def obj(kind: int, instance: int) -> str:
    """An object identifier in hex."""
    return (kind << 22 | instance).to_bytes(4, "big").hex()


def text(value: str) -> str:
    """A character string in hex."""
    data = b"\0" + value.encode()
    return bytes([0x75, len(data)]).hex() + data.hex()


def ip(apdu: str, *, function: int = 0x0A, npdu: str = "0104", before: str = "") -> bytes:
    """A BACnet/IP datagram: BVLC, NPDU, APDU."""
    body = bytes.fromhex(before + npdu + apdu)
    return struct.pack("!BBH", 0x81, function, 4 + len(body)) + body


def dialogue(*apdus: str) -> Rows:
    """APDUs in turn, both ends on port 47808, the client first."""
    messages = [("cs"[i % 2], ip(a, npdu="0104" if i % 2 == 0 else "0100")) for i, a in enumerate(apdus)]
    return tell(messages, port=47808, udp=True, client_port=47808)


def test_a_read_property_is_one_row_and_a_reading() -> None:
    what = f"0c{obj(ANALOG_INPUT, 3)}1955"
    rows = dialogue("000501 0c" + what, "3001 0c".replace(" ", "") + what + "3e44 41cc0000 3f".replace(" ", ""))
    (row,) = rows["bacnet"]
    assert (row["type"], row["service"], row["reply_type"], row["reply_service"]) == (0, 12, 3, 12)
    assert (row["function"], row["object_type"], row["instance"], row["property"]) == (
        "read_property", "analog_input", 3, "present_value")  # fmt: skip
    assert (row["bvlc"], row["reply_bvlc"], row["resp_frame"]) == (10, 10, 2)
    (reading,) = rows["reading"]
    assert (reading["source"], reading["area"], reading["start"], reading["values"]) == (
        "10.0.0.2", "analog_input", 3, [25.5])  # fmt: skip
    assert rows["command"][0]["verb"] == "read"


def test_a_write_is_a_command_and_its_error_is_told() -> None:
    write = f"000502 0f 0c{obj(ANALOG_OUTPUT, 2)}1955 3e44 42480000 3f 4908".replace(" ", "")
    rows = dialogue(write, "20020f", write.replace("000502", "000503", 1), "50030f 9102 9128".replace(" ", ""))
    told = [(c["verb"], c["target"], c["value"], c["result"]) for c in rows["command"]]
    assert told == [
        ("write", "analog_output 2", "50", "ok"),
        ("write", "analog_output 2", "50", "write_access_denied"),
    ]
    assert rows["bacnet"][0]["priority"] == 8
    assert [r["reply_type"] for r in rows["bacnet"]] == [2, 5]


def test_read_property_multiple_has_a_row_a_property() -> None:
    ask = f"000504 0e 0c{obj(DEVICE, 11)}1e 094d 0979 1f 0c{obj(ANALOG_INPUT, 1)}1e 0955 1f".replace(" ", "")
    answer = (
        f"30040e 0c{obj(DEVICE, 11)}1e 294d 4e{text('AHU-3')}4f 2979 4e{text('Example')}4f 1f"
        f" 0c{obj(ANALOG_INPUT, 1)}1e 2955 4e44 3f800000 4f 1f"
    ).replace(" ", "")
    rows = dialogue(ask, answer)
    assert [(r["property"], r["text"]) for r in rows["bacnet"]] == [
        ("object_name", "AHU-3"), ("vendor_name", "Example"), ("present_value", None)]  # fmt: skip
    assert [r["service"] for r in rows["bacnet"]] == [14, None, None]
    assert [r["reply_service"] for r in rows["bacnet"]] == [14, None, None]
    assert rows["reading"][0]["values"] == [1.0]
    (identity,) = rows["identity"]
    assert (identity["address"], identity["name"], identity["vendor"]) == ("10.0.0.2", "AHU-3", "Example")
    assert sum(c["count"] for c in rows["command"]) == 1


def test_a_point_is_read_with_its_name() -> None:
    ask = f"000504 0e 0c{obj(ANALOG_INPUT, 3)}1e 094d 0955 1f 0c{obj(ANALOG_INPUT, 4)}1e 0955 1f".replace(" ", "")
    answer = (
        f"30040e 0c{obj(ANALOG_INPUT, 3)}1e 294d 4e{text('Zone temp')}4f 2955 4e44 41cc0000 4f 1f"
        f" 0c{obj(ANALOG_INPUT, 4)}1e 2955 4e44 3f800000 4f 1f"
    ).replace(" ", "")
    rows = dialogue(ask, answer)
    assert [(r["area"], r["start"], r["name"], r["values"]) for r in rows["reading"]] == [
        ("analog_input", 3, "Zone temp", [25.5]), ("analog_input", 4, None, [1.0])]  # fmt: skip
    assert [c["target"] for c in rows["command"]] == ["analog_input 3"]


def test_who_is_browses_and_i_am_identifies() -> None:
    who = ip("1008", function=0x0B, npdu="0120ffff00ff")
    iam = ip(f"1000c4{obj(DEVICE, 7)}2205c4910321{36:02x}", function=0x0B, npdu="0120ffff00ff")
    rows = tell([("c", who), ("s", iam)], port=47808, udp=True, client_port=47808)
    assert [r["unconfirmed"] for r in rows["bacnet"]] == [8, 0]
    assert rows["bacnet"][1]["vendor_id"] == 36
    assert rows["command"][0]["verb"] == "browse"
    assert rows["identity"][0]["vendor"] == "Tridium"


def test_strings_are_read_and_written_as_text() -> None:
    what = f"0c{obj(40, 3)}1955"
    rows = dialogue(
        f"000501 0f {what} 3e {text('Summer')} 3f".replace(" ", ""), "20010f",
        f"000502 0c {what}".replace(" ", ""), f"30020c {what} 3e {text('Summer')} 3f".replace(" ", ""),
    )  # fmt: skip
    write = next(c for c in rows["command"] if c["verb"] == "write")
    assert (write["target"], write["value"]) == ("characterstring_value 3", "Summer")
    assert [(r["area"], r["text"]) for r in rows["reading"]] == [("characterstring_value", "Summer")]


def test_restart_and_silencing() -> None:
    rows = dialogue("000505 14 0900".replace(" ", ""), "200514", "000506 11 1901".replace(" ", ""), "200611")
    assert [(c["verb"], c["function"], c["result"]) for c in rows["command"]] == [
        ("restart", "reinitialize_device", "ok"), ("inhibit", "device_communication_control", "ok")]  # fmt: skip


def test_a_change_of_value_is_a_reading() -> None:
    cov = (
        f"1002 0912 1c{obj(DEVICE, 4)} 2c{obj(ANALOG_INPUT, 9)} 3900 4e 0955 2e44 40000000 2f 096f 2e82 0400 2f 4f"
    ).replace(" ", "")
    rows = tell([("s", ip(cov, npdu="0100"))], port=47808, udp=True, client_port=47808)
    (reading,) = rows["reading"]
    assert (reading["unit"], reading["area"], reading["start"], reading["values"]) == (4, "analog_input", 9, [2.0])
    assert [r["unconfirmed"] for r in rows["bacnet"]] == [2, None]


def test_devices_behind_a_router_are_kept_apart() -> None:
    what = f"0c{obj(ANALOG_INPUT, 1)}1955"
    messages = []
    for mac, value in (("05", "3f800000"), ("06", "40000000")):
        messages.append(("c", ip("0005010c" + what, npdu=f"0124 1770 01 {mac} ff".replace(" ", ""))))
        messages.append(("s", ip(f"30010c{what}3e44{value}3f", npdu=f"0108 1770 01 {mac}".replace(" ", ""))))
    messages[1], messages[3] = messages[3], messages[1]
    rows = tell(messages, port=47808, udp=True, client_port=47808)
    paired = [(r["network"], r["address"], r["type"], r["reply_type"]) for r in rows["bacnet"]]
    assert (0x1770, 5, 0, 3) in paired


def test_segments_are_gathered() -> None:
    data = f"0c{obj(DEVICE, 11)}194d3e{text('A long enough name')}3f"
    first, rest = data[:20], data[20:]
    rows = tell([
        ("c", ip(f"0205010c0c{obj(DEVICE, 11)}194d")), ("s", ip("3c0100040c" + first, npdu="0100")),
        ("c", ip("40010004")), ("s", ip("380101040c" + rest, npdu="0100")),
    ], port=47808, udp=True, client_port=47808)  # fmt: skip
    assert rows["identity"][0]["name"] == "A long enough name"
    whole = [r for r in rows["bacnet"] if r["service"] == 12 and r["reply_service"] == 12]
    assert len(whole) == 1


def test_bacnet_on_ethernet() -> None:
    iam = bytes.fromhex(f"828203 0120ffff00ff 1000c4{obj(DEVICE, 7)}2205c4910321{36:02x}".replace(" ", ""))
    rows = llc([("c", iam)], dst=b"\xff" * 6)
    assert (rows["bacnet"][0]["bvlc"], rows["bacnet"][0]["unconfirmed"]) == (None, 0)
    assert rows["identity"][0]["address"] == "02:00:00:00:00:01"


def test_damaged_messages_are_weird_not_fatal() -> None:
    good = ip(f"1000c4{obj(DEVICE, 7)}2205c4910321{36:02x}", npdu="0100")
    bad = ip(f"1000c4{obj(DEVICE, 7)}22", npdu="0100")
    rows = tell([("c", good), ("c", bad)], port=47808, udp=True, client_port=47808)
    assert len(rows["bacnet"]) == 2
    assert rows["weird"]


def test_other_datagrams_on_the_port_are_not_bacnet() -> None:
    rows = tell([("c", b"\x81" + b"\0" * 40)], port=47808, udp=True)
    assert rows["conn"][0]["service"] != "bacnet"
