"""Where collectors put samples: together they go to the log, and then all who wait are told.

`put` hands samples over and waits only while too many are on their way. One thread takes what came meanwhile, makes one
block a collector of it, and syncs the log once for all (group commit).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linewarden.collectors.contract import Numbers, Samples
from linewarden.errors import StoreError
from linewarden.service.collecting.blocks import Block, packed
from linewarden.service.collecting.forwarder import Forwarder
from linewarden.service.collecting.rows import Put, frame_of
from linewarden.service.collecting.sample_log import SampleLog
from linewarden.service.collecting.tag_numbers import TagNumbers

if TYPE_CHECKING:
    import polars as pl

MOST_WAITING = 200_000
"""Samples in memory, on their way to the log; who puts more waits."""
MOST_BLOCK = 100_000
"""Samples that are synced together at most, about."""
RETRY_S = 0.5
"""Between two tries while the log cannot be written, or is full."""

Listener = Callable[[str, "Samples | Numbers", int], None]
"""Is told (collector, samples, ns UTC of their arrival), in the collector's thread: it must be quick."""
KeptListener = Callable[[str, int, int, "pl.DataFrame"], None]
"""Is told (collector, number of the first sample, ns UTC of its arrival, samples as `frame_of` has them) of what is on
disk now; it must be quick, as all collectors wait for it."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    collector: str
    put: Put
    done: Future[None]


class Gathering:
    """The samples of all collectors on their way to the log. `tolerance`: ns, see `frame_of`. `gather_s`: so long
    samples are gathered before they are synced.

    `on_off(collector, tag, ns)`: a machine's time was not believed.
    """

    def __init__(
        self, log: SampleLog, tags: TagNumbers, forwarder: Forwarder, most_bytes: int, tolerance: int,
        on_off: Callable[[str, int, int], None] = lambda _collector, _tag, _off: None,
        on_line: Callable[[str], None] = lambda _text: None, gather_s: float = 0.025,
    ) -> None:  # fmt: skip
        self.log, self.tags, self.forwarder = log, tags, forwarder
        self.most_bytes, self._tolerance, self._on_off, self._on_line = most_bytes, tolerance, on_off, on_line
        self._next, self._gather_s = forwarder.frames, gather_s
        self._listeners: list[Listener] = []
        self._kept_listeners: list[KeptListener] = []
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._rows = 0
        self._closing = self._in_a_hurry = False
        self.full = False
        self.log_error = ""
        self._thread = threading.Thread(target=self._loop, name="linewarden-samples", daemon=True)

    def start(self) -> None:
        """Begins to write down what is put."""
        self._thread.start()

    def on_samples(self, listener: Listener) -> None:
        """From now on tells samples as they come. One that raises is told no more, and that is said."""
        self._listeners = [*self._listeners, listener]

    def on_kept(self, listener: KeptListener) -> None:
        """From now on tells samples once they are on disk."""
        self._kept_listeners = [*self._kept_listeners, listener]

    def put(self, collector: str, samples: Samples | Numbers) -> Future[None]:
        """Takes samples; waits while too many are on their way."""
        done: Future[None] = Future()
        rows = len(samples)
        if not rows:
            done.set_result(None)
            return done
        arrived = time.time_ns()
        with self._changed:
            while (too_many := self._rows > 0 and self._rows + rows > MOST_WAITING) and not self._ends():
                self._changed.wait()
            if self._closing or too_many:
                done.set_exception(StoreError("the service ends; these samples were not kept"))
                return done
            self._waiting.append(_Waiting(collector, Put(samples, arrived), done))
            self._rows += rows
            self._changed.notify_all()
        self._tell(collector, samples, arrived)
        return done

    def _ends(self) -> bool:
        return self._closing or self._in_a_hurry

    def hurry(self) -> None:
        """From now on nobody who puts samples waits: what there is no room for is refused."""
        with self._changed:
            self._in_a_hurry = True
            self._changed.notify_all()

    def _tell(self, collector: str, samples: Samples | Numbers, arrived: int) -> None:
        for listener in self._listeners:
            try:
                listener(collector, samples, arrived)
            except Exception as error:  # noqa: BLE001 - who listens must not stop a collector
                self._listeners = [one for one in self._listeners if one is not listener]
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._on_line(f"what follows samples failed ({type(error).__name__}: {error}) and is told no more of them")

    def close(self) -> None:
        """Writes down what came, and ends. While the disk is full the last of it fails, as its futures say."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(30)

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
            if not self._closing:
                time.sleep(self._gather_s)
            taken = self._take()
            try:
                self._commit(taken)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the thread that all wait for
                text = f"samples could not be written down ({type(error).__name__}: {error}); report it"
                self._on_line(text)
                for one in taken:
                    _end(one.done, text)

    def _take(self) -> list[_Waiting]:
        with self._changed:
            count = rows = 0
            while count < len(self._waiting) and (not count or rows < MOST_BLOCK):
                rows += len(self._waiting[count].put.samples)
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            return taken

    def _commit(self, taken: Sequence[_Waiting]) -> None:
        try:
            done, blocks, frames = self._blocks(taken)
            why = self._append(blocks) if blocks else ""
            if not why and self._kept_listeners:
                self._tell_kept(blocks, frames)
            for one in done:
                _end(one.done, why)
        finally:
            with self._changed:
                self._rows -= sum(len(one.put.samples) for one in taken)
                self._changed.notify_all()

    def _tell_kept(self, blocks: Sequence[Block], frames: Sequence[pl.DataFrame]) -> None:
        for block, frame in zip(blocks, frames, strict=True):
            for listener in self._kept_listeners:
                try:
                    listener(block.collector, block.first, block.arrived, frame)
                except Exception as error:  # noqa: BLE001 - the samples are on disk, whatever becomes of who listens
                    self._kept_listeners = [one for one in self._kept_listeners if one is not listener]
                    self._failed(error)

    def _blocks(self, taken: Sequence[_Waiting]) -> tuple[list[_Waiting], list[Block], list[pl.DataFrame]]:
        """A block a collector. What is no samples at all is refused, and the rest goes on."""
        whose: dict[str, list[_Waiting]] = {}
        for one in taken:
            whose.setdefault(one.collector, []).append(one)
        made: list[tuple[Block, pl.DataFrame]] = []
        done: list[_Waiting] = []
        for collector, those in whose.items():
            try:
                made.append(self._block(collector, [one.put for one in those]))
                done += those
            except Exception:  # noqa: BLE001 - a mistake in one collector; found by looking at each
                for one in those:
                    try:
                        made.append(self._block(collector, [one.put]))
                        done.append(one)
                    except Exception as error:  # noqa: BLE001
                        text = (
                            f"collector {collector}: these are no samples ({type(error).__name__}: {error}); report it"
                        )
                        self._on_line(text)
                        _end(one.done, text)
        return done, [block for block, _ in made], [frame for _, frame in made]

    def _block(self, collector: str, puts: Sequence[Put]) -> tuple[Block, pl.DataFrame]:
        frame, off = frame_of(puts, self._tolerance)
        first = self._next.get(collector, self.forwarder.mark.first)
        block = Block(collector, first, puts[0].arrived, frame.height, packed(frame))
        self._next[collector] = block.after
        for tag, ns in off.items():
            self._on_off(collector, tag, ns)
        return block, frame

    def _append(self, blocks: Sequence[Block]) -> str:
        """Brings blocks to disk, however long that takes. Gives why not, where the service ends before it can."""
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
            with self._changed:
                if self._closing:
                    why = self.log_error or f"{self.log.folder}: full ([collecting] spool_mb)"
                    return f"{why}; the service ends, and these samples were not kept"
                self._changed.wait(RETRY_S)

    def _say_error(self, text: str) -> None:
        if not self.log_error:
            self._on_line(f"samples cannot be written down: {text}; collectors wait, free space there")
        self.log_error = text


def _end(done: Future[None], why: str) -> None:
    """Tells who waits, unless they gave up waiting."""
    if done.done() or not done.set_running_or_notify_cancel():
        return
    if why:
        done.set_exception(StoreError(why))
    else:
        done.set_result(None)
