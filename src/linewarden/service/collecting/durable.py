"""Files that a power cut leaves whole."""

from __future__ import annotations

import os
from pathlib import Path


def put(path: Path, data: bytes, temporary: Path | None = None) -> None:
    """Puts these bytes there at once: another name, fsync, rename, fsync of the folder. Raises OSError."""
    half = temporary or path.with_name(f".{path.name}.new")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.rename(half, path)
    sync_folder(path.parent)


def write_all(handle: int, data: bytes) -> None:
    """All of it, however often that takes. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def sync_folder(folder: Path) -> None:
    """Names in it are on disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
