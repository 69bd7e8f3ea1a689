"""ZIP archives of people: looked at as a whole before anything is unpacked, and unpacked within bounds.

Beside size and ratio: entries that share bytes of the archive (D. Fifield, "A better zip bomb", WOOT 2019), archives in
archives, links and devices (their Unix mode), encryption, and names (`paths`). The directory's word for a size is not
believed: it is counted what comes out.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linewarden.service.uploads import UploadError
from linewarden.service.uploads.paths import Members, shown
from linewarden.service.uploads.sniffing import HEAD, Content, sniff

BLOCK = 1 << 16
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LOCAL_HEADER, END, LOCATOR, MOST_COMMENT = 30, 22, 20, 65_535
A_LONG_ENTRY = 300
"""Bytes of the directory that a file may have, on average."""
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, IndexError)
ARCHIVES = (Content.ZIP, Content.GZIP, Content.ZSTD)


@dataclass(frozen=True, slots=True)
class ZipBounds:
    """How much may be in an archive: files, bytes of all and of one, and bytes for each byte of it."""

    files: int = 2_000
    most: int = 200_000_000
    one: int = 100_000_000
    ratio: float = 100.0
    free: int = 1_000_000


class BoundedZip:
    """An archive that was looked at. Use it in `with`. Raises UploadError for what is wrong, also while reading."""

    def __init__(self, path: Path, bounds: ZipBounds) -> None:
        self._path, self._bounds = path, bounds
        self._packed, self._out = path.stat().st_size, 0
        try:
            _check_directory(path, bounds.files)
            self._zip = zipfile.ZipFile(path)
        except DAMAGE as error:
            raise (
                error if isinstance(error, UploadError) else UploadError("it is no ZIP archive, or damaged")
            ) from error
        try:
            self.names = self._checked()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> BoundedZip:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _checked(self) -> list[str]:
        bounds, entries, members = self._bounds, self._zip.infolist(), Members()
        if len(entries) > bounds.files:
            raise UploadError(f"it has more than {bounds.files:,} files")
        for entry in entries:
            if not entry.is_dir():
                members.add(entry.orig_filename)  # `filename` ends at a NUL
            _check_kind(entry)
        self._bound(sum(e.file_size for e in entries))
        _check_overlap(entries, self._packed)
        return [e.filename for e in entries if not e.is_dir()]

    def _bound(self, size: int) -> None:
        bounds = self._bounds
        if size > bounds.most:
            raise UploadError(f"it holds more than {bounds.most / 1e6:,.0f} MB once unpacked")
        if size > bounds.free and size > self._packed * bounds.ratio:
            raise UploadError(f"it holds more than {bounds.ratio:g} times its size; that is a bomb")

    def blocks(self, name: str) -> Iterator[bytes]:
        """What is in a file, piece by piece."""
        size = 0
        try:
            with self._zip.open(name) as file:
                while block := file.read(BLOCK):
                    if not size and sniff(block[:HEAD]) in ARCHIVES:
                        raise UploadError(f"{shown(name)} in it is an archive itself; unpack it first")
                    size += len(block)
                    self._out += len(block)
                    if size > self._bounds.one:
                        raise UploadError(f"{shown(name)} in it is larger than {self._bounds.one / 1e6:,.0f} MB")
                    self._bound(self._out)
                    yield block
        except DAMAGE as error:
            if isinstance(error, UploadError):
                raise
            raise UploadError(f"{shown(name)} in it is damaged") from error

    def read(self, name: str) -> bytes:
        """A whole file."""
        return b"".join(self.blocks(name))


def _check_directory(path: Path, files: int) -> None:
    """The directory is read as a whole into memory, so first its size (APPNOTE.TXT 4.3.16, 4.3.15)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END - MOST_COMMENT - LOCATOR))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + END:
        raise UploadError("it is no ZIP archive, or cut short")
    if b"PK\x06\x07" in tail or int.from_bytes(tail[at + 12 : at + 16], "little") > files * A_LONG_ENTRY:
        raise UploadError(f"it has more than {files:,} files, or too long a directory")


def _check_kind(entry: zipfile.ZipInfo) -> None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(f"{shown(entry.filename)} in it is a link or a device; refused")
    if entry.flag_bits & 0x1:
        raise UploadError("it is encrypted; unpack it first")
    if entry.compress_type not in METHODS:
        raise UploadError(f"{shown(entry.filename)} in it is packed in a way that is not read here; use Deflate")


def _check_overlap(entries: list[zipfile.ZipInfo], end: int) -> None:
    """No two entries may be made of the same bytes."""
    reached = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < reached:
            raise UploadError("its files share their bytes; that is a bomb")
        reached = entry.header_offset + LOCAL_HEADER + len(entry.orig_filename.encode()) + entry.compress_size
    if reached > end:
        raise UploadError("it is cut short, or its directory lies")
