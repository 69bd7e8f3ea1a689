"""Which files of a folder of the lake are merged, and when: pure, from names and sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from linewarden.service.lake_files import Numbered, merged_name, numbered, visible

LIVE = "live-"
"""Only what a live sensor writes is merged: files of `read --out` are replaced by prefix when it is read again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to merge, and how far.

    A byte is written again at most once each time that the file it is in becomes `fan` times as large, so a day costs
    a few times its size; a day that is over ends as few files of up to `file_bytes`.
    """

    fan: int = 16
    """Files alike in size, beside each other, that become one."""
    small_bytes: int = 64 << 10
    """Files up to this size are alike; then up to `fan` times this, and so on."""
    file_bytes: int = 128 << 20
    """No merged file is made of more."""
    merge_files: int = 2_000
    """At most so many at a time: each is open while it is read."""
    newest: int = 2
    """So many newest files are left alone while a folder is written to."""
    quiet_s: float = 600.0
    """s without a new file after which a day that is past counts as over."""
    memory: str = "400MB"
    """What a merge may hold."""
    group_rows: int = 131_072
    """Rows of a row group."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Files that become one, in order, and its name."""

    sources: tuple[str, ...]
    target: str
    first: int
    last: int
    prefix: str


def plan(
    names: Sequence[str], sizes: Mapping[str, int], *, over: bool, limits: Limits, avoid: Set[str] = frozenset()
) -> list[Merge]:
    """The merges to do now in a folder with these names (all of them, hidden ones too), from small to large.

    `over`: nobody writes to it any more. A file in `avoid`, or without a size, is never merged, nor what is before it
    with what is after it: the merged file would replace it too.
    """
    files = [n for n in map(numbered, visible(names)) if n is not None and n.prefix.startswith(LIVE)]
    merges: list[Merge] = []
    for prefix, group in itertools.groupby(files, key=lambda n: n.prefix):
        unfinished = _first_unfinished(names, prefix)
        mine = [n for n in group if n.last < unfinished]
        if not over:
            mine = mine[: max(0, len(mine) - limits.newest)]
        for run in _apart(mine, sizes, avoid):
            merges += _merges(run, sizes, 2 if over else limits.fan, limits)
    return merges


def _first_unfinished(names: Sequence[str], prefix: str) -> float:
    """The lowest number of which a file is being written; what follows may be visible before it is."""
    halves = (n[1:].removesuffix(".tmp") for n in names if n.startswith(f".{prefix}-") and n.endswith(".tmp"))
    return min((n.first for n in map(numbered, halves) if n is not None and n.prefix == prefix), default=float("inf"))


def _apart(files: list[Numbered], sizes: Mapping[str, int], avoid: Set[str]) -> Iterator[list[Numbered]]:
    """Files without those that are not to be touched, nor any that overlap, cut there."""
    run: list[Numbered] = []
    end = -1
    for file in files:
        if file.name in avoid or file.name not in sizes or file.first <= end:
            yield run
            run = []
        else:
            run.append(file)
        end = max(end, file.last)
    yield run


def _merges(run: list[Numbered], sizes: Mapping[str, int], fan: int, limits: Limits) -> list[Merge]:
    """Merges of the smallest level that has any; larger levels are looked at again once these are done."""
    level = limits.small_bytes
    while True:
        chunks = [c for part in _up_to(run, sizes, level) for c in _chunks(part, sizes, limits)]
        if found := [_merge(c) for c in chunks if len(c) >= fan and _is_worth_it(c, sizes, limits)]:
            return found
        if level >= limits.file_bytes:
            return []
        level = min(level * limits.fan, limits.file_bytes)


def _up_to(run: list[Numbered], sizes: Mapping[str, int], level: int) -> Iterator[list[Numbered]]:
    """Neighbours that are no larger than a level."""
    for small, part in itertools.groupby(run, key=lambda n: sizes[n.name] <= level):
        if small:
            yield list(part)


def _chunks(part: list[Numbered], sizes: Mapping[str, int], limits: Limits) -> Iterator[list[Numbered]]:
    """Neighbours of which one file may be made."""
    chunk: list[Numbered] = []
    total = 0
    for file in part:
        if chunk and (total + sizes[file.name] > limits.file_bytes or len(chunk) >= limits.merge_files):
            yield chunk
            chunk, total = [], 0
        chunk.append(file)
        total += sizes[file.name]
    yield chunk


def _is_worth_it(chunk: list[Numbered], sizes: Mapping[str, int], limits: Limits) -> bool:
    """False for a large file with a few crumbs beside it, which would be written again for each crumb."""
    amounts = [sizes[n.name] for n in chunk]
    return 2 * max(amounts) <= sum(amounts) or sum(amounts) <= limits.small_bytes


def _merge(chunk: list[Numbered]) -> Merge:
    first, last, prefix = chunk[0].first, chunk[-1].last, chunk[0].prefix
    return Merge(tuple(n.name for n in chunk), merged_name(prefix, first, last), first, last, prefix)
