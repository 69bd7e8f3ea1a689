"""What an X.509 certificate says: whose it is, who issued it, how long it holds, which key.

Source: RFC 5280 4.1 (structure), 4.2.1.6 (subject alternative names); RFC 4055 and RFC 5480 (keys and signatures).
Signatures are not checked: this is an inventory, not a validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from linewarden.protocols._shared import ber, layout as l

_ATTRIBUTES = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
               "2.5.4.5": "serialNumber", "1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.25": "DC",
               "2.5.4.9": "street", "2.5.4.12": "title", "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode"}
_SUBJECT_ALT_NAME = "2.5.29.17"
_RSA, _EC, _DSA = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1", "1.2.840.10040.4.1"
_KEYS = {_RSA: "rsa", _EC: "ecdsa", _DSA: "dsa", "1.3.101.112": "ed25519", "1.3.101.113": "ed448"}
_CURVES = {"1.2.840.10045.3.1.7": 256, "1.3.132.0.34": 384, "1.3.132.0.35": 521, "1.2.840.10045.3.1.1": 192,
           "1.3.132.0.33": 224, "1.3.132.0.10": 256}
_SIGNATURES = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption", "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption", "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption", "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1", "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384", "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.2.840.10040.4.3": "dsa-with-SHA1", "1.3.101.112": "ed25519", "1.3.101.113": "ed448",
}  # fmt: skip
_TEXTS = {ber.UTF8_STRING: "utf-8", ber.BMP_STRING: "utf-16-be", ber.PRINTABLE_STRING: "ascii", ber.IA5_STRING: "ascii"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The fields that an inventory needs. Names are one line of text; times are ISO 8601, UTC."""

    subject: str
    common_name: str
    organisation: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    key_type: str
    key_bits: int
    signature: str
    names: tuple[str, ...]

    def row(self) -> Mapping[str, Any]:
        """It as `COLUMNS` of a protocol's own stream."""
        return {
            "subject": self.subject, "issuer": self.issuer, "serial": self.serial, "san": ", ".join(self.names) or None,
            "not_before": self.not_before, "not_after": self.not_after, "key_type": self.key_type,
            "key_bits": self.key_bits or None, "signature": self.signature,
            "self_signed": self.subject == self.issuer,
        }  # fmt: skip


COLUMNS = (
    l.Col("subject", "text", "whose certificate"),
    l.Col("issuer", "text", "who issued it"),
    l.Col("serial", "text", "its serial number"),
    l.Col("san", "text", "its subject alternative names"),
    l.Col("not_before", "str", "valid from"),
    l.Col("not_after", "str", "valid until"),
    l.Col("key_type", "str", "kind of public key"),
    l.Col("key_bits", "u32", "its size", unit="bit"),
    l.Col("signature", "str", "signature algorithm of the certificate"),
    l.Col("self_signed", "bool", "subject and issuer are the same"),
)
"""What streams with certificates have in common: a row of its own for each."""


def parse(der: bytes) -> Certificate:
    """Reads one DER certificate. ValueError or IndexError where it is damaged."""
    certificate = ber.one(der, ber.SEQUENCE)
    parts = certificate.children()
    fields = parts[0].children()
    if fields[0].tag == 0xA0:  # version
        fields = fields[1:]
    serial, _, issuer, validity, subject, key = fields[:6]
    extensions = [f for f in fields[6:] if f.tag == 0xA3]
    attributes = dict(_attributes(subject))
    begin, end = validity.children()[:2]
    key_type, key_bits = _key(key)
    return Certificate(
        subject=_line(subject), common_name=attributes.get("CN", ""), organisation=attributes.get("O", ""),
        issuer=_line(issuer), serial=serial.content[:32].hex().upper(), not_before=_time(begin), not_after=_time(end),
        key_type=key_type, key_bits=key_bits, signature=_signature(parts[1]),
        names=tuple(_alternatives(extensions[0])) if extensions else ())


def _attributes(name: ber.Element) -> Iterator[tuple[str, str]]:
    for group in name.children()[:32]:
        for pair in group.children():
            kind, value = pair.children()[:2]
            text = value.content.decode(_TEXTS.get(value.tag, "latin-1"), "replace")
            yield _ATTRIBUTES.get(kind.oid(), kind.oid()), "".join(c for c in text if c.isprintable())


def _line(name: ber.Element) -> str:
    """RFC 4514 order: the last attribute first, as Zeek and openssl print it."""
    return ",".join(f"{kind}={text.replace(',', chr(92) + ',')}" for kind, text in reversed(list(_attributes(name))))


def _time(element: ber.Element) -> str:
    """UTCTime has two digits of the year: 50 and above are of the last century (RFC 5280 4.1.2.5.1)."""
    text = element.content.decode("ascii", "replace").rstrip("Z")
    if element.tag == ber.UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    if len(text) < 12 or not text[:12].isdigit():
        raise ValueError("certificate time")
    seconds = text[12:14] or "00"
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{seconds}Z"


def _key(info: ber.Element) -> tuple[str, int]:
    algorithm, bits = info.children()[:2]
    kind, *parameters = algorithm.children()
    oid = kind.oid()
    size = 0
    if oid == _RSA:
        modulus = ber.one(bits.content[1:], ber.SEQUENCE).children()[0]
        size = modulus.integer().bit_length()
    elif oid == _EC and parameters and parameters[0].tag == ber.OID:
        size = _CURVES.get(parameters[0].oid(), 0)
    elif oid == _DSA and parameters:
        size = parameters[0].children()[0].integer().bit_length()
    return _KEYS.get(oid, oid), size


def _signature(algorithm: ber.Element) -> str:
    oid = algorithm.children()[0].oid()
    return _SIGNATURES.get(oid, oid)


def _alternatives(extensions: ber.Element) -> Iterator[str]:
    """DNS names, addresses and URIs of the subject alternative name; at most 64."""
    for extension in extensions.children()[0].children():
        kind, *_, value = extension.children()
        if kind.oid() != _SUBJECT_ALT_NAME:
            continue
        for name in ber.one(value.content, ber.SEQUENCE).children()[:64]:
            if name.tag in (0x82, 0x86):
                yield "".join(c for c in name.content.decode("latin-1") if c.isprintable())
            elif name.tag == 0x87 and len(name.content) in (4, 16):
                yield str(ip_address(name.content))
