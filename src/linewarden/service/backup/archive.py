"""The file itself: a tar in the format of age (`age -d FILE | tar t` lists it without this program).

What comes out of it is not trusted: who has the public key can make such a file. So only plain files are taken, below
the folder that was named, each once, no more bytes and files than allowed; and what is not whole is not taken at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from linewarden.errors import StoreError
from linewarden.service.uploads.paths import folded
from linewarden.trust.age import Identity, Passphrase, Reader, Recipient, Writer
from linewarden.trust.note import Signer, VerifierKey, signers_of

MANIFEST, SIGNATURE = "backup.json", "backup.note"
FORMAT, VERSION = "linewarden-backup", 1
MOST_FILES = 1_000_000
MOST_NAME, MOST_DEPTH, MOST_PART = 1_024, 32, 255
MOST_MANIFEST = 1 << 20
BLOCK = 1 << 20
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)


class Pack:
    """Writes a backup. Nothing of it is one before `close`."""

    def __init__(self, file: BinaryIO, recipients: Sequence[Recipient | Passphrase], about: dict[str, Any]) -> None:
        self._writer = Writer(file, recipients)
        self._tar = tarfile.open(fileobj=self._writer, mode="w|", format=tarfile.GNU_FORMAT)  # type: ignore[call-overload]  # noqa: SIM115
        self._sums = Sums()
        self._seen: set[str] = set()
        self.files = 0
        self.text(json.dumps({"format": FORMAT, "version": VERSION, **about}).encode(), name=MANIFEST)

    def text(self, data: bytes, *, name: str, mode: int = 0o600, mtime: float = 0) -> None:
        """A file from memory."""
        self.stream(io.BytesIO(data), len(data), name=name, mode=mode, mtime=mtime)

    def path(self, path: Path, *, name: str) -> None:
        """A file from disk, as long as it is now."""
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            self.stream(file, about.st_size, name=name, mode=stat.S_IMODE(about.st_mode), mtime=about.st_mtime)

    def stream(self, file: BinaryIO, size: int, *, name: str, mode: int, mtime: float) -> None:
        """So many bytes of a file. Raises StoreError if it has fewer, or a name that no restore would take."""
        _checked(name, self._seen)
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, mode & 0o777, int(mtime)
        try:
            self._tar.addfile(member, self._sums.reading(name, file))
        except OSError as error:
            raise StoreError(f"{name}: cannot be read whole ({error}); try again") from error
        self._sums.end()
        self.files += 1

    def close(self, signer: Signer | None) -> None:
        """Ends it; signed, if there is a key, so that a restore can tell whose backup it is."""
        if signer is not None:
            text = f"{FORMAT}\n{self.files}\n{self._sums.digest()}\n"
            note = f"{text}\n{signer.line(text)}".encode()
            member = tarfile.TarInfo(SIGNATURE)
            member.size = len(note)
            self._tar.addfile(member, io.BytesIO(note))
        self._tar.close()
        self._writer.close()


class Sums:
    """One hash over names, sizes and contents, in their order."""

    def __init__(self) -> None:
        self._all, self._one = hashlib.sha256(), hashlib.sha256()
        self._name = ""

    def reading(self, name: str, file: BinaryIO) -> Any:
        """The file, whose bytes count as they are read."""
        self._name, self._one = name, hashlib.sha256()
        sums = self

        class Counted:
            def read(self, size: int = -1) -> bytes:
                data = file.read(size)
                sums.add(data)
                return data

        return Counted()

    def begin(self, name: str) -> None:
        """A file whose bytes come with `add`."""
        self._name, self._one = name, hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Bytes of the file."""
        self._one.update(data)

    def end(self) -> None:
        """The file is over."""
        self._all.update(f"{self._one.hexdigest()}  {self._name}\n".encode("utf-8", "surrogateescape"))

    def digest(self) -> str:
        """Over all files so far."""
        return self._all.hexdigest()


@dataclass(slots=True)
class Unpacked:
    """What was in a backup: its manifest, the names of its files, and the signed text at its end."""

    about: dict[str, Any]
    names: list[str] = field(default_factory=list)
    text: str = ""
    note: str = ""

    def signed_by(self, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
        """Who of these signed it. Raises ConfigError if the signature is wrong."""
        if not self.note.startswith(f"{self.text}\n"):
            return []
        return signers_of(self.note, keys)


class _Plain(tarfile.TarInfo):
    """A member that can be nothing but a file: what else tar knows is refused before it is looked at."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Plain:
        found = super().frombuf(buf, encoding, errors)
        long_name = found.type == tarfile.GNUTYPE_LONGNAME and found.size <= 4 * MOST_NAME
        if found.type not in PLAIN and not long_name:
            raise StoreError("a part of it is no plain file (a link, a device, a folder): refused")
        return found


def unpack(file: BinaryIO, identities: Sequence[Identity | Passphrase], into: Path, most_bytes: int) -> Unpacked:
    """All files of a backup into an empty folder of ours. Raises StoreError: then the folder is to be thrown away."""
    reader = Reader(file, identities)
    sums = Sums()
    try:
        with tarfile.open(fileobj=reader, mode="r|", tarinfo=_Plain, encoding="utf-8") as tar:  # type: ignore[call-overload]
            found = _unpack(tar, into, most_bytes, sums)
    except (tarfile.TarError, EOFError, UnicodeError, RecursionError) as error:
        raise StoreError(f"it is no backup of Linewarden ({error})") from error
    while rest := reader.read(BLOCK):  # the end must be there, and nothing behind it
        if rest.strip(b"\0"):
            raise StoreError("there is more behind its end: refused")
    return found


def _unpack(tar: tarfile.TarFile, into: Path, most_bytes: int, sums: Sums) -> Unpacked:
    found: Unpacked | None = None
    left = most_bytes
    seen: set[str] = set()
    for member in tar:
        source = tar.extractfile(member)
        left -= member.size
        if left < 0 or len(seen) > MOST_FILES:
            raise StoreError("it holds more than is allowed; see --max-gb")
        if source is None or member.size < 0:
            raise StoreError("a part of it is no plain file: refused")
        if found is None:
            found = Unpacked(_manifest(member, source, sums))
            continue
        if found.note:
            raise StoreError("there is more behind its signature: refused")
        if member.name == SIGNATURE:
            found.text = f"{FORMAT}\n{len(found.names) + 1}\n{sums.digest()}\n"
            found.note = source.read(BLOCK).decode("utf-8")
            continue
        name = _checked(member.name, seen)
        sums.begin(member.name)
        _write(into / name, source, member, sums)
        sums.end()
        found.names.append(str(name))
    if found is None:
        raise StoreError("it is no backup of Linewarden: it is empty")
    return found


def _manifest(member: tarfile.TarInfo, source: Any, sums: Sums) -> dict[str, Any]:
    data = source.read(MOST_MANIFEST)
    sums.begin(member.name)
    sums.add(data)
    sums.end()
    try:
        about = json.loads(data)
    except (ValueError, RecursionError):
        about = None
    if member.name != MANIFEST or not isinstance(about, dict) or about.get("format") != FORMAT:
        raise StoreError("it is no backup of Linewarden")
    if about.get("version") != VERSION:
        raise StoreError(f"it is of version {about.get('version')!r}; this Linewarden reads {VERSION}")
    return about


def _checked(name: str, seen: set[str]) -> PurePosixPath:
    """A name that stays below. No two may be one file, also where capitals and Unicode forms do not count."""
    parts = name.split("/")
    odd = any(p in ("", ".", "..") or len(p.encode("utf-8", "surrogateescape")) > MOST_PART for p in parts)
    if odd or len(name) > MOST_NAME or len(parts) > MOST_DEPTH or not name.isprintable() or "\\" in name:
        raise StoreError(f"it has a file with a name that leads elsewhere: {name[:80]!r}; refused")
    if (key := folded(name)) in seen:
        raise StoreError(f"it has {name!r} twice; refused")
    seen.add(key)
    return PurePosixPath(*parts)


def _write(path: Path, source: Any, member: tarfile.TarInfo, sums: Sums) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(f"{member.name}: cannot be written ({error.strerror or error})") from error
    with os.fdopen(handle, "wb") as file:
        for block in _blocks(source, member.size):
            sums.add(block)
            file.write(block)
        file.flush()
        os.fchmod(handle, (member.mode & 0o666) | 0o600)
        os.fsync(handle)
    os.utime(path, (member.mtime, member.mtime))


def _blocks(source: Any, size: int) -> Iterator[bytes]:
    while size > 0:
        block = source.read(min(BLOCK, size))
        if not block:
            raise StoreError("it ends too early")
        size -= len(block)
        yield block
