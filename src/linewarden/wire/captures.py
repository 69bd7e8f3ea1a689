"""Which captures a person means: files, folders, globs, standard input."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from linewarden.errors import CaptureError

SUFFIXES = (
    ".pcap",
    ".pcapng",
    ".cap",
    ".dmp",
    ".pcap.gz",
    ".pcapng.gz",
    ".cap.gz",
    ".pcap.zst",
    ".pcapng.zst",
    ".cap.zst",
)
"""What counts as a capture in a folder. A file that is named is read whatever its name is."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One capture to read: `path` None is standard input; `name` is what records call it."""

    path: Path | None
    name: str

    @property
    def size(self) -> int:
        """Bytes of the file; 0 for standard input."""
        return self.path.stat().st_size if self.path else 0


def find_captures(arguments: Iterable[str]) -> tuple[Capture, ...]:
    """Files, folders (searched to the bottom), globs and `-`, in the order given; each file once.

    Raises CaptureError naming what is missing, or the folder that holds no capture.
    """
    found: dict[Path | None, None] = {}
    for argument in arguments:
        for path in _expand(argument):
            found.setdefault(path)
    return _named(list(found))


def _expand(argument: str) -> list[Path | None]:
    if argument == "-":
        return [None]
    path = Path(argument)
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.name.lower().endswith(SUFFIXES))
        if not inside:
            raise CaptureError(
                f"{argument}: no capture in this folder; looked for {', '.join(SUFFIXES[:4])}, .gz, .zst"
            )
        return list(inside)
    if path.exists():
        return [path]
    matches = sorted(Path(p) for p in glob.glob(argument, recursive=True) if Path(p).is_file())
    if not matches:
        raise CaptureError(f"{argument}: no such file or folder; check the path")
    return list(matches)


def _named(paths: list[Path | None]) -> tuple[Capture, ...]:
    """Names are file names; with their folder where two files are named alike."""
    names = [p.name if p else "stdin" for p in paths]
    return tuple(
        Capture(path, str(path) if path and names.count(name) > 1 else name)
        for path, name in zip(paths, names, strict=True)
    )


def fingerprint(captures: Iterable[Capture]) -> str:
    """A short name for a set of captures that stays the same when they are read again: 16 hex digits.

    From names, sizes and the first and last 64 KiB of each file; standard input has only its name.
    """
    digest = hashlib.sha256()
    for capture in captures:
        digest.update(f"{capture.name}\0{capture.size}\0".encode())
        if capture.path:
            with capture.path.open("rb") as file:
                digest.update(file.read(65_536))
                file.seek(max(0, capture.size - 65_536))
                digest.update(file.read(65_536))
    return digest.hexdigest()[:16]
