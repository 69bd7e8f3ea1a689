"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from linewarden.errors import StoreError


class Reserved:
    """A file that will be written: its place was tried when it was reserved, so that work is not done in vain.

    Use `reserve(path)`; `write` puts the text there at once and whole (temporary file, fsync, rename).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # A link keeps pointing where it points; a device or pipe is written to, not replaced.
        self._target = Path(os.path.realpath(path))
        self._special = self._target.exists() and not stat.S_ISREG(self._target.stat().st_mode)
        self._tmp: Path | None = None if self._special else self._try()

    def _try(self) -> Path:
        if not os.access(self._target, os.W_OK) and self._target.exists():
            raise StoreError(f"{self.path}: no permission to write to this file; choose another one")
        try:
            prefix = f".{self._target.name[:100]}."
            handle, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=self._target.parent)
        except OSError as error:
            raise StoreError(_why(self.path, error)) from error
        os.close(handle)
        return Path(name)

    def write(self, text: str) -> None:
        """Puts `text` there as UTF-8. Raises StoreError, and then leaves what was there before."""
        self.write_bytes(text.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> None:
        """Puts these bytes there. Raises StoreError, and then leaves what was there before."""
        self.write_pieces([data])

    def write_pieces(self, pieces: Iterable[bytes]) -> None:
        """The same of what comes piece by piece, and need not fit into memory."""
        try:
            if self._tmp is None:
                with self._target.open("wb") as device:
                    device.writelines(pieces)
                return
            with self._tmp.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            self._tmp.chmod(0o666 & ~_umask())
            self._tmp.replace(self._target)
        except OSError as error:
            raise StoreError(_why(self.path, error)) from error
        self._tmp = None

    def give_up(self) -> None:
        """Removes what was reserved and not written."""
        if self._tmp is not None:
            self._tmp.unlink(missing_ok=True)


@contextlib.contextmanager
def reserve(path: Path) -> Iterator[Reserved]:
    """A place for a file, tried now. Nothing half-written stays, whatever happens in the block.

    Raises StoreError if it cannot be written: no such folder, no permission, a folder of that name.
    """
    if path.is_dir():
        raise StoreError(f"{path}: is a folder; give the name of a file")
    try:
        reserved = Reserved(path)
    except OSError as error:
        raise StoreError(_why(path, error)) from error
    try:
        yield reserved
    finally:
        reserved.give_up()


def _why(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: the folder {path.parent} does not exist; make it first"
    if isinstance(error, NotADirectoryError):
        return f"{path}: {path.parent} is not a folder; choose another place"
    if isinstance(error, PermissionError):
        return f"{path}: no permission to write in {path.parent}; choose another folder"
    return f"{path}: cannot be written ({error.strerror or error}); free space or choose another place"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
