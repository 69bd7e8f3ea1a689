"""Our own certificate: made at the first start, self-signed (Part 6, 6.2.2), or put there by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from linewarden.collectors._opcua.pki import replace
from linewarden.errors import ConfigError

DAYS = 5 * 365
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Own:
    """certificate: DER. key: PEM, unencrypted. uri: application URI that the certificate names. made: just now."""

    certificate: bytes
    key: bytes
    uri: str
    until: datetime
    place: Path
    made: bool

    @property
    def expires_soon(self) -> bool:
        """Within 30 days."""
        return self.until - datetime.now(UTC) < SOON


def own_certificate(folder: Path, host: str, uri: str) -> Own:
    """Certificate and key in folder/own, made if neither is there. Raises ConfigError and OSError."""
    place, key_place = folder / "own" / "linewarden.der", folder / "own" / "private" / "linewarden.pem"
    made = not place.exists() and not key_place.exists()
    if made:
        _make(place, key_place, host, uri)
    for path in (place, key_place):
        if not path.exists():
            raise ConfigError(f"{path} is missing: put it back, or delete both files for a new certificate")
    try:
        certificate = x509.load_der_x509_certificate(place.read_bytes())
        key = load_pem_private_key(key_place.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{place} or its key cannot be read ({error}): give DER, and PEM without a password"
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigError(f"{key_place} is not the key of {place}: put the right one there, or delete both")
    uris = _uris(certificate)
    if not uris:
        raise ConfigError(f"{place} names no application URI (subjectAltName): OPC UA needs one")
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise ConfigError(f"{place} has expired: delete it and {key_place}, start again, and have the servers trust it")
    return Own(place.read_bytes(), key_place.read_bytes(), uris[0], certificate.not_valid_after_utc, place, made)


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def _make(place: Path, key_place: Path, host: str, uri: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Linewarden"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Linewarden@{host}"[:64]),
        ]
    )
    now, identifier = datetime.now(UTC), x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
        key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), x509.DNSName(host)]), False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    key_place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    replace(key_place, pem, 0o600)
    replace(place, builder.sign(key, SHA256()).public_bytes(Encoding.DER))
