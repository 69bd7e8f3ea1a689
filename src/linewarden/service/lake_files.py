"""Which files of a lake count, told by their names alone.

A live sensor writes `PREFIX-00042.parquet`, one a stream and second. Compaction makes one of many,
`PREFIX-00001~00060.parquet`, which replaces every `PREFIX-n` with 1 <= n <= 60, and every `PREFIX-c~d` within. Between
the moment when it appears and that when the others are gone, both are there: who lists a folder and follows this rule
sees each row once at every moment, also after a crash. See docs/adr/0011-compaction.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIX = ".parquet"
BETWEEN = "~"
"""Between first and last number of a merged file: no site, sensor or prefix can have it (`Options::check`)."""
HIDDEN = ".~"
"""Begins the names of what compaction and retention are at work on; a lake's writers have other hidden names."""
READERS = ".readers.lock"
WORKER = ".compact.lock"
_NUMBERED = re.compile(r"([^.].*)-([0-9]+)(?:~([0-9]+))?\.parquet", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A name with a number, or with the numbers of the files that it replaces."""

    name: str
    prefix: str
    first: int
    last: int
    merged: bool


def numbered(name: str) -> Numbered | None:
    """The parts of a name; none if it is no name of ours, or its numbers run backwards."""
    found = _NUMBERED.fullmatch(name)
    if found is None or (found[3] and int(found[3]) < int(found[2])):
        return None
    return Numbered(name, found[1], int(found[2]), int(found[3] or found[2]), found[3] is not None)


def merged_name(prefix: str, first: int, last: int) -> str:
    """The name of the file that replaces these."""
    return f"{prefix}-{first:05}{BETWEEN}{last:05}{SUFFIX}"


def replaced(names: Iterable[str]) -> set[str]:
    """Those names in a folder that a merged file beside them replaces."""
    gone: set[str] = set()
    covered: dict[str, int] = {}  # by prefix: the last number of any merged file so far
    # A file lies within another exactly if one that begins no later ends no earlier; of two alike the merged counts.
    there = [n for n in map(numbered, names) if n is not None]
    for file in sorted(there, key=lambda n: (n.first, -n.last, not n.merged, n.name)):
        if covered.get(file.prefix, -1) >= file.last:
            gone.add(file.name)
        elif file.merged:
            covered[file.prefix] = file.last
    return gone


def visible(names: Iterable[str]) -> list[str]:
    """The Parquet files in a folder that count, of all names in it; by prefix and number."""
    files = [n for n in names if n.endswith(SUFFIX) and not n.startswith(".")]
    gone = replaced(files)
    return sorted((n for n in files if n not in gone), key=_order)


def _order(name: str) -> tuple[str, int, str]:
    parts = numbered(name)
    return (parts.prefix, parts.first, name) if parts else (name, -1, name)


def folders(stream: Path) -> Iterator[Path]:
    """The `site=/date=` folders of a stream's folder, sorted; what went meanwhile has none."""
    for site in _below(stream, "site="):
        yield from _below(site, "date=")


def streams(lake: Path) -> list[Path]:
    """The `stream=` folders of a lake, sorted."""
    return list(_below(lake, "stream="))


def files(stream: Path) -> list[Path]:
    """The files of a stream that count, by folder, prefix and number."""
    return [folder / name for folder in folders(stream) for name in visible(_steady(folder))]


def _steady(folder: Path) -> list[str]:
    """All names in a folder, at one moment as far as merges go.

    Listing takes time: a merged file may appear behind where it is, and what it replaces may go before it comes there.
    Then a second look sees a merged file that the first did not.
    """
    names = listed(folder)
    while True:
        again = listed(folder)
        if {n for n in again if BETWEEN in n} <= set(names):
            return names
        names = again


def has_files(stream: Path) -> bool:
    """True if the stream has a file that counts."""
    return any(visible(listed(folder)) for folder in folders(stream))


def listed(folder: Path) -> list[str]:
    """All names in a folder; none if it went meanwhile."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _below(folder: Path, start: str) -> Iterator[Path]:
    for name in sorted(listed(folder)):
        if name.startswith(start) and (folder / name).is_dir():
            yield folder / name


@contextlib.contextmanager
def reading(lake: Path) -> Iterator[None]:
    """While in the block, compaction leaves what it replaced where it is. Without one there is nothing to hold it."""
    with _locked(lake / READERS, fcntl.LOCK_SH, make=False):
        yield


@contextlib.contextmanager
def nobody_reads(lake: Path) -> Iterator[bool]:
    """True in the block if no reader is in the midst of its files."""
    with _locked(lake / READERS, fcntl.LOCK_EX | fcntl.LOCK_NB, make=True) as got:
        yield got


@contextlib.contextmanager
def alone_at_work(lake: Path) -> Iterator[bool]:
    """True in the block if no other compaction or retention is at work on the lake."""
    with _locked(lake / WORKER, fcntl.LOCK_EX | fcntl.LOCK_NB, make=True) as got:
        yield got


@contextlib.contextmanager
def _locked(path: Path, how: int, *, make: bool) -> Iterator[bool]:
    """Errors of making the file are the caller's; a reader goes on without a lock that it may not have."""
    if make and not path.exists():
        path.open("ab").close()
    handle: Any = None
    got = False
    try:
        with contextlib.suppress(OSError):
            handle = path.open("rb")
            fcntl.flock(handle, how)
            got = True
        yield got
    finally:
        if handle is not None:
            handle.close()
