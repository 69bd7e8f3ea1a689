"""The numbers of tags, the same from run to run: blocks of the log name tags by them.

A file with a line of JSON for each tag, and another where more was said of it. It is synced before a block that names a
new tag is.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from linewarden.collectors.contract import Tag
from linewarden.errors import StoreError
from linewarden.service.collecting.durable import put, write_all

FILE = "tags.jsonl"
MOST = 1_000_000
"""Tags: more is no plant, but a machine that makes up names."""
LONGEST = 1000
"""Characters of a name."""
_NAMES = tuple(f.name for f in fields(Tag))
_SAID = ("unit", "area", "start", "ucum", "description", "datatype", "low", "high")
Key = tuple[str, str, str]


class TagNumbers:
    """All tags that collectors ever told of. Thread-safe. Raises StoreError if the file cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._tags: list[Tag] = []
        self._by_key: dict[Key, int] = {}
        self._unwritten: list[int] = []
        self.version = 0
        """Counts what was said."""
        try:
            self._read()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read ({error.strerror or error}); check its owner") from error

    def number(self, tag: Tag) -> int:
        """The number of a tag. What is newly said of it is kept; what is left out is not forgotten.

        Raises StoreError if there are too many.
        """
        if len(tag.name) > LONGEST:
            tag = replace(tag, name=f"{tag.name[: LONGEST - 9]}~{zlib.crc32(tag.name.encode('utf-8', 'replace')):08x}")
        key = (tag.source, tag.protocol, tag.name)
        with self._lock:
            found = self._by_key.get(key)
            if found is None:
                if len(self._tags) >= MOST:
                    raise StoreError(
                        f"{MOST:,} tags are known already; {tag.source} makes up more: name those you want"
                    )
                found = self._by_key[key] = len(self._tags)
                self._tags.append(tag)
            else:
                new = _with(self._tags[found], tag)
                if new == self._tags[found]:
                    return found
                self._tags[found] = new
            self._unwritten.append(found)
            self.version += 1
            return found

    def tag(self, number: int) -> Tag:
        """The tag of a number; one that says so for a number that nobody knows any more."""
        tags = self._tags
        return tags[number] if 0 <= number < len(tags) else Tag("unknown", "unknown", f"tag {number}")

    def all(self) -> list[Tag]:
        """All of them, by number."""
        return list(self._tags)

    def __len__(self) -> int:
        return len(self._tags)

    def sync(self) -> None:
        """Brings what is new to disk. Raises OSError; then it is tried again the next time."""
        with self._lock:
            numbers, self._unwritten = list(dict.fromkeys(self._unwritten)), []
            lines = b"".join(_line(n, self._tags[n]) for n in numbers)
        if not lines:
            return
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            try:
                write_all(file, b"\n" + lines)  # behind half a line, as a full disk leaves one
                os.fsync(file)
            finally:
                os.close(file)
        except OSError:
            with self._lock:
                self._unwritten = [*numbers, *self._unwritten]
            raise

    def _read(self) -> None:
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            put(self._path, b"")
            return
        found: dict[int, Tag] = {}
        for line in lines:
            if (said := _said(line)) is not None:
                found[said[0]] = said[1]
        for number in range(max(found, default=-1) + 1):
            tag = found.get(number, Tag("unknown", "unknown", f"tag {number}"))
            self._tags.append(tag)
            self._by_key[(tag.source, tag.protocol, tag.name)] = number
        if len(lines) > 2 * len(found) + 100:
            put(self._path, b"".join(_line(n, t) for n, t in enumerate(self._tags)))


def _with(known: Tag, said: Tag) -> Tag:
    new: dict[str, Any] = {n: v for n in _SAID if (v := getattr(said, n)) not in (None, "")}
    return replace(known, **new)


def _line(number: int, tag: Tag) -> bytes:
    about = {name: value for name, value in asdict(tag).items() if value not in (None, "")}
    return json.dumps([number, about], separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _said(line: bytes) -> tuple[int, Tag] | None:
    """A line that is no whole one is none: its tag is told again by its collector."""
    try:
        number, about = json.loads(line)
        known = {k: v for k, v in about.items() if k in _NAMES}
        return int(number), Tag(**{"source": "", "protocol": "", "name": "", **known})
    except (ValueError, TypeError, AttributeError):
        return None
