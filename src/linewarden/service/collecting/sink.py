"""Where collectors put samples: they are numbered, told to who judges, and go to the log; then all who wait are told.

`put` hands samples over and waits only while too many are on their way. One thread takes what came meanwhile, makes
columns of it and numbers them; another syncs the log once for all that it finds (group commit, `LogWriter`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from linewarden.collectors.contract import Numbers, Samples
from linewarden.errors import StoreError
from linewarden.service.collecting.forwarder import Forwarder
from linewarden.service.collecting.had import Had
from linewarden.service.collecting.log_writer import LogWriter, Made, end
from linewarden.service.collecting.rows import Put, frame_of
from linewarden.service.collecting.sample_log import SampleLog
from linewarden.service.collecting.tag_numbers import TagNumbers

MOST_WAITING = 200_000
"""Samples in memory, on their way to the log; who puts more waits."""
MOST_MADE = 100_000
"""Samples that are numbered together at most, about."""
MAKE_S = 0.01
"""So long samples come together before they are numbered: it costs by the turn and hardly by the sample."""

Listener = Callable[[str, "Samples | Numbers", int], None]
"""Is told (collector, samples, ns UTC of their arrival), in the collector's thread: it must be quick."""
MadeListener = Callable[[Sequence[Made]], None]
"""Is told of samples by collector; it must be quick, as all collectors wait for it."""


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
        self.forwarder, self.tags = forwarder, tags
        self.writer = LogWriter(log, tags, forwarder, most_bytes, gather_s, self._written, on_line)
        self._tolerance, self._on_off, self._on_line = tolerance, on_off, on_line
        self.had = Had(log)
        self._next = forwarder.frames
        self._listeners: list[Listener] = []
        self._made_listeners: list[MadeListener] = []
        self._kept_listeners: list[MadeListener] = []
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._rows = 0
        self._closing = self._in_a_hurry = False
        self._thread = threading.Thread(target=self._loop, name="linewarden-samples", daemon=True)

    def start(self) -> None:
        """Begins to write down what is put."""
        self.writer.start()
        self._thread.start()

    def on_samples(self, listener: Listener) -> None:
        """From now on tells samples as they come. One that raises is told no more, and that is said."""
        self._listeners = [*self._listeners, listener]

    def on_made(self, listener: MadeListener) -> None:
        """From now on tells samples that have their numbers, and are on their way to disk."""
        self._made_listeners = [*self._made_listeners, listener]

    def on_kept(self, listener: MadeListener) -> None:
        """From now on tells them once they are on disk."""
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
        self.writer.hurry()
        self._thread.join(30)
        self.writer.close()

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
            if not self._closing:
                time.sleep(MAKE_S)
            taken = self._take()
            try:
                made = self.make(taken)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the thread that all wait for
                text = f"samples could not be written down ({type(error).__name__}: {error}); report it"
                self._on_line(text)
                for one in taken:
                    self._refuse(one, text)
                continue
            self.writer.add(made)

    def _take(self) -> list[_Waiting]:
        with self._changed:
            count = rows = 0
            while count < len(self._waiting) and (not count or rows < MOST_MADE):
                rows += len(self._waiting[count].put.samples)
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            return taken

    def make(self, taken: Sequence[_Waiting]) -> list[Made]:
        """Columns and numbers, by collector, of which who judges is told. What an earlier run had already is left out;
        what is no samples at all is refused, and the rest goes on."""
        whose: dict[str, list[_Waiting]] = {}
        for one in taken:
            whose.setdefault(one.collector, []).append(one)
        made: list[Made] = []
        for collector, those in whose.items():
            try:
                made.append(self._made(collector, those))
            except Exception:  # noqa: BLE001 - a mistake in one collector; found by looking at each
                made += self._each(collector, those)
        if any(one.rows for one in made):
            self._made_listeners = self._tell_made(self._made_listeners, made)
        return made

    def _each(self, collector: str, those: Sequence[_Waiting]) -> list[Made]:
        made = []
        for one in those:
            try:
                made.append(self._made(collector, [one]))
            except Exception as error:  # noqa: BLE001
                text = f"collector {collector}: these are no samples ({type(error).__name__}: {error}); report it"
                self._on_line(text)
                self._refuse(one, text)
        return made

    def _made(self, collector: str, those: Sequence[_Waiting]) -> Made:
        puts = [one.put for one in those]
        frame, off = frame_of(puts, self._tolerance)
        frame = self.had.new(collector, frame)
        first = self._next.get(collector, self.forwarder.mark.first)
        put = sum(len(one.put.samples) for one in those)
        made = Made(collector, first, puts[0].arrived, frame, time.time_ns(), [one.done for one in those], put)
        self._next[collector] = made.after
        for tag, ns in off.items():
            self._on_off(collector, tag, ns)
        return made

    def _tell_made(self, listeners: list[MadeListener], made: Sequence[Made]) -> list[MadeListener]:
        """Gives those that are to be told again."""
        left = []
        for listener in listeners:
            try:
                listener(made)
                left.append(listener)
            except Exception as error:  # noqa: BLE001 - the samples go their way, whatever becomes of who listens
                self._failed(error)
        return left

    def _written(self, made: Sequence[Made], why: str) -> None:
        """Called by the log's thread: these are on disk, or never will be."""
        if not why:
            self._kept_listeners = self._tell_made(self._kept_listeners, made)
        self._room_for(sum(one.put for one in made))

    def _refuse(self, one: _Waiting, why: str) -> None:
        end(one.done, why)
        self._room_for(len(one.put.samples))

    def _room_for(self, rows: int) -> None:
        with self._changed:
            self._rows -= rows
            self._changed.notify_all()
