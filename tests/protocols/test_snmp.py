"""SNMP: polls, identity answers, set requests, v3."""

import pytest

from linewarden.protocols._shared import ber
from tests.protocols.harness import tell


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def number(value: int, tag: int = 2) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    out = [bytes([40 * first + second])]
    for arc in rest:
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(arc & 0x7F | 0x80)
        out.append(bytes(reversed(octets)))
    return tlv(6, *out)


def pdu(tag: int, request: int, *bindings: tuple[str, bytes], error: int = 0) -> bytes:
    bound = tlv(0x30, *(tlv(0x30, oid(name), value) for name, value in bindings))
    return tlv(tag, number(request), number(error), number(0), bound)


def v2c(inner: bytes, community: bytes = b"plant") -> bytes:
    return tlv(0x30, number(1), tlv(4, community), inner)


NULL = b"\x05\x00"
SYSTEM = "1.3.6.1.2.1.1."


def test_a_poll_is_one_row_and_one_counted_command() -> None:
    talk = []
    for i in range(5):
        talk += [
            ("c", v2c(pdu(0xA0, 70_000 + i, ("1.3.6.1.2.1.2.2.1.10.1", NULL)))),
            ("s", v2c(pdu(0xA2, 70_000 + i, ("1.3.6.1.2.1.2.2.1.10.1", number(5, 0x41))))),
        ]
    rows = tell(talk, port=161, udp=True)
    assert len(rows["snmp"]) == 5
    row = rows["snmp"][0]
    assert (row["version"], row["community"], row["pdu_name"], row["reply_pdu"]) == ("2c", "plant", "get_request", 2)
    assert row["oid"] == "1.3.6.1.2.1.2.2.1.10.1"
    [command] = rows["command"]
    assert (command["verb"], command["count"], command["answered"], command["errors"]) == ("read", 5, 5, 0)
    assert not rows["identity"]


def test_system_group_identifies_the_agent() -> None:
    answer = pdu(
        0xA2,
        9,
        (SYSTEM + "1.0", tlv(4, b"Switch SW-8 rev 2")),
        (SYSTEM + "2.0", oid("1.3.6.1.4.1.248.14.10")),
        (SYSTEM + "3.0", number(100, 0x43)),
        (SYSTEM + "5.0", tlv(4, b"sw-line4")),
        (SYSTEM + "6.0", tlv(4, b"cabinet 12")),
    )
    rows = tell([("c", v2c(pdu(0xA0, 9, (SYSTEM + "1.0", NULL)))), ("s", v2c(answer))], port=161, udp=True)
    [who] = rows["identity"]
    assert (who["address"], who["name"], who["vendor"], who["location"], who["description"]) == (
        "10.0.0.2",
        "sw-line4",
        "Hirschmann",
        "cabinet 12",
        "Switch SW-8 rev 2",
    )


def test_chassis_serial_and_firmware() -> None:
    entity = "1.3.6.1.2.1.47.1.1.1.1."
    answer = pdu(
        0xA2,
        9,
        (entity + "11.1", tlv(4, b"SN-778")),
        (entity + "9.1", tlv(4, b"4.2.1")),
        (entity + "11.5", tlv(4, b"fan tray")),
    )
    rows = tell([("c", v2c(pdu(0xA0, 9, (entity + "11.1", NULL)))), ("s", v2c(answer))], port=161, udp=True)
    [who] = rows["identity"]
    assert (who["serial"], who["firmware"]) == ("SN-778", "4.2.1")


def test_a_set_is_a_write_with_object_and_value() -> None:
    ask = v2c(pdu(0xA3, 9, (SYSTEM + "5.0", tlv(4, b"renamed"))))
    [command] = tell([("c", ask)], port=161, udp=True)["command"]
    assert (command["verb"], command["target"], command["value"]) == ("write", SYSTEM + "5.0", "renamed")


def test_a_refusal_has_its_name() -> None:
    rows = tell(
        [("c", v2c(pdu(0xA0, 9, (SYSTEM + "9.0", NULL)))), ("s", v2c(pdu(0xA2, 9, (SYSTEM + "9.0", NULL), error=2)))],
        port=161,
        udp=True,
    )
    assert rows["snmp"][0]["error_name"] == "noSuchName"
    assert (rows["command"][0]["errors"], rows["command"][0]["result"]) == (1, "noSuchName")


def test_v3_tells_user_and_level_of_an_encrypted_message() -> None:
    def message(flags: int, body: bytes) -> bytes:
        usm = tlv(
            0x30,
            tlv(4, bytes.fromhex("800000f80312345678")),
            number(3),
            number(900),
            tlv(4, b"viewer"),
            tlv(4, bytes(12)),
            tlv(4, bytes(8)),
        )
        head = tlv(0x30, number(44), number(65_507), tlv(4, bytes([flags])), number(3))
        return tlv(0x30, number(3), head, tlv(4, usm), body)

    rows = tell([("c", message(7, tlv(4, bytes(40)))), ("s", message(3, tlv(4, bytes(60))))], port=161, udp=True)
    [row] = rows["snmp"]
    assert (row["version"], row["user"], row["level"], row["pdu"]) == ("3", "viewer", "authPriv", None)
    clear = tlv(0x30, tlv(4, b""), tlv(4, b""), pdu(0xA0, 5, (SYSTEM + "1.0", NULL)))
    rows = tell([("c", message(4, clear))], port=161, udp=True)
    assert (rows["snmp"][0]["pdu_name"], rows["snmp"][0]["level"]) == ("get_request", "noAuthNoPriv")


def test_v1_trap_is_told_by_the_agent() -> None:
    trap = tlv(
        0xA4, oid("1.3.6.1.4.1.248"), tlv(0x40, bytes([10, 0, 0, 1])), number(2), number(0), number(5, 0x43), tlv(0x30)
    )
    [row] = tell([("c", tlv(0x30, number(0), tlv(4, b"public"), trap))], port=162, udp=True)["snmp"]
    assert (row["version"], row["pdu_name"], row["generic_trap"]) == ("1", "trap", "linkDown")


def test_found_on_another_port_but_noise_is_not() -> None:
    assert tell([("c", v2c(pdu(0xA0, 1, (SYSTEM + "1.0", NULL))))], port=16_100, udp=True)["snmp"]
    assert not tell([("c", b"\x30\x20" + bytes(32))], port=161, udp=True)["snmp"]


def test_ber_refuses_lengths_past_the_end() -> None:
    assert [e.tag for e in ber.elements(b"\x02\x01\x05\x05\x00")] == [2, 5]
    for damaged in (b"\x30\x05\x01", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00\x00"):
        with pytest.raises(ValueError, match="BER"):
            list(ber.elements(damaged))
    assert ber.oid(bytes.fromhex("2b0601040181780e")) == "1.3.6.1.4.1.248.14"
