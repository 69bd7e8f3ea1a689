"""ARP transcripts: claims, and who makes them for another."""

from __future__ import annotations

import struct

from tests.protocols.harness import CLIENT_MAC, SERVER_MAC, Rows, ethernet

BROADCAST = b"\xff" * 6


def arp(opcode: int, src_mac: bytes, src_ip: int, dst_mac: bytes, dst_ip: int) -> bytes:
    """An ARP packet for IPv4 over Ethernet."""
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, opcode)
    return head + src_mac + struct.pack("!I", src_ip) + dst_mac + struct.pack("!I", dst_ip)


def claims(rows: Rows) -> list[tuple[str, str]]:
    """(MAC, IP) that somebody claimed."""
    return [(b["mac"], b["ip"]) for b in rows["binding"] if b["source"] == "arp"]


def test_a_request_and_its_reply_claim_two_addresses() -> None:
    rows = ethernet(0x0806, [
        ("c", arp(1, CLIENT_MAC, 0x0A000001, bytes(6), 0x0A000002)),
        ("s", arp(2, SERVER_MAC, 0x0A000002, CLIENT_MAC, 0x0A000001)),
    ])  # fmt: skip
    assert sorted(claims(rows)) == [("02:00:00:00:00:01", "10.0.0.1"), ("02:00:00:00:00:02", "10.0.0.2")]
    assert [(r["operation"], r["src_ip"], r["dst_ip"]) for r in rows["arp"]] == [
        ("request", "10.0.0.1", "10.0.0.2"), ("reply", "10.0.0.2", "10.0.0.1"),
    ]  # fmt: skip
    assert rows["weird"] == []


def test_a_probe_claims_nothing() -> None:
    rows = ethernet(0x0806, [("c", arp(1, CLIENT_MAC, 0, bytes(6), 0x0A000002))], dst=BROADCAST)
    assert claims(rows) == []
    assert rows["arp"][0]["probe"] is True


def test_an_announcement_is_marked() -> None:
    rows = ethernet(0x0806, [("c", arp(1, CLIENT_MAC, 0x0A000001, bytes(6), 0x0A000001))], dst=BROADCAST)
    assert rows["arp"][0]["gratuitous"] is True
    assert len(claims(rows)) == 1


def test_who_claims_for_another_mac_is_noticed_once() -> None:
    lie = arp(2, SERVER_MAC, 0x0A000002, CLIENT_MAC, 0x0A000001)
    rows = ethernet(0x0806, [("c", lie)] * 5, dst=SERVER_MAC)
    assert [w["name"] for w in rows["weird"]] == ["arp_sender_differs"]
    assert len(rows["arp"]) == 5


def test_other_hardware_is_left_alone() -> None:
    rows = ethernet(0x0806, [("c", struct.pack("!HHBBH", 6, 0x0800, 8, 4, 1) + bytes(24))])
    assert rows["arp"] == []
