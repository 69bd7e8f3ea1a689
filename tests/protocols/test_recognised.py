"""Protocols that are only recognised: by what, on which ports, and what is not taken for them."""

from __future__ import annotations

import struct

import pytest

from tests.protocols.harness import Rows, ethernet, tell

SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
OPENVPN = b"\x38" + bytes(range(1, 9)) + bytes(5)
GOOSE = struct.pack("!HHHH", 0x3001, 30, 0, 0) + b"\x61\x14" + bytes(20)


def service(rows: Rows) -> str | None:
    """Service of the only conversation."""
    (conn,) = rows["conn"]
    found: str | None = conn["service"]
    return found


@pytest.mark.parametrize(
    ("ethertype", "payload", "name"),
    [
        (0x88B8, GOOSE, "goose"),
        (0x88BA, GOOSE.replace(b"\x61\x14", b"\x60\x14"), "sv"),
        (0x88A4, struct.pack("<H", 0x100E) + bytes(44), "ethercat"),
        (0x88F7, struct.pack("!BBH", 0x0B, 2, 46) + bytes(42), "ptp"),
        (0x88E3, struct.pack("!HBB", 1, 2, 18) + bytes(42), "pn_mrp"),
    ],
)
def test_below_ip(ethertype: int, payload: bytes, name: str) -> None:
    assert service(ethernet(ethertype, [("c", payload)])) == name


@pytest.mark.parametrize(("port", "payload", "name"), [
    (22, SSH, "ssh"),
    (2222, SSH, "ssh"),
    (23, b"\xff\xfd\x18\xff\xfd\x20", "telnet"),
    (2323, b"\xff\xfd\x18\xff\xfd\x20", "telnet"),
    (5900, b"RFB 003.008\n", "vnc"),
    (1911, b"fox a 0 -1 fox hello\n{\nfox.version=s:1.0\n};;\n", "fox"),
    (48898, b"\0\0" + struct.pack("<I", 32) + bytes(16) + struct.pack("<HHIII", 1, 4, 0, 0, 9), "ads"),
    (5094, struct.pack("!BBBBHH", 1, 0, 0, 0, 1, 13) + bytes(5), "hart_ip"),
    (4712, struct.pack("!BBHH", 0xAA, 0x41, 18, 1) + bytes(12), "synchrophasor"),
    (3389, b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0", "rdp"),
    (8080, b'{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5"]}\n', "stratum"),
    (443, b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4A","pass":"x","agent":"XMRig/6"}}\n',
     "stratum"),
    (8443, b"\0\x0e" + OPENVPN, "openvpn"),
    (135, b"\x05\0\x0b\x03\x10\0\0\0" + struct.pack("<HHI", 28, 0, 1) + bytes(12), "dcerpc"),
])  # fmt: skip
def test_over_tcp(port: int, payload: bytes, name: str) -> None:
    assert service(tell([("c", payload)], port)) == name


@pytest.mark.parametrize(("port", "payload", "name"), [
    (3671, b"\x06\x10\x02\x01\x00\x0e" + bytes(8), "knx"),
    (5050, struct.pack("!IBBHB", 14, 0, 0, 1, 0) + bytes(5), "ether_sbus"),
    (514, b"<134>plc: door open", "syslog"),
    (69, b"\0\x01firmware.bin\0octet\0", "tftp"),
    (1194, OPENVPN, "openvpn"),
    (443, OPENVPN, "openvpn"),
    (443, b"\x40" + bytes(range(8)) + b"\1\0\0\0\0" + bytes(range(8)) + bytes(4), "openvpn"),
    (443, b"\x38" + bytes(range(40)) + b"\0\0\0\1" + bytes(9), "openvpn"),  # tls-auth with SHA-256
    (443, b"\x38" + bytes(range(8)) + b"\x0f\0\0\1" + bytes(41), "openvpn"),  # tls-crypt
    (443, b"\x50" + bytes(range(8)) + b"\0\0\0\1" + bytes(400), "openvpn"),  # tls-crypt-v2
    (443, b"\1\0\0\0" + bytes(144), "wireguard"),
    (51820, b"\2\0\0\0" + bytes(88), "wireguard"),
    (5006, b"\x50\0\0\xff\xff\x03\0" + struct.pack("<H", 6) + bytes(6), "slmp"),
])  # fmt: skip
def test_over_udp(port: int, payload: bytes, name: str) -> None:
    assert service(tell([("c", payload)], port, udp=True)) == name


@pytest.mark.parametrize("port", [21, 22, 23, 102, 135, 1433, 1883, 3389, 4712, 5007, 5094, 9600, 18245, 48898])
def test_http_on_their_ports_is_none_of_them(port: int) -> None:
    rows = tell([("c", b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n")], port)
    assert service(rows) in (None, "http")


@pytest.mark.parametrize("port", [69, 514, 1502, 1628, 3671, 4713, 5006, 5050, 5094, 6060, 9600])
def test_noise_on_their_ports_is_none_of_them(port: int) -> None:
    assert service(tell([("c", bytes(range(200, 240)))], port, udp=True)) is None


@pytest.mark.parametrize("payload", [
    b"\x38" + bytes(range(8)) + b"\0\0\0\0\1", OPENVPN + b"\0", b"\x38" + bytes(53), b"\x50" + bytes(400),
    b"\1\0\0\0" + bytes(143), b"\1\0\0\1" + bytes(144), b"\4\0\0\0" + bytes(144), b"\2\0\0\0" + bytes(144),
])  # fmt: skip
@pytest.mark.parametrize("port", [443, 1194, 51820])
def test_what_only_looks_like_a_vpn_is_none(port: int, payload: bytes) -> None:
    assert service(tell([("c", payload)], port, udp=True)) is None


def test_they_leave_no_rows_of_their_own() -> None:
    rows = ethernet(0x88B8, [("c", GOOSE)] * 3)
    assert rows["goose"] == []
    assert rows["weird"] == []


def test_a_niagara_station_names_itself() -> None:
    hello = b"fox a 1 0 fox hello\n{\nfox.version=s:1.0.1\nhostName=s:10.0.0.2\napp.name=s:Station\n"
    hello += b"app.version=s:4.10\nstationName=s:north\nbrandId=s:vykon\n};;\n"
    rows = tell([("s", hello)], 1911)
    (who,) = rows["identity"]
    assert (who["name"], who["software"], who["vendor"], who["role"]) == (
        "north", "Station 4.10", "vykon", "building_controller",
    )  # fmt: skip
