"""Who somebody is, is parsed once an hour; a login is told each time."""

from __future__ import annotations

from tests.protocols.harness import CLIENT_MAC, SERVER_MAC, read_frames, tcp_frames
from tests.protocols.test_lldp import LLDP_MULTICAST, PORT, TTL, lldpdu, tlv
from tests.protocols.test_profinet_dcp import block, dcp

HOUR_MS = 3_600_000
AFTER_THE_FLOW_TIMED_OUT_MS = 300_000


def announcement(name: bytes) -> bytes:
    """An LLDP frame."""
    pdu = lldpdu(tlv(1, b"\x04\x02\x00\x00\x00\x00\x0f"), PORT, TTL, tlv(5, name))
    return (LLDP_MULTICAST + CLIENT_MAC + b"\x88\xcc" + pdu).ljust(60, b"\0")


def names(frames: list[bytes], times_ms: list[int]) -> list[str]:
    """Names that were told, in order of time."""
    rows = read_frames(frames, times_ms=times_ms)["identity"]
    return [row["name"] for row in sorted(rows, key=lambda r: r["ts"])]


def test_what_a_switch_repeats_is_told_once_even_in_a_new_conversation() -> None:
    again = announcement(b"hall-3")
    times = [0, 30_000, 30_000 + AFTER_THE_FLOW_TIMED_OUT_MS]
    assert names([again, again, again], times) == ["hall-3"]


def test_another_name_is_told_at_once() -> None:
    frames = [announcement(b"hall-3"), announcement(b"hall-4"), announcement(b"hall-3")]
    assert names(frames, [0, 1_000, 2_000]) == ["hall-3", "hall-4"]


def test_after_an_hour_it_is_told_again() -> None:
    again = announcement(b"hall-3")
    assert names([again, again], [0, HOUR_MS]) == ["hall-3", "hall-3"]


def test_every_login_is_told_though_the_words_are_the_same() -> None:
    login = [("s", b"220 ProFTPD ready\r\n"), ("c", b"USER anna\r\n"), ("s", b"331 Password\r\n"), ("c", b"PASS x\r\n")]
    frames = [f for port in (50_001, 50_002, 50_003) for f in tcp_frames(login, 21, client_port=port)]
    assert len(read_frames(frames)["command"]) == 3


def test_what_the_budget_turned_away_is_told_when_it_is_said_again() -> None:
    flood = [announcement(b"made-up-%d" % i) for i in range(300)]
    late = flood[-1]
    told = names([*flood, late], [*range(300), AFTER_THE_FLOW_TIMED_OUT_MS])
    assert len(told) < 300
    assert told[-1] == "made-up-299"


def announcement_of(sender: int, name: bytes) -> bytes:
    """An LLDP frame of one of many made-up switches, of whom none says more than a switch may."""
    mac = b"\x02\x00" + sender.to_bytes(4, "big")
    pdu = lldpdu(tlv(1, b"\x04" + mac), PORT, TTL, tlv(5, name))
    return (LLDP_MULTICAST + mac + b"\x88\xcc" + pdu).ljust(60, b"\0")


def test_a_protocol_that_floods_does_not_silence_another() -> None:
    flood = [announcement_of(i % 50, b"made-up-%d" % i) for i in range(6_000)]
    answer = block(2, 2, b"\0\0feeder-7")
    device = (CLIENT_MAC + SERVER_MAC + b"\x88\x92" + dcp(0xFEFF, 5, 1, answer)).ljust(60, b"\0")
    rows = read_frames([*flood, device])
    told = [row["name"] for row in rows["identity"]]
    assert "lldp_rich_budget_exceeded" in {row["name"] for row in rows["weird"]}
    assert "feeder-7" in told
    assert len(told) < 3_000
