"""A certificate that the configuration names, with its key: checked, so that what is wrong is said with its field."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from linewarden.errors import ConfigError, StoreError
from linewarden.service.config.sealed import place_of
from linewarden.trust.authority_files import open_private, read_certificate
from linewarden.trust.envelope import KeyRing
from linewarden.trust.key_files import MOST_BYTES, private_bytes


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """A chain, the server's certificate first, and its key (PEM)."""

    chain: tuple[x509.Certificate, ...]
    key_pem: str

    @property
    def chain_pem(self) -> bytes:
        """The chain, without what else stood in the file."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in self.chain)


def read_given(certificate: Path, key_place: str, ring: KeyRing | None) -> Given:
    """Reads both. `key_place`: `file:PATH` or `credential:NAME`.

    Raises ConfigError, which names the field.
    """
    chain = _chain(certificate)
    key = key_place.partition(":")[2]
    try:
        pem = open_private(Path(key), _key_bytes(key_place), ring)
        private = load_pem_private_key(pem.encode(), password=None)
    except (StoreError, ConfigError) as error:
        raise ConfigError(f"console.key: {error}") from error
    except TypeError as error:
        raise ConfigError(
            f"console.key: {key}: has a password; `openssl pkey -in FILE` takes it off, `secret seal` seals it"
        ) from error
    except ValueError as error:
        raise ConfigError(f"console.key: {key}: no private key in PEM") from error
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*form) != chain[0].public_key().public_bytes(*form):
        raise ConfigError(f"console.key: {key}: is not the key of the first certificate in {certificate}")
    return Given(chain, pem)


def _chain(certificate: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(read_certificate(certificate)))
    except (ValueError, StoreError) as error:
        text = (
            str(error) if isinstance(error, StoreError) else f"{certificate}: no certificate in PEM; {_is(certificate)}"
        )
        raise ConfigError(f"console.certificate: {text}") from error


def _key_bytes(reference: str) -> bytes:
    """A credential of systemd is for this service only, whatever its mode; another file must be its owner's."""
    key = place_of(reference)
    if not reference.startswith("credential:"):
        return private_bytes(key)
    try:
        with key.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise StoreError(
            f"{key}: cannot be read ({error.strerror or error}); check the unit's LoadCredential="
        ) from error


def _is(path: Path) -> str:
    """What it may be instead."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"\x30"):
        return "it is DER or PKCS #12: `openssl x509 -inform der` or `openssl pkcs12 -nokeys` turns it to PEM"
    return "it holds a key" if b"PRIVATE KEY" in head else "it begins with -----BEGIN CERTIFICATE-----"
