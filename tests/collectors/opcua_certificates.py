"""Certificates, authorities and revocation lists for the tests of the OPC UA collector."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@cache
def key_of(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@dataclass
class Made:
    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def write(self, folder: Path) -> Path:
        """As cert.der, cert.pem and key.pem, for a server."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cert.der").write_bytes(self.der)
        (folder / "cert.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        (folder / "key.pem").write_bytes(self.pem)
        return folder

    @property
    def pem(self) -> bytes:
        return bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def make(
    name: str = "server",
    *,
    uri: str = "urn:test:server",
    hosts: tuple[str, ...] = ("127.0.0.1",),
    issuer: Made | None = None,
    authority: bool = False,
    bits: int = 2048,
    hashed: Any = None,
    since: timedelta = timedelta(hours=-1),
    days: float = 30,
    purpose: Any = ExtendedKeyUsageOID.SERVER_AUTH,
    signs: bool = True,
    path_length: int | None = None,
) -> Made:
    key = key_of(name, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) + since
    alternatives: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)]
    for host in hosts:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            alternatives.append(x509.DNSName(host))
    usage = x509.KeyUsage(signs, signs, True, True, False, authority, authority, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    return Made(builder.sign(issuer.key if issuer else key, hashed or SHA256()), key)


def revocation(authority: Made, *revoked: Made, days: float = 7) -> bytes:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - timedelta(days=10))
        .next_update(now + timedelta(days=days))
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(now - timedelta(days=1)).build())
    return builder.sign(authority.key, SHA256()).public_bytes(Encoding.DER)
