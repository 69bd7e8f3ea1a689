"""The site's own authority and the server's certificate, as files of one folder.

    authority.pem  for everybody: what browsers import      authority.key  sealed by the site's key, or mode 0600
    server.pem     for everybody                            server.key     likewise

Each file appears whole. A kill between two files leaves a pair that does not match: of the server's, another is made;
the authority's key is there before its certificate, and is used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from linewarden.errors import ConfigError, StoreError
from linewarden.trust import authority as ca
from linewarden.trust.authority import Names, Pair
from linewarden.trust.envelope import KeyRing, is_sealed
from linewarden.trust.key_files import make_file, private_bytes, replace_file

MOST_CERTIFICATE = 1 << 20
ANEW = "`linewarden certificate renew --new-authority` makes another, which browsers must be given again"


@dataclass(frozen=True, slots=True)
class Issued:
    """What stands in the folder now. `why`: why the server's certificate was made just now; empty: it was there.

    `left_out`: names of this machine that the authority was not made for.
    """

    authority: x509.Certificate
    server: Pair
    why: str = ""
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityFolder:
    """The folder. `ring`: the site's keys, if it has some: then private keys are sealed."""

    folder: Path
    site: str
    ring: KeyRing | None

    @property
    def authority_file(self) -> Path:
        """What browsers import."""
        return self.folder / "authority.pem"

    @property
    def server_file(self) -> Path:
        """The server's certificate."""
        return self.folder / "server.pem"

    def current(self, wanted: Names, found: Names, now: datetime, *, anew: str = "") -> Issued:
        """The certificate for these names, made if it is not there, ends soon, or (`anew`: why) is to be another.

        `found`: names that nobody asked for; those that the authority may not sign are left out (`Issued.left_out`).

        Raises ConfigError or StoreError.
        """
        authority = self._authority(Names.of([*wanted.texts, *found.texts]), now)
        left_out = tuple(t for t in found.texts if not ca.may_sign(authority.certificate, t))
        names = Names.of([*wanted.texts, *(t for t in found.texts if t not in left_out)])
        server = self._server()
        why = anew or ("there was none" if server is None else "")
        if server is not None and not why:
            why = ca.why_renew(server.certificate, authority.certificate, names, now)
        if server is None or why:
            server = ca.issue(authority, names, now)
            self._write("server", server.certificate_pem, server.key_pem)
        return Issued(authority.certificate, server, why, left_out)

    def forget_authority(self) -> None:
        """The next `current` makes another. The certificate goes first: a key without one is nobody's."""
        for name in ("authority.pem", "authority.key", "server.pem", "server.key"):
            (self.folder / name).unlink(missing_ok=True)

    def _authority(self, names: Names, now: datetime) -> Pair:
        key_file = self.folder / "authority.key"
        if self.authority_file.exists() and not key_file.exists():
            raise StoreError(f"{key_file}: is missing, though there is {self.authority_file}; bring it back, or {ANEW}")
        if not key_file.exists():
            self._make_private(key_file, ca.key_as_pem(ca.new_key()))
        try:
            key = ca.load_key(self._read_private(key_file))
            self._seal_what_is_plain(key_file)
            if not self.authority_file.exists():
                made = ca.new_authority(key, self.site, names, now)
                make_file(self.authority_file, made.public_bytes(Encoding.PEM))
                self.authority_file.chmod(0o644)
            found = Pair.parse(read_certificate(self.authority_file), ca.key_as_pem(key))
        except ValueError as error:
            raise StoreError(f"{key_file}: {error}, or it is damaged; bring it back, or {ANEW}") from error
        if found.certificate.not_valid_after_utc <= now:
            raise StoreError(
                f"{self.authority_file}: ended on {found.certificate.not_valid_after_utc:%Y-%m-%d}; {ANEW}"
            )
        return found

    def _server(self) -> Pair | None:
        """The server's pair; None if there is none that can be used."""
        key_file = self.folder / "server.key"
        if not (self.server_file.exists() and key_file.exists()):
            return None
        try:
            found = Pair.parse(read_certificate(self.server_file), self._read_private(key_file))
        except (ValueError, ConfigError):
            return None
        self._seal_what_is_plain(key_file)
        return found

    def _write(self, name: str, certificate: bytes, key: str) -> None:
        key_file, file = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        text = self.ring.seal(key) if self.ring else key
        for path, data in ((key_file, text.encode()), (file, certificate)):
            if path.exists():
                replace_file(path, data)
            else:
                make_file(path, data)
        file.chmod(0o644)

    def _make_private(self, path: Path, text: str) -> None:
        make_file(path, (self.ring.seal(text) if self.ring else text).encode())

    def _seal_what_is_plain(self, path: Path) -> None:
        """The site got its key after this one was made."""
        text = private_bytes(path).decode("ascii", "replace")
        if self.ring is not None and not is_sealed(text):
            replace_file(path, self.ring.seal(text).encode())

    def _read_private(self, path: Path) -> str:
        """The key as PEM. Raises StoreError, or ConfigError if it cannot be opened."""
        return open_private(path, private_bytes(path), self.ring)


def open_private(path: Path, data: bytes, ring: KeyRing | None) -> str:
    """A private key as PEM, of a file that may be sealed. Raises ConfigError."""
    text = data.decode("ascii", "replace").strip()
    if not is_sealed(text):
        return text
    if ring is None:
        raise ConfigError(f"{path}: is sealed, and there is no [secrets] key to open it")
    try:
        return ring.open(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def read_certificate(path: Path) -> bytes:
    """The bytes of a certificate's file. Raises StoreError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_CERTIFICATE + 1)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); check path and owner") from error
    if len(data) > MOST_CERTIFICATE:
        raise StoreError(f"{path}: is larger than 1 MiB; is that a certificate?")
    return data
