"""Captures in, batches of records out.

The engine runs in a thread of its own (capture, flows, tables, lake); here its rich messages go to the protocols'
Python parsers, and what these say goes back as rows. A parser that stumbles over damaged bytes makes a weird.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linewarden import _engine
from linewarden.errors import CaptureError, ProtocolError, StoreError
from linewarden.sensor.memory import give_back
from linewarden.sensor.tables import spec, spec_without_protocols, streams
from linewarden.wire.captures import Capture
from linewarden.wire.ports import Ports

__all__ = ["Batch", "CaptureEnd", "Progress", "Sensor", "Step", "Totals", "read_all", "spec", "streams"]

BATCH_ROWS = 8_192
"""Rows of Python parsers that are gathered before they become batches."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one stream: an object with the Arrow PyCapsule interface (`polars.DataFrame(batch.arrow)`)."""

    stream: str
    arrow: Any


@dataclass(frozen=True, slots=True)
class Progress:
    """How far reading is: packets and their bytes; bytes of the files read, and of all files (None: unknown)."""

    packets: int
    bytes: int
    read: int
    total: int | None
    capture: str


@dataclass(frozen=True, slots=True)
class CaptureEnd:
    """A capture that was read: times are ns UTC, None if it had no packet."""

    name: str
    packets: int
    drops: int | None
    comments: tuple[str, ...]
    first_ts: int | None
    last_ts: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The end of a run. `rows` and `weirds` by name; times are ns UTC.

    `held_bytes_peak`: bytes that were held at most for later (segments out of order, unfinished messages, fragments).
    """

    packets: int
    bytes: int
    first_ts: int | None
    last_ts: int | None
    flows: int
    flows_evicted: int
    truncated_packets: int
    fragments_expired: int
    held_bytes_peak: int
    rows: dict[str, int]
    weirds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Port:
    """An interface that is listened to: packets read, and packets that the kernel had no room for."""

    name: str
    up: bool
    packets: int
    lost: int


@dataclass(frozen=True, slots=True)
class Live:
    """Once a second of listening. Records until now are visible in the lake: so many rows and files so far.

    `rows_lost`: rows that a full disk took; `unkept`: packets that the ring on disk missed; `said`: what to tell of it.
    """

    ports: tuple[Port, ...]
    unkept: int
    said: tuple[str, ...]
    rows: int
    files: int
    rows_lost: int


@dataclass(frozen=True, slots=True)
class Step:
    """What became known since the last step. `live`: at the ticks of `watch`."""

    progress: Progress
    batches: tuple[Batch, ...]
    problems: tuple[tuple[str, str, bool], ...]
    captures: tuple[CaptureEnd, ...]
    totals: Totals | None
    live: Live | None = None


class Sensor:
    """Reads captures once. Use it as `for step in sensor.read(...)`, then `finish()` (or `abort()`).

    `lake` is a folder to write all streams to, under site `site`; `prefix` names its files (the same prefix replaces
    the rows of an earlier run, but not with `live`, which is for `watch`). `reads` False: it knows no protocol and only
    takes rows of one's own, of the common streams; so it is made at once. Raises StoreError if the folder cannot be
    written, ProtocolError for a wrong table.
    """

    def __init__(
        self,
        *,
        name: str = "local",
        interval_s: float = 60.0,
        max_flows: int = 200_000,
        lake: Path | None = None,
        site: str = "default",
        prefix: str = "part",
        live: bool = False,
        reads: bool = True,
    ) -> None:
        tables = spec() if reads else spec_without_protocols()
        place = (str(lake), site, prefix) if lake else None
        try:
            self._engine = _engine.Sensor(tables, name, int(interval_s * 1e9), max_flows, place, live=live)
        except OSError as error:
            raise StoreError(str(error)) from error
        except ValueError as error:
            raise ProtocolError(str(error)) from error
        self._name = name
        self._python_rows: dict[str, int] = {}
        self._waiting = 0

    @property
    def name(self) -> str:
        """Of the tap, as in every record."""
        return self._name

    def read(self, captures: Sequence[Capture], take: Iterable[str]) -> Iterator[Step]:
        """Reads captures in order; the steps bring the batches of the streams in `take`.

        Raises StoreError when the lake cannot be written any more. A capture that cannot be read is a problem of a
        step, not an exception: the others are still read.
        """
        wanted = list(take)
        self._engine.start([(str(c.path) if c.path else None, c.name) for c in captures], wanted)
        yield from self._steps(wanted)

    def watch(
        self, ports: Ports, name: str, take: Iterable[str], keep: tuple[Path, int, float] | None = None
    ) -> Iterator[Step]:
        """Listens to open interfaces until `end`; the captures are called `name`.

        `keep`: folder, bytes and seconds of a ring of packets on disk. A lake that cannot be written is said in
        `Live.said` and tried again; nothing is raised.
        """
        wanted = list(take)
        place = (str(keep[0]), keep[1], keep[2]) if keep else None
        self._engine.watch(ports.engine, name, wanted, place)
        yield from self._steps(wanted)

    def end(self) -> None:
        """Ends listening: the last steps follow."""
        self._engine.end()

    def _steps(self, wanted: list[str]) -> Iterator[Step]:
        while (chunk := self._next()) is not None:
            own = self._parse(chunk.rich, last=chunk.last is not None, now=chunk.live is not None)
            live = self._live(*chunk.live) if chunk.live is not None else None
            batches = [Batch(s, a) for s, a in chunk.batches] + [Batch(s, a) for s, a in own if s in wanted]
            totals = self._totals(chunk.last) if chunk.last is not None else None
            yield Step(
                Progress(chunk.packets, chunk.bytes, chunk.read, chunk.total, chunk.capture),
                tuple(batches),
                tuple(chunk.problems),
                tuple(CaptureEnd(n, p, d, tuple(c), a, b) for n, p, d, c, a, b in chunk.captures),
                totals,
                live,
            )
            if totals is not None:
                return

    def append(self, stream: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows of one's own, in the order of the stream's columns; in the lake soon after, or at the end."""
        try:
            self._engine.append(stream, rows)
        except OSError as error:
            raise StoreError(str(error)) from error

    def seal(self) -> None:
        """After the last step, and if nothing is appended any more: the lake's files are written while one goes on, and
        memory that the workers needed goes back to the system."""
        self._engine.seal()
        give_back()

    def finish(self) -> tuple[tuple[str, str, int, int], ...]:
        """Ends the run: (stream, path, rows, bytes) of the lake's files, which are whole from now on."""
        try:
            self._engine.drain()  # what was appended goes to the lake, too
            return tuple((s, str(p), r, b) for s, p, r, b in self._engine.finish())
        except OSError as error:
            raise StoreError(str(error)) from error

    def abort(self) -> None:
        """Gives up: nothing half-written stays."""
        self._engine.abort()

    def flush(self, before: Live) -> Live:
        """Makes visible what the steps so far brought; `before` is what was known last."""
        self._engine.drain()  # what was appended goes to the lake, too
        said, rows, files, lost = self._engine.flush()
        return Live(before.ports, before.unkept, tuple(said), rows, files, lost)

    def _live(self, ports: list[tuple[str, bool, int, int]], unkept: int) -> Live:
        said, rows, files, lost = self._engine.flush()
        return Live(tuple(Port(*p) for p in ports), unkept, tuple(said), rows, files, lost)

    def _next(self) -> Any:
        try:
            return self._engine.next()
        except OSError as error:
            raise StoreError(str(error)) from error

    def _parse(self, rich: list[tuple[Any, ...]], *, last: bool, now: bool) -> list[tuple[str, Any]]:
        """Rows of rich messages go to the engine; as batches they come back when there are enough, or at the end."""
        rows = self._rows_of(rich) if rich else {}
        try:
            for stream, added in rows.items():
                self._engine.append(stream, added)
                self._python_rows[stream] = self._python_rows.get(stream, 0) + len(added)
                self._waiting += len(added)
            if not (last or now) and self._waiting < BATCH_ROWS:
                return []
            self._waiting = 0
            return list(self._engine.drain(last))
        except OSError as error:
            raise StoreError(str(error)) from error

    def _rows_of(self, rich: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
        # Parsers and records are imported at the first rich message, while the engine reads on.
        from linewarden.sensor.parsing import rows_of

        return rows_of(rich, self._name)

    def _totals(self, last: dict[str, Any]) -> Totals:
        rows = dict(last["rows"])
        for stream, count in self._python_rows.items():
            rows[stream] = rows.get(stream, 0) + count
        return Totals(
            **{k: last[k] for k in Totals.__slots__ if k not in ("rows", "weirds")},
            rows={k: n for k, n in rows.items() if n},
            weirds=dict(last["weirds"]),
        )


def read_all(captures: Sequence[Capture], take: Iterable[str], **options: Any) -> tuple[list[Batch], Totals]:
    """All batches and the totals of some captures, for tests and small tools.

    Raises CaptureError if one of them cannot be read.
    """
    sensor = Sensor(**options)
    batches: list[Batch] = []
    totals: Totals | None = None
    for step in sensor.read(captures, take):
        batches += step.batches
        totals = step.totals
        for _, text, fatal in step.problems:
            if fatal:
                raise CaptureError(text)
    sensor.finish()
    if totals is None:
        raise CaptureError("reading was given up")
    return batches, totals
