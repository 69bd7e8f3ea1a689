"""The thread that brings samples to the log: it syncs once for all that came meanwhile, then tells who waits.

It is another than the one that numbers samples, so that a disk that takes its time (another file's journal, a busy
card) holds up what is acknowledged, and not what is judged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linewarden.errors import StoreError
from linewarden.service.collecting.blocks import Block, packed
from linewarden.service.collecting.forwarder import Forwarder
from linewarden.service.collecting.sample_log import SampleLog
from linewarden.service.collecting.tag_numbers import TagNumbers

if TYPE_CHECKING:
    import polars as pl

RETRY_S = 0.5
"""Between two tries while the log cannot be written, or is full."""


@dataclass(frozen=True, slots=True)
class Made:
    """Samples of one collector on their way to disk, numbered from `first` on, as `frame_of` has them, and who waits.

    arrived: of the first; at: when they were made; both in ns UTC. put: samples that came for it, more than it has
    where some were on disk before.
    """

    collector: str
    first: int
    arrived: int
    frame: pl.DataFrame
    at: int
    done: Sequence[Future[None]]
    put: int

    @property
    def rows(self) -> int:
        """Samples in it."""
        return self.frame.height

    @property
    def after(self) -> int:
        """The number that comes next."""
        return self.first + self.frame.height


def blocks_of(taken: Sequence[Made]) -> list[Block]:
    """A block a collector, with all that was made of its samples; their numbers follow each other."""
    import polars as pl

    whose: dict[str, list[Made]] = {}
    for made in taken:
        if made.rows:
            whose.setdefault(made.collector, []).append(made)
    found = []
    for name, those in whose.items():
        # Polars locks a frame while it is written, and takes the GIL for each write: who only asked another thread's
        # frame for its height meanwhile would wait with the GIL for ever. So it is a frame that nobody else has.
        frame = pl.concat([made.frame for made in those]).clone()
        found.append(Block(name, those[0].first, those[0].arrived, frame.height, packed(frame)))
    return found


class LogWriter:
    """`after(made, why)`: called for what is on disk now, or, with why, for what never will be. `gather_s`: so long
    samples are gathered before they are synced."""

    def __init__(
        self, log: SampleLog, tags: TagNumbers, forwarder: Forwarder, most_bytes: int,
        gather_s: float, after: Callable[[Sequence[Made], str], None], on_line: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.log, self.tags, self.forwarder, self.most_bytes = log, tags, forwarder, most_bytes
        self._gather_s, self._after, self._on_line = gather_s, after, on_line
        self.full = False
        self.log_error = ""
        self._changed = threading.Condition()
        self._waiting: list[Made] = []
        self._last = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="linewarden-log", daemon=True)

    def start(self) -> None:
        """Begins to write down what is added."""
        self._thread.start()

    def add(self, made: Sequence[Made]) -> None:
        """More samples, in order."""
        with self._changed:
            self._waiting += made
            self._changed.notify_all()

    def hurry(self) -> None:
        """The service ends: nobody waits any more for a disk that takes nothing."""
        self._ending.set()

    def close(self) -> None:
        """Writes down what was added, and ends. While the disk is full the last of it fails, as its futures say."""
        self._ending.set()
        with self._changed:
            self._last = True
            self._changed.notify_all()
        self._thread.join(30)

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._last:
                    self._changed.wait()
                if not self._waiting:
                    return
            self._ending.wait(self._gather_s)
            with self._changed:
                taken, self._waiting = self._waiting, []
            self.write(taken)

    def write(self, taken: Sequence[Made]) -> None:
        """Brings samples to disk, and tells who waits for them."""
        try:
            blocks = blocks_of(taken)
            why = self._append(blocks) if blocks else ""
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the thread that all wait for
            why = f"samples could not be written down ({type(error).__name__}: {error}); report it"
            self._on_line(why)
        self._after(taken, why)
        for made in taken:
            for future in made.done:
                end(future, why)

    def _append(self, blocks: Sequence[Block]) -> str:
        """However long that takes. Gives why not, where the service ends before it can."""
        size = sum(len(b.data) for b in blocks)
        while True:
            waits = self.log.bytes  # into an empty log goes whatever comes
            self.full = waits > 0 and waits + size > self.most_bytes
            if not self.full:
                try:
                    self.tags.sync()
                    self.log.append(blocks)
                    self.log_error = ""
                    self.forwarder.added(self.log.end, sum(b.rows for b in blocks), blocks[0].arrived)
                    return ""
                except OSError as error:
                    self._say_error(f"{self.log.folder}: {error.strerror or error}")
            if self._ending.is_set():
                why = self.log_error or f"{self.log.folder}: full ([collecting] spool_mb)"
                return f"{why}; the service ends, and these samples were not kept"
            self._ending.wait(RETRY_S)

    def _say_error(self, text: str) -> None:
        if not self.log_error:
            self._on_line(f"samples cannot be written down: {text}; collectors wait, free space there")
        self.log_error = text


def end(done: Future[None], why: str) -> None:
    """Tells who waits, unless they gave up waiting."""
    if done.done() or not done.set_running_or_notify_cancel():
        return
    if why:
        done.set_exception(StoreError(why))
    else:
        done.set_result(None)
