"""DHCP: a client asks and is given an address."""

import struct

import pytest

from tests.protocols.harness import tell

MAC = bytes.fromhex("02aabbccddee")


def message(op: int, kind: int, *options: tuple[int, bytes], yiaddr: str = "0.0.0.0", ciaddr: str = "0.0.0.0") -> bytes:
    def ip(text: str) -> bytes:
        return bytes(map(int, text.split(".")))

    head = struct.pack("!BBBBIHH", op, 1, 6, 0, 0x1234ABCD, 0, 0) + ip(ciaddr) + ip(yiaddr) + bytes(8)
    body = b"".join(bytes([code, len(data)]) + data for code, data in ((53, bytes([kind])), *options))
    return head + MAC.ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63" + body + b"\xff"


def test_discover_names_the_mac_since_its_address_is_only_a_wish() -> None:
    rows = tell(
        [("c", message(1, 1, (12, b"drive-17"), (60, b"ACME drive"), (50, bytes([10, 9, 9, 9]))))],
        port=67,
        client_port=68,
        udp=True,
    )
    [who] = rows["identity"]
    assert (who["address"], who["mac"], who["ip"], who["name"]) == (
        "02:aa:bb:cc:dd:ee",
        "02:aa:bb:cc:dd:ee",
        None,
        "drive-17",
    )
    assert who["description"] == "vendor class ACME drive"
    [row] = rows["dhcp"]
    assert (row["client_message"], row["mac"], row["requested_addr"], row["server_message"]) == (
        "DISCOVER",
        "02:aa:bb:cc:dd:ee",
        "10.9.9.9",
        None,
    )


def test_request_names_the_requested_address() -> None:
    rows = tell(
        [("c", message(1, 3, (12, b"drive-17"), (50, bytes([10, 0, 0, 17]))))], port=67, client_port=68, udp=True
    )
    [who] = rows["identity"]
    assert (who["address"], who["ip"], who["name"]) == ("10.0.0.17", "10.0.0.17", "drive-17")


def test_acknowledgement_binds_mac_and_address() -> None:
    ack = message(2, 5, (54, bytes([10, 0, 0, 2])), (51, struct.pack("!I", 600)), yiaddr="10.0.0.17")
    rows = tell([("s", ack)], port=67, client_port=68, udp=True)
    assert [(b["mac"], b["ip"]) for b in rows["binding"] if b["source"] == "dhcp"] == [
        ("02:aa:bb:cc:dd:ee", "10.0.0.17")
    ]
    [row] = rows["dhcp"]
    assert (row["server_message"], row["assigned_addr"], row["server_addr"], row["lease_time"]) == (
        "ACK",
        "10.0.0.17",
        "10.0.0.2",
        600,
    )
    assert (row["client_message"], row["is_orig"]) == (None, True)


def test_renewal_is_one_row_even_if_asked_twice() -> None:
    ask = message(1, 3, ciaddr="10.0.0.17")
    ack = message(2, 5, yiaddr="10.0.0.17")
    rows = tell([("c", ask), ("c", ask), ("s", ack)], port=67, client_port=68, udp=True)
    assert [(r["client_message"], r["server_message"]) for r in rows["dhcp"]].count(("REQUEST", "ACK")) == 1
    assert [r["reply_type"] for r in rows["dhcp"]].count(5) == 1


@pytest.mark.parametrize("noise", [bytes(300), message(1, 1)[:200], message(9, 1)])
def test_noise_on_the_port_is_not_dhcp(noise: bytes) -> None:
    assert not tell([("c", noise)], port=67, client_port=68, udp=True)["dhcp"]
