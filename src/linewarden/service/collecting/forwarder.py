"""From the log into the lake, each sample once, whatever ends the process.

What a batch is, is written down before it is written, and that it was, afterwards:

    1. forwarded.json: "batch 42 is the log from here to there"     (intent)
    2. the lake's files of batch 42, whose names have its number
    3. forwarded.json: "all up to there is in the lake"             (mark)
    4. segments of the log that lie before the mark go

A kill after 1 or in 2 makes the next start write batch 42 again: the same rows, and only the files that are not there.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from linewarden.collectors.contract import Tag
from linewarden.errors import StoreError
from linewarden.service.collecting.blocks import Block
from linewarden.service.collecting.durable import put
from linewarden.service.collecting.lake_writer import LakeWriter
from linewarden.service.collecting.rows import readings
from linewarden.service.collecting.sample_log import Place, SampleLog

FILE = "forwarded.json"
EVERY_S = 1.0
MOST_ROWS = 300_000
"""Samples of a batch, about: the block that reaches it is still in."""
RETRY_S = 5.0
"""Between two tries while the lake cannot be written."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the log is in the lake. `number`: the last batch. `until`: where the batch ends that was begun, if any.

    `frames`: collector -> the number that its next sample has, as far as the log before the mark tells.
    """

    place: Place
    number: int = 0
    until: Place | None = None
    frames: dict[str, int] = field(default_factory=dict)
    first: int = 1
    """The number of a collector's first sample."""


class Forwarder:
    """Brings what is in a log into a lake. `step` in one thread; `start` makes one."""

    def __init__(
        self, log: SampleLog, writer: LakeWriter, tag_of: Callable[[int], Tag], on_line: Callable[[str], None]
    ) -> None:
        self._log, self._writer, self._tag_of, self._on_line = log, writer, tag_of, on_line
        self._path = log.folder / FILE
        self.lake_error = ""
        self.forwarded = 0
        """Samples, since the start."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = 0
        try:
            self.mark = self._loaded()
            log.drop_before(self.mark.place)
            self.frames, self._waiting = self._looked_through()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read ({error.strerror or error}); check its owner") from error

    # --- what an earlier run left ---

    def _loaded(self) -> Mark:
        there = self._log.segments()
        first = Place(there[0] if there else self._log.end.segment, 0)
        try:
            mark = _mark(json.loads(self._path.read_text()))
        except FileNotFoundError:
            mark = Mark(first, self._writer.last_number(), first=self._first())
        except (ValueError, KeyError, TypeError) as error:
            self._on_line(
                f"{self._path}: damaged ({error}); what waits is written to the lake, some of it a second time"
            )
            mark = Mark(first, self._writer.last_number(), first=self._first())
        if mark.place < first:  # segments went that were still to be read
            mark = replace(mark, place=first)
        if mark.place > self._log.end:
            mark = replace(mark, place=self._log.end, until=None)
        if mark.until is not None and not mark.place < mark.until <= self._log.end:  # the log was damaged meanwhile
            mark = replace(mark, until=self._log.end if mark.until > self._log.end > mark.place else None)
        return mark

    def _first(self) -> int:
        """1; where there are samples of collectors already that we know nothing of, a number that none of them has."""
        return time.time_ns() // 1000 if self._writer.others_wrote() else 1

    def _looked_through(self) -> tuple[dict[str, int], list[tuple[Place, int, int]]]:
        """The next number of each collector, and of each block that waits: where it ends, its samples, its arrival."""
        frames, waiting = dict(self.mark.frames), []
        for block, end in self._log.read(self.mark.place):
            if block is not None:
                frames[block.collector] = max(block.after, frames.get(block.collector, 0))
                waiting.append((end, block.rows, block.arrived))
        return frames, waiting

    def added(self, end: Place, rows: int, arrived: int) -> None:
        """Blocks were appended: what waits until they are in the lake. Called by the thread that appends."""
        self._waiting.append((end, rows, arrived))

    @property
    def held(self) -> int:
        """Samples that wait."""
        return sum(rows for _, rows, _ in list(self._waiting))

    @property
    def oldest_s(self) -> float:
        """Since the oldest that waits came, s; 0: none waits."""
        waiting = list(self._waiting[:1])
        return max(0.0, time.time() - waiting[0][2] / 1e9) if waiting else 0.0

    # --- batches ---

    def step(self) -> bool:
        """One batch. False: nothing waits, or the lake cannot be written (`lake_error`)."""
        if self.mark.until is None and self.mark.place >= self._log.end:
            return False
        waited = self.held
        try:
            self._batch()
        except OSError as error:
            self._failed(f"{error.filename or self._writer.lake}: {error.strerror or error}")
            return False
        if self.lake_error:
            self._on_line(f"the lake can be written again; {waited:,} samples that waited go into it")
        self.lake_error = ""
        return True

    def _failed(self, why: str) -> None:
        text = f"{why}; {self.held:,} samples wait in {self._log.folder}, none is lost"
        if not self.lake_error:
            self._on_line(f"the lake cannot be written: {text}")
        self.lake_error = text

    def _batch(self) -> None:
        begun = self.mark.until
        blocks, until = self._taken(begun)
        number = self.mark.number + 1
        if begun is None:
            self._save(replace(self.mark, until=until))
        if blocks:
            rows = readings([(b.collector, b.first, b.frame()) for b in blocks], self._tag_of)
            self._writer.write(number, rows)
        frames = self.mark.frames | {b.collector: b.after for b in blocks}
        self._save(replace(self.mark, place=until, number=number, until=None, frames=frames))
        self.forwarded += sum(b.rows for b in blocks)
        while self._waiting and self._waiting[0][0] <= until:
            self._waiting.pop(0)
        self._log.drop_before(until)

    def _taken(self, until: Place | None) -> tuple[list[Block], Place]:
        """The blocks of a batch, and where it ends: the same each time for one that was begun."""
        blocks: list[Block] = []
        rows, end = 0, self.mark.place
        for block, place in self._log.read(self.mark.place, until):
            end = place
            if block is not None:
                blocks.append(block)
                rows += block.rows
            if until is None and rows >= MOST_ROWS:
                break
        for problem in self._log.problems[self._said :]:
            self._on_line(problem)
        self._said = len(self._log.problems)
        return blocks, max(end, until or end)

    def _save(self, mark: Mark) -> None:
        put(self._path, json.dumps(_as_dict(mark)).encode())
        self.mark = mark

    # --- the thread ---

    def start(self) -> None:
        """Forwards once a second until `stop`."""
        self._thread = threading.Thread(target=self._loop, name="linewarden-forward", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Forwards what is left, and ends. What the lake does not take now waits for the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(60)

    def _loop(self) -> None:
        while not self._stop.wait(RETRY_S if self.lake_error else EVERY_S):
            self._all()
        self._all()

    def _all(self) -> None:
        until = self._log.end  # what comes meanwhile is for the next second
        try:
            while (self.mark.place < until or self.mark.until is not None) and self.step():
                pass
        except Exception as error:  # noqa: BLE001 - what waits is on disk; it is said, and tried again
            self._failed(f"{type(error).__name__}: {error}")


def _as_dict(mark: Mark) -> dict[str, Any]:
    return {
        "segment": mark.place.segment, "offset": mark.place.offset, "number": mark.number,
        "until": list(mark.until) if mark.until else None, "frames": mark.frames, "first": mark.first,
    }  # fmt: skip


def _mark(said: dict[str, Any]) -> Mark:
    until = said["until"]
    frames = {str(name): int(number) for name, number in said["frames"].items()}
    place = Place(int(said["segment"]), int(said["offset"]))
    return Mark(
        place, int(said["number"]), Place(int(until[0]), int(until[1])) if until else None, frames, int(said["first"])
    )
