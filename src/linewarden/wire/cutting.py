"""Packets cut out of captures into pcapng files, by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linewarden import _engine
from linewarden.errors import CaptureError, StoreError

__all__ = ["Around", "Cut", "Job", "Mark", "cut"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A packet that is wanted: number in the capture from 1, when it was (ns UTC, if known), what to say about it."""

    capture: Path
    frame: int
    ts: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to write, and its packets. `beside`: captures that may have more of the same conversations."""

    out: Path
    marks: tuple[Mark, ...]
    beside: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What the conversations of marks said so many seconds before and after; so many packets in a file at most.

    `numbered`: each of these packets has a comment with its number in its capture, `#4711`.
    """

    seconds: float = 10.0
    most: int = 1_000
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of a job: marks found, packets written (0: no file), packets around that were too many.

    `missing`: capture, number, packets that the capture has; `differing`: capture, number, time (ns) of what is there.
    """

    named: int
    packets: int
    left_out: int
    missing: tuple[tuple[Path, int, int], ...] = ()
    differing: tuple[tuple[Path, int, int], ...] = ()


def cut(jobs: Sequence[Job], around: Around | None = None) -> list[Cut]:
    """Writes the files; each appears whole, or not at all. Captures are read twice, however many jobs there are.

    Raises CaptureError for a capture that cannot be read, StoreError for a file that cannot be written.
    """
    captures = list(dict.fromkeys(path for job in jobs for path in (*(m.capture for m in job.marks), *job.beside)))
    place = {path: n for n, path in enumerate(captures)}
    asked = [
        (str(j.out), [(place[m.capture], m.frame, m.ts, m.comment) for m in j.marks], [place[p] for p in j.beside])
        for j in jobs
    ]
    how = (round(around.seconds * 1e9), around.most, around.numbered) if around else None
    try:
        done = _engine.cut([str(c) for c in captures], asked, how)
    except ValueError as error:
        raise CaptureError(str(error)) from error
    except OSError as error:
        raise StoreError(str(error)) from error
    return [
        Cut(named, packets, left_out, _named(captures, missing), _named(captures, differing))
        for named, packets, left_out, missing, differing in done
    ]


def _named(captures: list[Path], found: list[tuple[int, int, int]]) -> tuple[tuple[Path, int, int], ...]:
    return tuple((captures[capture], frame, what) for capture, frame, what in found)
