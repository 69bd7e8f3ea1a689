"""A certificate authority of the site's own: it signs the certificate of this machine's console, and nothing else.

Sources: RFC 5280 (profile; name constraints in 4.2.1.10), RFC 9525 (names stand in the subjectAltName only), CA/Browser
Forum Baseline Requirements 7.1 (serial numbers, key usages). EC P-256 with SHA-256, as every browser takes it.

People put the authority into their browsers. So it says itself what it may sign: the names that it was made for, and
private addresses (RFC 1918, RFC 4193, link-local). Who steals its key can play this console, but no bank.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from linewarden.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AUTHORITY_LASTS, SERVER_LASTS = timedelta(days=3652), timedelta(days=90)
RENEW_BEFORE = timedelta(days=30)
EARLIER = timedelta(days=1)
"""Valid from before now: clocks in a plant differ."""
PRIVATE = [
    ipaddress.ip_network(n)
    for n in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7",
        "fe80::/10",
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What a server is reached by: host names (lower case, ASCII) and addresses."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Names:
        """Each once, in their order."""
        hosts: dict[str, None] = {}
        addresses: dict[Address, None] = {}
        for text in texts:
            try:
                addresses[ipaddress.ip_address(text)] = None
            except ValueError:
                hosts[text.lower().rstrip(".")] = None
        return cls(tuple(hosts), tuple(addresses))

    @property
    def texts(self) -> tuple[str, ...]:
        """All of them, hosts first."""
        return (*self.hosts, *map(str, self.addresses))

    def general(self) -> list[x509.GeneralName]:
        """As they stand in a certificate."""
        return [*(x509.DNSName(h) for h in self.hosts), *(x509.IPAddress(a) for a in self.addresses)]


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """For everybody."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> str:
        """PKCS #8 without a password: to be sealed, or for its owner's eyes only."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @classmethod
    def parse(cls, certificate: bytes, key: str) -> Pair:
        """From PEM. Raises ValueError: not PEM, no EC key, or the one does not belong to the other."""
        found, private = x509.load_pem_x509_certificate(certificate), load_key(key)
        if _public(found.public_key()) != _public(private.public_key()):
            raise ValueError("the key is not that of the certificate")
        return cls(found, private)


def load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """An EC key. Raises ValueError."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError("the key has a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is of another kind")
    return key


def new_key() -> ec.EllipticCurvePrivateKey:
    """P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def key_as_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """See `Pair.key_pem`."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_authority(key: ec.EllipticCurvePrivateKey, site: str, names: Names, now: datetime) -> x509.Certificate:
    """A root for this site, which may sign these host names (and names below them) and private addresses."""
    subject = _subject(f"Linewarden authority of {site}, {now:%Y-%m-%d}")
    networks = [*PRIVATE, *(ipaddress.ip_network(a) for a in names.addresses if not _is_private(a))]
    permitted: list[x509.GeneralName] = [x509.DNSName(h) for h in names.hosts]
    permitted += [x509.IPAddress(n) for n in networks]
    builder = _builder(subject, subject, key, now, now + AUTHORITY_LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return builder.sign(key, hashes.SHA256())


def issue(authority: Pair, names: Names, now: datetime) -> Pair:
    """A new key and certificate for a server. Raises ConfigError if the authority may not sign one of the names."""
    if forbidden := [t for t in names.texts if not may_sign(authority.certificate, t)]:
        raise ConfigError(
            f"{forbidden[0]}: this site's authority was not made for it; `linewarden certificate renew "
            "--new-authority` makes another, which browsers must be given again"
        )
    key = new_key()
    root = authority.certificate
    until = min(now + SERVER_LASTS, root.not_valid_after_utc)
    builder = _builder(_subject("Linewarden console"), root.subject, key, now, until)
    parent = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(parent, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(names.general()), critical=False)
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def may_sign(authority: x509.Certificate, name: str) -> bool:
    """Whether its name constraints permit a host name or address (RFC 5280 4.2.1.10)."""
    try:
        permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        return True
    of = Names.of([name])
    if of.addresses:
        networks = [ipaddress.ip_network(str(p.value)) for p in permitted if isinstance(p, x509.IPAddress)]
        return any(of.addresses[0].version == n.version and of.addresses[0] in n for n in networks)
    hosts = [p.value.lower() for p in permitted if isinstance(p, x509.DNSName)]
    return any(of.hosts[0] == h or of.hosts[0].endswith(f".{h}") for h in hosts)


def names_of(certificate: x509.Certificate) -> Names:
    """The names in a certificate."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return Names((), ())
    return Names.of([*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))])


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256, as browsers show it: `AB:CD:...`."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def why_renew(server: x509.Certificate, authority: x509.Certificate, names: Names, now: datetime) -> str:
    """Why a server's certificate should be made anew; empty if it is good."""
    if missing := [t for t in names.texts if t not in names_of(server).texts]:
        return f"{missing[0]} is not in it"
    if server.not_valid_after_utc - now < RENEW_BEFORE < authority.not_valid_after_utc - now:
        return f"it ends on {server.not_valid_after_utc:%Y-%m-%d}"
    if server.not_valid_after_utc <= now:
        return "it has ended"
    if server.not_valid_before_utc > now:
        return "it does not count yet: the clock was set back"
    try:
        server.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - InvalidSignature, or ValueError and TypeError for what is damaged
        return "another authority signed it"
    return ""


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _subject(name: str) -> x509.Name:
    """With spaces, so that nobody takes it for a host name; at most 64 characters (X.520 ub-common-name)."""
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Linewarden"), x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
    ])  # fmt: skip


def _is_private(address: Address) -> bool:
    return any(address.version == n.version and address in n for n in PRIVATE)


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded
