"""NTP: requests, answers, and what only looks like it."""

import struct

from tests.protocols.harness import tell


def packet(mode: int, stratum: int, ref: bytes, org: int = 0, xmt: int = 0, version: int = 4) -> bytes:
    return (
        struct.pack("!BBbbII", version << 3 | mode, stratum, 6, -20, 0x100, 0x200)
        + ref
        + struct.pack("!4Q", 0, org, 1, xmt)
    )


ASK = packet(3, 0, b"INIT", xmt=0xE1000000_12345678)
TELL = packet(4, 2, bytes([10, 0, 0, 9]), org=0xE1000000_12345678, xmt=0xE1000000_99999999)


def test_answer_is_found_by_the_time_it_returns() -> None:
    other = packet(3, 0, b"INIT", xmt=0xE1000000_00000001)
    rows = tell([("c", ASK), ("c", other), ("s", TELL)], port=123, udp=True)
    answered = next(r for r in rows["ntp"] if r["reply_mode"] is not None)
    assert (answered["frame"], answered["resp_frame"]) == (1, 3)
    assert (answered["mode_name"], answered["reply_mode_name"], answered["stratum"]) == ("client", "server", 2)
    assert (answered["ref_id"], answered["precision"]) == ("10.0.0.9", -20)


def test_reference_clock_of_a_primary_server() -> None:
    rows = tell([("c", ASK), ("s", packet(4, 1, b"GPS\0", org=0xE1000000_12345678))], port=123, udp=True)
    assert rows["ntp"][0]["ref_name"] == "GPS"


def test_broadcast_is_told_by_its_sender() -> None:
    [row] = tell([("s", packet(5, 2, bytes(4)))], port=123, client_port=123, udp=True)["ntp"]
    assert (row["mode_name"], row["resp_frame"]) == ("broadcast", None)


def test_other_ports_want_sane_fields() -> None:
    assert tell([("c", ASK), ("s", TELL)], port=4123, udp=True)["ntp"]
    assert not tell([("c", b"\x23" + b"\xaa" * 47), ("s", b"\x24" + b"\xaa" * 47)], port=4123, udp=True)["ntp"]
    assert not tell([("c", b"\x00" * 48)], port=123, udp=True)["ntp"]
