"""The layers of a frame: every field stands in the bytes that it names, and what is cut off ends the list."""

from __future__ import annotations

import struct

import pytest

from linewarden.wire.layers import COOKED, RAW, Layer, layers_of

ENDS = bytes.fromhex("00000000000a") + bytes.fromhex("020000000001")
ETHERNET = ENDS + b"\x08\x00"
TAG = ENDS + b"\x81\x00" + struct.pack(">HH", (5 << 13) | 17, 0x0800)
PAYLOAD = bytes.fromhex("000100000006010300000001")


def ipv4(body: bytes, protocol: int = 6, fragment: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 7, fragment, 64, protocol, 0)
    return head + bytes([10, 0, 0, 1]) + bytes([10, 0, 0, 2]) + body


def tcp(body: bytes, options: bytes = b"") -> bytes:
    size = (20 + len(options)) // 4
    return struct.pack(">HHIIBBHHH", 50000, 502, 1, 2, size << 4, 0x18, 1024, 0xABCD, 0) + options + body


def named(layers: tuple[Layer, ...]) -> list[str]:
    return [layer.name for layer in layers]


def value(layers: tuple[Layer, ...], layer: str, field: str) -> str:
    return next(f.value for x in layers if x.name == layer for f in x.fields if f.name == field)


def test_tcp_in_ipv4_with_padding() -> None:
    frame = ETHERNET + ipv4(tcp(PAYLOAD, b"\x01\x01\x01\x00")) + bytes(6)
    layers = layers_of(frame)
    assert named(layers) == ["Ethernet", "IPv4", "TCP", "Payload", "Padding"]
    payload = layers[3]
    assert frame[payload.at : payload.at + payload.length] == PAYLOAD
    assert value(layers, "IPv4", "Destination") == "10.0.0.2"
    assert value(layers, "TCP", "Flags") == "PSH ACK"
    port = next(f for f in layers[2].fields if f.name == "Destination port")
    assert int.from_bytes(frame[port.at : port.at + port.length], "big") == int(port.value) == 502


def test_vlan() -> None:
    layers = layers_of(TAG + ipv4(tcp(b"")))
    assert named(layers) == ["Ethernet", "VLAN", "IPv4", "TCP"]
    assert value(layers, "VLAN", "VLAN") == "17, priority 5"


def test_later_fragments_have_no_ports() -> None:
    assert named(layers_of(ETHERNET + ipv4(b"12345678", fragment=185))) == ["Ethernet", "IPv4", "Payload"]


def test_udp_in_ipv6() -> None:
    udp = struct.pack(">HHHH", 5000, 47808, 12, 0) + b"\x81\x0a\x00\x04"
    head = struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + bytes(15) + b"\x01" + bytes(15) + b"\x02"
    layers = layers_of(head + udp, RAW)
    assert named(layers) == ["IPv6", "UDP", "Payload"]
    assert value(layers, "IPv6", "Destination") == "::2"


def test_others() -> None:
    arp = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + ENDS[6:] + bytes([10, 0, 0, 1]) + bytes(6) + bytes([10, 0, 0, 2])
    assert value(layers_of(ENDS + b"\x08\x06" + arp), "ARP", "Operation") == "1 (request)"
    assert named(layers_of(ENDS + b"\x00\x03" + b"\x42\x42\x03" + bytes(43)))[0] == "IEEE 802.3"
    cooked = bytes(6) + ENDS[6:] + bytes(2) + b"\x08\x00"
    assert named(layers_of(cooked + ipv4(tcp(b"")), COOKED)) == ["Linux cooked", "IPv4", "TCP"]
    assert named(layers_of(b"\x01\x02", 999)) == ["Payload"]


@pytest.mark.parametrize("link", [1, RAW, COOKED])
def test_whatever_is_cut_off_every_byte_is_in_one_layer(link: int) -> None:
    frame = {1: TAG, RAW: b"", COOKED: bytes(14) + b"\x08\x00"}[link] + ipv4(tcp(PAYLOAD)) + bytes(3)
    for end in range(len(frame) + 1):
        layers = layers_of(frame[:end], link)
        at = 0
        for layer in layers:
            assert layer.at == at
            at += layer.length
            assert all(layer.at <= f.at and f.at + f.length <= at for f in layer.fields)
        assert at == end
