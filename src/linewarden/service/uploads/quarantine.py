"""Where files of people wait until somebody has looked at them: one folder, no names of theirs, nothing half there.

A file that is being sent has no place in any folder of the machine that could be reached by its name: it is `ID.part`
in a folder that only the service may enter, and `ID` once it is whole and on disk.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from pathlib import Path

from anyio import to_thread

from linewarden.errors import StoreError
from linewarden.service.uploads import UploadError
from linewarden.service.uploads.paths import display_name
from linewarden.service.uploads.sniffing import HEAD, Content, sniff
from linewarden.trust.key_files import sync_folder

PART = ".part"
LEAVE_FREE = 512_000_000
"""Bytes that stay free on the disk: the lake is on it, too."""
OLD_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came whole. `name`: what people call it, for reading only."""

    id: str
    path: Path
    name: str
    size: int
    sha256: str
    content: Content


@dataclass(slots=True)
class Intake:
    """A file that is coming: use it in `with`. After the block, `upload` is what came; any error removes it."""

    folder: Path
    name: str
    most: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    size: int = 0
    _handle: int = -1
    _head: bytearray = field(default_factory=bytearray)
    _sum: hashlib._Hash = field(default_factory=hashlib.sha256)
    _upload: Upload | None = None

    def __enter__(self) -> Intake:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._handle = os.open(self._part, flags, 0o600)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be written ({error.strerror or error})") from error
        return self

    @property
    def _part(self) -> Path:
        return self.folder / f"{self.id}{PART}"

    @property
    def upload(self) -> Upload:
        """What came."""
        assert self._upload is not None, "only after the block"
        return self._upload

    def write(self, block: bytes) -> None:
        """More of it. Raises UploadError past the bound, StoreError if the disk is full."""
        if self.size + len(block) > self.most:
            raise UploadError(f"{self.name} is larger than {self.most / 1e6:,.0f} MB; send a part of it")
        if self.size % (64 << 20) + len(block) >= 64 << 20:
            leave_room(self.folder, 0)
        view = memoryview(block)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError as error:
            raise StoreError(f"{self.name} could not be kept ({error.strerror or error})") from error
        self.size += len(block)
        self._sum.update(block)
        if len(self._head) < HEAD:
            self._head += block[: HEAD - len(self._head)]

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        try:
            if kind is None and self._upload is None:
                self.finish()
        finally:
            os.close(self._handle)
            self._part.unlink(missing_ok=True)

    def finish(self) -> None:
        """It is whole: on disk when this returns, which may take seconds. Without it, the end of the block does so."""
        if not self.size:
            raise UploadError(f"{self.name} is empty")
        final = self.folder / self.id
        try:
            os.fsync(self._handle)
            self._part.rename(final)
            sync_folder(self.folder)
        except OSError as error:
            raise StoreError(f"{self.name} could not be kept ({error.strerror or error})") from error
        content = sniff(bytes(self._head))
        self._upload = Upload(self.id, final, self.name, self.size, self._sum.hexdigest(), content)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The folder. `most_bytes`, `most_files`: of all that waits in it."""

    folder: Path
    most_bytes: int = 20_000_000_000
    most_files: int = 200

    def receive(self, name: str, most: int, expected: int | None = None) -> Intake:
        """Begins to take a file of at most so many bytes; `expected`: as many as its sender says.

        Raises UploadError if it cannot fit, StoreError if the folder cannot be had.
        """
        shown = display_name(name)
        if expected is not None and expected > most:
            raise UploadError(f"{shown} is larger than {most / 1e6:,.0f} MB; send a part of it")
        self._make()
        sizes = [entry.stat(follow_symlinks=False).st_size for entry in os.scandir(self.folder)]
        if len(sizes) >= self.most_files or sum(sizes) + (expected or 0) > self.most_bytes:
            raise UploadError("too many files wait to be looked at; finish or discard some")
        leave_room(self.folder, expected or 0)
        return Intake(self.folder, shown, most)

    async def take(self, name: str, most: int, stream: AsyncIterable[bytes], expected: int | None = None) -> Upload:
        """A whole file as it comes over the network. Raises UploadError or StoreError; then nothing of it is kept."""
        with self.receive(name, most, expected) as intake:
            async for block in stream:
                await to_thread.run_sync(intake.write, block)  # a disk may be slow; others are served meanwhile
            await to_thread.run_sync(intake.finish)
        return intake.upload

    def discard(self, id: str) -> None:
        """Removes a file, if there is one."""
        self.path_of(id).unlink(missing_ok=True)

    def path_of(self, id: str) -> Path:
        """Where a file is. Raises UploadError for what is no id."""
        if len(id) != 32 or not set(id) <= set("0123456789abcdef"):
            raise UploadError("there is no such upload")
        return self.folder / id

    def sweep(self, older_than_s: float = OLD_S) -> int:
        """Removes what nobody finished, and says how many files that were."""
        if not self.folder.is_dir():
            return 0
        now, gone = time.time(), 0
        for entry in os.scandir(self.folder):
            if now - entry.stat(follow_symlinks=False).st_mtime > older_than_s:
                Path(entry.path).unlink(missing_ok=True)
                gone += 1
        return gone

    def _make(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.folder.is_symlink():
                raise StoreError(f"{self.folder}: is a link; it must be a folder of the service")
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be made ({error.strerror or error})") from error


def leave_room(folder: Path, more: int) -> None:
    """Raises StoreError if so many bytes more would leave too little for everything else."""
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < more + LEAVE_FREE:
        raise StoreError(f"{folder}: the disk is nearly full; free some space first")
