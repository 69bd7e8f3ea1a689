"""LLDP, CDP and spanning tree transcripts: what neighbours say of themselves."""

from __future__ import annotations

import struct

from tests.protocols.harness import ethernet, llc

LLDP_MULTICAST = bytes.fromhex("0180c200000e")
CDP_MULTICAST = bytes.fromhex("01000ccccccc")
STP_MULTICAST = bytes.fromhex("0180c2000000")


def tlv(kind: int, value: bytes) -> bytes:
    """An LLDP TLV."""
    return struct.pack("!H", kind << 9 | len(value)) + value


def lldpdu(*tlvs: bytes) -> bytes:
    """An LLDPDU with its end."""
    return b"".join(tlvs) + b"\0\0"


PORT, TTL = tlv(2, b"\x07port-001"), tlv(3, b"\x00\x14")


def test_a_switch_says_name_address_and_role() -> None:
    rows = ethernet(0x88CC, [("c", lldpdu(
        tlv(1, b"\x04\x02\x00\x00\x00\x00\x0f"), PORT, TTL, tlv(5, b"hall-3"), tlv(6, b"WeOS v4.29"),
        tlv(7, b"\x00\x14\x00\x04"), tlv(8, b"\x05\x01\x0a\x00\x00\x63\x02\x00\x00\x00\x01\x00"),
        tlv(127, b"\x00\x0e\xcf\x02\x00\x00\x00\x00"),
    ))], dst=LLDP_MULTICAST)  # fmt: skip
    (who,) = rows["identity"]
    assert (who["address"], who["mac"], who["ip"]) == ("02:00:00:00:00:01", "02:00:00:00:00:0f", "10.0.0.99")
    assert (who["name"], who["description"], who["role"]) == ("hall-3", "WeOS v4.29", "switch")
    (row,) = rows["lldp"]
    assert (row["port_id"], row["ttl"], row["organisational"], row["addresses"], row["tlvs"]) == (
        "port-001", 20, 1, 1, 9,
    )  # fmt: skip


def test_a_management_address_may_be_ipv6() -> None:
    six = tlv(8, b"\x11\x02\xfe\x80" + bytes(13) + b"\x01" + b"\x02\x00\x00\x00\x01\x00")
    rows = ethernet(
        0x88CC, [("c", lldpdu(tlv(1, b"\x04\x02\x00\x00\x00\x00\x0f"), PORT, TTL, six))], dst=LLDP_MULTICAST
    )
    assert (rows["lldp"][0]["management_ip"], rows["identity"][0]["ip"]) == ("fe80::1", "fe80::1")


def test_a_siemens_chassis_id_is_taken_apart() -> None:
    chassis = b"\x07" + b"S7-1500".ljust(25) + b" " + b"6ES7 516-3AN01-0AB0".ljust(20) + b" "
    chassis += b"S C-K7LT20762018" + b" " + b"    3" + b" " + b"V  2  6  0"
    rows = ethernet(0x88CC, [("c", lldpdu(tlv(1, chassis), PORT, TTL))], dst=LLDP_MULTICAST)
    (who,) = rows["identity"]
    assert (who["vendor"], who["model"], who["order_number"]) == ("Siemens", "S7-1500", "6ES7 516-3AN01-0AB0")
    assert (who["serial"], who["hardware"], who["firmware"]) == ("S C-K7LT20762018", "3", "V2.6.0")


def test_a_description_that_lists_order_number_and_firmware() -> None:
    text = b"Siemens, SIMATIC NET, SCALANCE X212-2, 6GK5 212-2BB00-2AA3, HW: 7, FW: V4.02"
    rows = ethernet(0x88CC, [("c", lldpdu(tlv(1, b"\x07sw"), PORT, TTL, tlv(6, text)))], dst=LLDP_MULTICAST)
    (who,) = rows["identity"]
    assert (who["model"], who["order_number"], who["hardware"], who["firmware"]) == (
        "SCALANCE X212-2", "6GK5 212-2BB00-2AA3", "7", "V4.02",
    )  # fmt: skip
    assert who["name"] == "sw"


def test_the_same_frame_again_is_one_identity() -> None:
    frame = lldpdu(tlv(1, b"\x07sw"), PORT, TTL)
    rows = ethernet(0x88CC, [("c", frame)] * 10, dst=LLDP_MULTICAST)
    assert (len(rows["identity"]), len(rows["lldp"])) == (1, 10)


def test_a_tlv_that_runs_out_is_a_weird() -> None:
    rows = ethernet(0x88CC, [("c", tlv(1, b"\x07sw") + PORT + TTL + struct.pack("!H", 5 << 9 | 500) + b"x" * 60)])
    assert [w["name"] for w in rows["weird"]] == ["lldp_truncated"]


def cdp_tlv(kind: int, value: bytes) -> bytes:
    """A CDP TLV; its length counts its head."""
    return struct.pack("!HH", kind, len(value) + 4) + value


def test_a_cisco_switch() -> None:
    address = struct.pack("!I", 1) + b"\x01\x01\xcc\x00\x04\x0a\x00\x00\x07"
    body = b"\x02\xb4\x00\x00" + b"".join([
        cdp_tlv(1, b"core-1"), cdp_tlv(2, address), cdp_tlv(4, b"\x00\x00\x00\x28"),
        cdp_tlv(5, b"Cisco IOS Software, Version 12.2(44)SE, RELEASE"), cdp_tlv(6, b"cisco WS-C3560-24TS"),
    ])  # fmt: skip
    rows = llc([("c", b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + body)], dst=CDP_MULTICAST)
    (who,) = rows["identity"]
    assert (who["name"], who["vendor"], who["model"], who["firmware"]) == (
        "core-1", "Cisco", "cisco WS-C3560-24TS", "12.2(44)SE",
    )  # fmt: skip
    assert (who["ip"], who["role"]) == ("10.0.0.7", "switch")
    assert rows["cdp"][0]["device_id"] == "core-1"


def test_a_bridge_is_a_switch_and_told_once() -> None:
    root, own = b"\x80\x00" + bytes.fromhex("020000000077"), b"\x80\x00" + bytes.fromhex("020000000001")
    bpdu = b"\x42\x42\x03" + b"\x00\x00\x02\x02\x3c" + root + b"\x00\x00\x00\x04" + own + b"\x80\x01" + bytes(8)
    rows = llc([("c", bpdu)] * 3, dst=STP_MULTICAST)
    (who,) = rows["identity"]
    assert (who["role"], who["mac"], who["description"]) == ("switch", "02:00:00:00:00:01", "spanning tree bridge")
    assert rows["conn"][0]["service"] == "stp"
