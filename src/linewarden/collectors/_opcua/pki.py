"""Whom we trust, and who we are: a folder of certificates in the shape that OPC UA's tools know (Part 12, annex F).

    trusted/   certificates of servers, or of authorities, that a person trusts
    issuers/   authorities that are needed to complete a chain, and are not trusted by themselves
    crl/       revocation lists of authorities
    rejected/  servers that were seen and are not trusted; a person compares the fingerprint and moves the file
    own/       our certificate (to be given to the server) and private/ with its key

The checks are those of Part 4, 6.1.3, in their order; each failure is one line that says what to do.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDERS = ("trusted", "issuers", "crl", "rejected", "own")
REJECTED_MOST = 100
CHAIN_MOST = 8
CERTIFICATE_BYTES = 64 * 1024
SMALLEST_KEY, LARGEST_KEY = 2048, 4096  # bits; the three security policies that we speak (Part 7)
GOOD_HASHES = ("sha256", "sha384", "sha512")


class UntrustedError(Exception):
    """The server's certificate does not pass: the text says why, and the way out."""


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, as tools show it."""
    return certificate.fingerprint(SHA256()).hex(":").upper()


def split_chain(data: bytes) -> list[x509.Certificate]:
    """Certificates one behind the other in DER, as servers send them (Part 6, 6.2.6). Raises UntrustedError."""
    found: list[x509.Certificate] = []
    try:
        while data and len(found) < CHAIN_MOST:
            size = 2 + data[1]
            if data[1] & 0x80:
                size = 2 + (data[1] & 0x7F) + int.from_bytes(data[2 : 2 + (data[1] & 0x7F)], "big")
            found.append(x509.load_der_x509_certificate(data[:size]))
            data = data[size:]
    except (ValueError, IndexError) as error:
        raise UntrustedError(f"the server sends a certificate that cannot be read ({error})") from None
    if not found:
        raise UntrustedError(
            "the server sends no certificate: choose another security policy, or give it a certificate"
        )
    return found


@dataclass
class Pki:
    """The folder. `revocation`: "required" where each authority must have a current list, or "if-known"."""

    folder: Path
    revocation: str = "required"

    def prepare(self) -> None:
        """Makes the folders that are not there. Raises OSError."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o750)

    def judge(self, sent: bytes, host: str, uri: str) -> x509.Certificate:
        """The server's certificate, if it may be trusted. host: name that we connect to; uri: of the application, as
        the server says it. Raises UntrustedError."""
        chain = split_chain(sent)
        leaf = chain[0]
        trusted = list(self._certificates("trusted"))
        path = self._path(leaf, [*chain[1:], *self._certificates("issuers"), *trusted])
        for certificate in path:
            _is_strong(certificate)
        if not any(c in trusted for c in path):
            raise UntrustedError(self._reject(leaf))
        if path[-1].issuer != path[-1].subject:
            wanted = path[-1].issuer.rfc4514_string()
            raise UntrustedError(f"the chain of {_of(leaf)} lacks {wanted}: put it into {self.folder / 'issuers'}")
        _is_in_time(path)
        _names(leaf, host, uri)
        _may_serve(leaf)
        self._not_revoked(path)
        return leaf

    def _path(self, leaf: x509.Certificate, known: list[x509.Certificate]) -> list[x509.Certificate]:
        """The leaf and who issued it, up to one who issued itself, or whose issuer is not known."""
        path = [leaf]
        while path[-1].issuer != path[-1].subject and len(path) < CHAIN_MOST:
            issuer = next((c for c in known if _issued(c, path[-1], below=len(path) - 1)), None)
            if issuer is None:
                break
            path.append(issuer)
        if len(path) == 1 and leaf.issuer == leaf.subject:
            with suppress(ValueError, TypeError, InvalidSignature):
                leaf.verify_directly_issued_by(leaf)
                return path
            raise UntrustedError(f"the signature of {_of(leaf)} is wrong: the certificate was altered")
        return path

    def _certificates(self, folder: str) -> Iterator[x509.Certificate]:
        for path in _files(self.folder / folder):
            data = path.read_bytes()[:CERTIFICATE_BYTES]
            with suppress(ValueError):
                pem = data.lstrip().startswith(b"-----BEGIN")
                yield from x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)]

    def _lists(self) -> Iterator[x509.CertificateRevocationList]:
        for path in _files(self.folder / "crl"):
            data = path.read_bytes()
            with suppress(ValueError):
                pem = data.lstrip().startswith(b"-----BEGIN")
                yield x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)

    def _not_revoked(self, path: list[x509.Certificate]) -> None:
        now, lists = datetime.now(UTC), list(self._lists())
        for certificate, issuer in pairwise(path):
            of_it = [r for r in lists if r.issuer == issuer.subject and _signed(r, issuer)]
            if any(r.get_revoked_certificate_by_serial_number(certificate.serial_number) for r in of_it):
                raise UntrustedError(f"{_of(certificate)} is revoked by {_of(issuer)}: the server needs another one")
            current = any(r.next_update_utc is None or r.next_update_utc > now for r in of_it)
            if not current and self.revocation == "required":
                raise UntrustedError(
                    f"there is no current revocation list of {_of(issuer)}: put one into {self.folder / 'crl'}, "
                    'or set revocation = "if-known"'
                )

    def _reject(self, leaf: x509.Certificate) -> str:
        """Keeps a certificate for a person to look at; gives the line that tells of it."""
        folder = self.folder / "rejected"
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", str(names[0].value) if names else "server").strip("_.")[:60]
        path = folder / f"{plain or 'server'}-{fingerprint(leaf).replace(':', '')[:16]}.der"
        if not path.exists():
            old = sorted(folder.glob("*.der"), key=lambda p: p.stat().st_mtime)
            for gone in old[: max(len(old) - REJECTED_MOST + 1, 0)]:
                gone.unlink(missing_ok=True)
            replace(path, leaf.public_bytes(Encoding.DER))
        return (
            f"{_of(leaf)} is not trusted: compare its SHA-256 {fingerprint(leaf)} with the server's, then move {path} "
            f"into {self.folder / 'trusted'}"
        )


def replace(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Writes a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _files(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


def _of(certificate: x509.Certificate) -> str:
    return f'certificate "{certificate.subject.rfc4514_string() or certificate.serial_number}"'


def _issued(issuer: x509.Certificate, child: x509.Certificate, below: int) -> bool:
    """Whether an authority issued a certificate. below: authorities between it and the server's certificate."""
    if issuer.subject != child.issuer:
        return False
    try:
        child.verify_directly_issued_by(issuer)
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        with suppress(x509.ExtensionNotFound):
            if not issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
                return False
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return basic.ca and (basic.path_length is None or basic.path_length >= below)


def _signed(revoked: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return revoked.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _is_strong(certificate: x509.Certificate) -> None:
    used = certificate.signature_hash_algorithm
    if used is None or used.name not in GOOD_HASHES:
        raise UntrustedError(
            f"{_of(certificate)} is signed with {used.name if used else 'no hash'}: the server needs one with SHA-256"
        )
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or not SMALLEST_KEY <= key.key_size <= LARGEST_KEY:
        size = f"{key.key_size} bits" if isinstance(key, rsa.RSAPublicKey) else "no RSA key"
        raise UntrustedError(f"{_of(certificate)} has {size}: the server needs an RSA key of 2048 to 4096 bits")


def _is_in_time(path: list[x509.Certificate]) -> None:
    now = datetime.now(UTC)
    for certificate in path:
        if certificate.not_valid_before_utc > now:
            since = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            raise UntrustedError(f"{_of(certificate)} is valid from {since} only: set the clocks")
        if certificate.not_valid_after_utc < now:
            until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
            raise UntrustedError(f"{_of(certificate)} expired on {until}: the server needs a new one")


def _alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return x509.SubjectAlternativeName([])


def _names(leaf: x509.Certificate, host: str, uri: str) -> None:
    names = _alternatives(leaf)
    given = [n.lower() for n in names.get_values_for_type(x509.DNSName)]
    addresses = names.get_values_for_type(x509.IPAddress)
    wanted: object = None
    with suppress(ValueError):
        wanted = ipaddress.ip_address(host)
    if host.lower() not in given and wanted not in addresses and host not in given:
        said = ", ".join([*given, *map(str, addresses)]) or "no host"
        raise UntrustedError(
            f'{_of(leaf)} is for {said} and not for "{host}": use that name in `endpoint`, or set `host_name` to it'
        )
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if uri not in uris:
        raise UntrustedError(
            f'{_of(leaf)} is of application {uris[0] if uris else "-"}, and the server says that it is "{uri}": '
            "another server answers, or its certificate must be made anew"
        )


def _may_serve(leaf: x509.Certificate) -> None:
    with suppress(x509.ExtensionNotFound):
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.digital_signature or not (usage.key_encipherment or usage.data_encipherment):
            raise UntrustedError(
                f"{_of(leaf)} may not be used to sign and encrypt (key usage): the server needs another"
            )
    with suppress(x509.ExtensionNotFound):
        purposes = list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        if ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
            raise UntrustedError(f"{_of(leaf)} is of no server (extended key usage): the server needs another")
