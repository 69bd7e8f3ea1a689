"""The packets that a notice, a case or a flow names, cut out of the captures that they were read from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import CaptureError, ConfigError
from linewarden.wire.cutting import Around, Cut, Job, Mark, cut

if TYPE_CHECKING:
    from linewarden.detections.run import Told

_OF_RING = re.compile(r"watch-.*-\d+\.pcapng")
_LIVE = re.compile(r"watch-\d{8}T[^/]*")
RING_NEIGHBOURS = 8
"""Files of a ring before and after that are looked at for more of a conversation, at most."""
RING_SLACK_S = 2.0
"""A file of a ring was last written so long after its last packet, at most."""


@dataclass(frozen=True, slots=True)
class Named:
    """A packet as a record names it: capture, number, when (ns UTC, if known), and what to say about it."""

    capture: str
    frame: int
    ts: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Packets that belong in one file."""

    out: Path
    packets: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was cut of a wish: packets that were named and wanted, all that were written, and what is wrong."""

    out: Path
    wanted: int
    named: int
    packets: int
    left_out: int
    problems: tuple[str, ...]


class Captures:
    """Where captures lie: files and folders that were given; else where they were, or beside the lake."""

    def __init__(self, given: Sequence[Path] = (), lake: Path | None = None) -> None:
        from linewarden.wire.captures import find_captures

        self._given = tuple(given)
        self._lake = lake
        paths = [c.path for c in find_captures(str(p) for p in given)] if given else []
        self._files = [p for p in paths if p is not None]
        self._alone = self._files[0] if len(given) == len(self._files) == 1 and given[0].is_file() else None

    def find(self, name: str, alone: bool = False) -> Path:
        """The file of a capture. `alone`: no other is looked for, so that the one file that was given must be it.

        Raises CaptureError if there is none, or more than one.
        """
        if not self._given:
            return self._as_it_was(name)
        if alone and self._alone:
            return self._alone
        whole = [p for p in self._files if str(p) == name]
        found = whole or [p for p in self._files if _plain(p.name) == _plain(Path(name).name)]
        where = ", ".join(str(p) for p in self._given)
        if not found:
            raise CaptureError(f"{name}: not in {where}; {_way_out(name)}")
        if len({p.resolve() for p in found}) > 1:
            raise CaptureError(f"{name}: more than once in {where} ({found[0]}, {found[1]}); give one with --captures")
        return found[0]

    def _as_it_was(self, name: str) -> Path:
        places = [Path(name)]
        if self._lake is not None:
            places.append(self._lake.absolute().parent / Path(name).name)
        for path in places:
            if path.is_file():
                return path
        raise CaptureError(f"{name}: not here, nor beside the lake; {_way_out(name)}")


def _way_out(name: str) -> str:
    if _OF_RING.fullmatch(name):
        return "give the folder of `watch --keep` with --captures; what is older than its limits is gone"
    if _LIVE.fullmatch(name):
        return "it was heard live and its packets were not kept; `watch --keep DIR` keeps them"
    return "give the folder or file of it with --captures"


def _plain(name: str) -> str:
    """A name whether or not the file was compressed since."""
    return name.removesuffix(".gz").removesuffix(".zst")


def cut_out(wishes: Sequence[Wish], captures: Captures, around: Around | None) -> list[Outcome]:
    """Writes a file for each wish. What is missing or has changed is among its problems.

    Raises CaptureError for a damaged capture, StoreError if a file cannot be written, ConfigError if it is a capture.
    """
    every = [p for w in wishes for p in w.packets]
    # A file of another name may be it if a time can tell.
    alone = len({p.capture for p in every}) == 1 and any(p.ts is not None for p in every)
    jobs, lost = [], []
    for wish in wishes:
        job, problems = _job(wish, captures, around, alone)
        jobs.append(job)
        lost.append(problems)
    cuts = cut(jobs, around)
    return [_outcome(w, j, c, p) for w, j, c, p in zip(wishes, jobs, cuts, lost, strict=True)]


def _job(wish: Wish, captures: Captures, around: Around | None, alone: bool) -> tuple[Job, list[str]]:
    """What the engine is to do, and which captures are not there."""
    paths: dict[str, Path] = {}
    problems = []
    for name in dict.fromkeys(p.capture for p in wish.packets):
        try:
            paths[name] = captures.find(name, alone)
        except CaptureError as error:
            problems.append(str(error))
    if wish.out.exists() and not wish.out.is_file():
        raise ConfigError(f"{wish.out}: is no file; give the name of a file to write")
    for path in paths.values():
        if wish.out.exists() and wish.out.samefile(path):
            raise ConfigError(f"{wish.out}: is the capture to cut from; write to another file")
    marks = tuple(Mark(paths[p.capture], p.frame, p.ts, p.comment) for p in wish.packets if p.capture in paths)
    beside = _ring_beside(marks, around.seconds) if around else ()
    return Job(Path(os.path.realpath(wish.out)), marks, beside), problems


def _ring_beside(marks: Iterable[Mark], seconds: float) -> tuple[Path, ...]:
    """Files of a ring that may have what was said before and after, by when they were last written."""
    found: dict[Path, None] = {}
    times: dict[Path, list[int]] = {}
    for mark in marks:
        if _OF_RING.fullmatch(mark.capture.name):
            times.setdefault(mark.capture, []).extend([mark.ts] if mark.ts else [])
    for path, at in times.items():
        ring = sorted(p for p in path.parent.iterdir() if _OF_RING.fullmatch(p.name))
        here = ring.index(path)
        ended = {p: _written(p) for p in ring[max(0, here - RING_NEIGHBOURS) : here + RING_NEIGHBOURS + 1]}
        first = (min(at) / 1e9 - seconds - RING_SLACK_S) if at else 0.0
        last = (max(at) / 1e9 + seconds) if at else float("inf")
        before = 0.0
        for other, end in ended.items():  # a file begins when the one before it ends
            if other != path and end >= first and before <= last:
                found.setdefault(other)
            before = end
    return tuple(found)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # The ring goes on: it may have been the oldest.
        return 0.0


def _outcome(wish: Wish, job: Job, done: Cut, lost: list[str]) -> Outcome:
    wanted = {(p.capture, p.frame) for p in wish.packets}
    when = {(m.capture, m.frame): m.ts for m in job.marks}
    problems = list(lost)
    for path, missing in _by_capture(done.missing).items():
        frames, there = [f for f, _ in missing], missing[0][1]
        problems.append(f"{path}: has {there:,} packets, and no packet {_few(frames)}: it was cut short since, or is "
                        "another capture")  # fmt: skip
    for path, differing in _by_capture(done.differing).items():
        frame, now = differing[0]
        then = when[path, frame]
        problems.append(
            f"{path}: packet {_few([f for f, _ in differing])} is of {_when(now)}, not of {_when(then or 0)}: it has "
            "changed since, or is another capture; give the one that was read with --captures"
        )
    return Outcome(wish.out, len(wanted), done.named, done.packets, done.left_out, tuple(problems))


def _when(ns: int) -> str:
    """A time to the millisecond."""
    from linewarden.reports.words import iso

    return f"{iso(ns).removesuffix('Z')}.{ns // 10**6 % 1000:03}Z"


def _by_capture(found: Iterable[tuple[Path, int, int]]) -> dict[Path, list[tuple[int, int]]]:
    sorted_out: dict[Path, list[tuple[int, int]]] = {}
    for path, frame, what in found:
        sorted_out.setdefault(path, []).append((frame, what))
    return sorted_out


def _few(frames: Sequence[int]) -> str:
    shown = ", ".join(map(str, frames[:5]))
    return f"{shown} (and {len(frames) - 5:,} more)" if len(frames) > 5 else shown


def told_packets(told: Told) -> tuple[Named, ...]:
    """The packets of a notice; what is said about them is its title."""
    notice = told.notice
    return of_notice(notice.note, told.capture, told.frame, told.ts, notice.frames)


def of_notice(note: str, capture: str, frame: int, ts: int, frames: str) -> tuple[Named, ...]:
    """The same, by the columns of its record. The time is that of `frame`."""
    from linewarden.detections.catalogue import detections

    comment = next((d.title for d in detections() if d.name == note), note)
    others = dict.fromkeys(int(f) for f in frames.split())
    others.pop(frame, None)
    return Named(capture, frame, ts, comment), *(Named(capture, f, None, comment) for f in others)
