"""The console's side of TLS: one context for the server's life, whose certificate changes under way.

Each handshake asks (`sni_callback`) for the context of the newest certificate. Changing a certificate inside of a
context that handshakes read at the same moment would not be safe; swapping a reference is, and connections that are
open stay.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from linewarden.errors import ConfigError, LinewardenError
from linewarden.service.config.sealed import key_ring, place_of
from linewarden.service.tls.given import read_given
from linewarden.service.tls.machine import names_of_console
from linewarden.trust.authority import Names, fingerprint, names_of
from linewarden.trust.authority_files import ANEW, AuthorityFolder

if TYPE_CHECKING:
    from linewarden.service.config.model import Config
    from linewarden.trust.envelope import KeyRing

EVERY_S = 60.0
"""s between looks at the files; a look costs a few calls of the system."""
SOON = timedelta(days=14)
"""A given certificate that ends within this time is spoken of."""
YEAR = timedelta(days=365)
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK"
"""Of TLS 1.2: forward secrecy and AEAD only (RFC 9325 4.2). Those of 1.3 are all so."""
Clock = Callable[[], datetime]
Stamps = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Material:
    """What a context is made of. `why` it is another than before, for the log; `notes`: what should be looked at."""

    server: x509.Certificate
    chain_pem: bytes
    key_pem: str
    why: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Own:
    """Certificates of the site's own authority."""

    folder: AuthorityFolder
    names: Callable[[], tuple[Names, Names]]
    ring: Callable[[], KeyRing | None]

    def material(self, now: datetime) -> Material:
        """The certificate that counts now; a new one, if it is time."""
        found = replace(self.folder, ring=self.ring()).current(*self.names(), now)
        notes = tuple(
            f"{name} is not in the certificate: the authority was made before this machine had it; add it with "
            "`linewarden certificate renew --new-authority`" for name in found.left_out
        )  # fmt: skip
        if found.authority.not_valid_after_utc - now < YEAR:
            notes += (f"{self.folder.authority_file}: ends on {found.authority.not_valid_after_utc:%Y-%m-%d}; {ANEW}",)
        return Material(found.server.certificate, found.server.certificate_pem, found.server.key_pem, found.why, notes)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is looked at for changes."""
        return (self.folder.server_file, self.folder.authority_file)


@dataclass(frozen=True, slots=True)
class FromFiles:
    """A certificate that the configuration names."""

    certificate: Path
    key: str
    ring: Callable[[], KeyRing | None]
    names: tuple[str, ...]

    def material(self, now: datetime) -> Material:
        """What the files have now. Raises ConfigError."""
        given = read_given(self.certificate, self.key, self.ring())
        server = given.chain[0]
        return Material(server, given.chain_pem, given.key_pem, "its file changed", tuple(self._notes(server, now)))

    def _notes(self, server: x509.Certificate, now: datetime) -> list[str]:
        left = server.not_valid_after_utc - now
        notes = [f"{self.certificate}: ends on {server.not_valid_after_utc:%Y-%m-%d}"] if left < SOON else []
        hosts = names_of(server).texts
        missing = [n for n in self.names if not any(_covers(pattern, n) for pattern in hosts)]
        return [*notes, *(f"{self.certificate}: is not for {name}, which [console] names" for name in missing)]

    @property
    def files(self) -> tuple[Path, ...]:
        """What is looked at for changes."""
        return (self.certificate, place_of(self.key))


@dataclass(slots=True)
class Transport:
    """A server's TLS. `context` is for the server; `renew` is for the schedule."""

    source: Own | FromFiles
    ca_file: Path | None
    """The authority that clients need, if it is our own."""
    clock: Clock
    context: ssl.SSLContext = field(init=False)
    notes: tuple[str, ...] = field(init=False, default=())
    _server: x509.Certificate = field(init=False)
    _current: ssl.SSLContext = field(init=False)
    _seen: Stamps = field(init=False, default=())
    _looked: datetime = field(init=False)

    def __post_init__(self) -> None:
        seen = self._stamps()
        self._take(self.source.material(self.clock()), seen)
        self.context = self._current
        self.context.sni_callback = self._newest

    @property
    def certificate(self) -> x509.Certificate:
        """The server's certificate that counts now."""
        return self._server

    @property
    def fingerprint(self) -> str:
        """Its SHA-256, as browsers show it."""
        return fingerprint(self._server)

    def renew(self, _should_end: Callable[[], bool] = lambda: False) -> str:
        """Takes what changed, and makes what ends soon. Says what it did; empty: nothing was to do.

        Raises ConfigError or StoreError: then the certificate before still counts.
        """
        now = self.clock()
        seen = self._stamps()  # before they are read: a change meanwhile is seen the next time
        if seen == self._seen and now - self._looked < timedelta(hours=1):
            return ""
        material = self.source.material(now)
        if material.server == self._server:
            self._take_note(material, seen)
            return ""
        self._take(material, seen)
        return f"a new certificate until {self._server.not_valid_after_utc:%Y-%m-%d} ({material.why or 'made anew'})"

    def _take(self, material: Material, seen: Stamps) -> None:
        self._current = _context(material)
        self._server = material.server
        self._take_note(material, seen)

    def _take_note(self, material: Material, seen: Stamps) -> None:
        self.notes, self._seen, self._looked = material.notes, seen, self.clock()

    def _stamps(self) -> Stamps:
        return tuple(_stamp(path) for path in self.source.files)

    def _newest(self, handshake: ssl.SSLObject, _name: str | None, _first: ssl.SSLContext) -> None:
        """Called in each handshake, also in those that name no server."""
        if handshake.context is not self._current:
            handshake.context = self._current


def server_context(config: Config, clock: Clock = lambda: datetime.now(UTC)) -> Transport:
    """TLS as [console] asks for it: the given certificate, or one of the site's own authority in DATA/tls.

    Call it while the keys can be read. Raises ConfigError, which names the field, or StoreError.
    """
    console, first = config.console, ring_of(config)

    def ring() -> KeyRing | None:
        """As it is now (`secret rotate`), or as it was while it could be read."""
        try:
            return ring_of(config) or first
        except LinewardenError:
            return first

    if console.certificate is not None and console.key is not None:
        return Transport(FromFiles(console.certificate, console.key, ring, console.all_names), None, clock)
    folder = own_folder(config, first)
    return Transport(Own(folder, lambda: names_of_console(console), ring), folder.authority_file, clock)


def own_folder(config: Config, ring: KeyRing | None) -> AuthorityFolder:
    """Where the site's own authority is."""
    return AuthorityFolder(config.service.data / "tls", config.service.site, ring)


def ring_of(config: Config) -> KeyRing | None:
    """The site's keys; None where the file of them was never made. Raises ConfigError or StoreError."""
    place = config.secrets.key
    return None if place.startswith("file:") and not place_of(place).exists() else key_ring(config)


def _context(material: Material) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # Stateless tickets would be opened by a key that lives as long as this process, and with it all that they protect.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _load(context, material)
    return context


def _load(context: ssl.SSLContext, material: Material) -> None:
    """OpenSSL reads files only: here one in memory, so that no key is on disk that was sealed."""
    handle = os.memfd_create("linewarden-tls", os.MFD_CLOEXEC)
    try:
        os.fchmod(handle, 0o600)
        with os.fdopen(os.dup(handle), "wb") as file:
            file.write(material.key_pem.encode() + b"\n" + material.chain_pem)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    except ssl.SSLError as error:
        raise ConfigError(f"console.certificate: OpenSSL does not take it ({_reason(error)})") from error
    finally:
        os.close(handle)


def _reason(error: ssl.SSLError) -> str:
    """`ee key too small`"""
    return str(error.reason or error).replace("_", " ").lower()


def _covers(pattern: str, name: str) -> bool:
    """Whether a name in a certificate is for this one (RFC 9525 6.3: a wildcard is the whole first label)."""
    return pattern == name or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        about = path.stat()
    except OSError:
        return (0, 0, 0)
    return (about.st_ino, about.st_mtime_ns, about.st_size)
