"""TLS hellos, certificates, alerts; messages over several records."""

import struct

import pytest

from linewarden.protocols._shared import x509
from tests.protocols.harness import tell


def u24(value: int) -> bytes:
    return value.to_bytes(3, "big")


def record(content: bytes, kind: int = 22, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", kind, version, len(content)) + content


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + u24(len(body)) + body


def extension(kind: int, data: bytes) -> bytes:
    return struct.pack("!HH", kind, len(data)) + data


def client_hello(*extensions: bytes) -> bytes:
    name = b"scada.plant.example"
    every = b"".join(
        (
            extension(0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name),
            extension(16, b"\x00\x03\x02h2"),
            *extensions,
        )
    )
    return handshake(
        1,
        b"\x03\x03"
        + bytes(32)
        + b"\x00"
        + struct.pack("!H2H", 4, 0x1301, 0xC02F)
        + b"\x01\x00"
        + struct.pack("!H", len(every))
        + every,
    )


def server_hello(cipher: int, *extensions: bytes) -> bytes:
    every = b"".join(extensions)
    return handshake(
        2, b"\x03\x03" + bytes(32) + b"\x00" + struct.pack("!HB", cipher, 0) + struct.pack("!H", len(every)) + every
    )


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + struct.pack("!H", size)) + content


def named(**attributes: str) -> bytes:
    codes = {"CN": b"\x55\x04\x03", "O": b"\x55\x04\x0a"}
    return der(0x30, *(der(0x31, der(0x30, der(6, codes[k]), der(12, v.encode()))) for k, v in attributes.items()))


def certificate(subject: bytes, issuer: bytes, before: bytes = b"240102030405Z", padding: int = 0) -> bytes:
    """A certificate with an RSA key of 2048 bits; its signature is of no matter here."""
    sha256rsa = der(0x30, der(6, bytes.fromhex("2a864886f70d01010b")), der(5))
    key = der(0x30, der(2, b"\0\x80" + bytes(255)), der(2, b"\1\0\1"))
    info = der(0x30, der(0x30, der(6, bytes.fromhex("2a864886f70d010101")), der(5)), der(3, b"\0", key))
    names = der(0x30, der(0x82, b"plc7.plant.example"), der(0x87, bytes([10, 0, 0, 2])))
    extensions = der(
        0xA3,
        der(
            0x30,
            der(0x30, der(6, b"\x55\x1d\x11"), der(4, names)),
            der(0x30, der(6, b"\x55\x1d\x0e"), der(4, bytes(padding))),
        ),
    )
    validity = der(0x30, der(0x17, before), der(0x18, b"20540101000000Z"))
    body = der(
        0x30, der(0xA0, der(2, b"\2")), der(2, b"\x1f\x2e"), sha256rsa, issuer, validity, subject, info, extensions
    )
    return der(0x30, body, sha256rsa, der(3, bytes(257)))


def chain(*certificates: bytes) -> bytes:
    every = b"".join(u24(len(c)) + c for c in certificates)
    return handshake(11, u24(len(every)) + every)


PLC = named(CN="plc7", O="ACME")


def test_tls_12_tells_hellos_and_certificate() -> None:
    server = server_hello(0xC02F) + chain(certificate(PLC, PLC)) + handshake(14, b"")
    rows = tell(
        [
            ("c", record(client_hello(), version=0x0301)),
            ("s", record(server)),
            ("c", record(handshake(16, bytes(66))) + record(b"\1", 20) + record(bytes([99] * 40))),
        ],
        port=443,
    )
    hello = next(r for r in rows["tls"] if r["handshake"] == 1)
    assert (hello["version"], hello["cipher"]) == ("TLSv12", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    assert (hello["server_name"], hello["alpn"], hello["reply_handshake"]) == ("scada.plant.example", "h2", 2)
    assert (hello["frame"], hello["resp_frame"]) == (4, 5)
    # What is encrypted after ChangeCipherSpec is no handshake message.
    assert sorted(r["handshake"] for r in rows["tls"] if r["handshake"]) == [1, 11, 14, 16]
    shown = next(r for r in rows["tls"] if r["subject"])
    assert (shown["subject"], shown["self_signed"], shown["key_type"], shown["key_bits"]) == (
        "O=ACME,CN=plc7",
        True,
        "rsa",
        2048,
    )
    assert (shown["not_before"], shown["not_after"]) == ("2024-01-02T03:04:05Z", "2054-01-01T00:00:00Z")
    assert (shown["san"], shown["signature"]) == ("plc7.plant.example, 10.0.0.2", "sha256WithRSAEncryption")
    [who] = rows["identity"]
    assert (who["address"], who["name"]) == ("10.0.0.2", "plc7")


def test_tls_13_version_is_in_an_extension() -> None:
    offered = extension(43, b"\x06\x0a\x0a\x03\x04\x03\x03")  # the first value is noise on purpose (RFC 8701)
    rows = tell(
        [
            ("c", record(client_hello(offered))),
            ("s", record(server_hello(0x1301, extension(43, b"\x03\x04"))) + record(bytes(30), 23)),
        ],
        port=8883,
    )
    [row] = rows["tls"]
    assert (row["client_version"], row["version"], row["cipher"]) == ("TLSv13", "TLSv13", "TLS_AES_128_GCM_SHA256")


def test_a_certificate_over_several_records_and_segments() -> None:
    long = server_hello(0xC02F) + chain(certificate(PLC, named(CN="CA"), padding=3000)) + handshake(14, b"")
    parts = b"".join(record(long[i : i + 700]) for i in range(0, len(long), 700))
    rows = tell([("c", record(client_hello())), ("s", parts)], port=443, cut=333)
    assert sorted(r["handshake"] for r in rows["tls"] if r["handshake"]) == [1, 11, 14]
    assert [r["self_signed"] for r in rows["tls"] if r["subject"]] == [False]
    assert not rows["weird"]


def test_a_wildcard_is_no_name_of_a_host() -> None:
    server = server_hello(0xC02F) + chain(certificate(named(CN="*.plant.example"), PLC))
    [who] = tell([("c", record(client_hello())), ("s", record(server))], port=443)["identity"]
    assert who["name"] is None
    assert who["description"].startswith("certificate of CN=*.plant.example")


def test_alert_in_the_clear() -> None:
    rows = tell([("c", record(client_hello())), ("s", record(b"\x02\x28", 21))], port=443)
    alert = next(r for r in rows["tls"] if r["last_alert"])
    assert (alert["last_alert"], alert["alert_level"], alert["is_orig"]) == ("handshake_failure", 2, False)


def test_on_any_port_by_content_but_not_noise() -> None:
    assert tell([("c", record(client_hello()))], port=20_000)["conn"][0]["service"] == "tls"
    assert not tell([("c", record(bytes(80)))], port=20_000)["tls"]


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_damaged_certificate_is_an_error_not_a_crash(cut: int) -> None:
    with pytest.raises((ValueError, IndexError)):
        x509.parse(certificate(PLC, PLC)[:cut])


def test_years_of_the_last_century() -> None:
    assert x509.parse(certificate(PLC, PLC, before=b"990102030405Z")).not_before == "1999-01-02T03:04:05Z"
