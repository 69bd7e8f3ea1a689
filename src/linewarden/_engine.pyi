"""The Rust engine (engine/src), for the type checker. Only `sensor/` and `wire/` import it."""

from collections.abc import Sequence
from typing import Any, final

__version__: str

@final
class Sensor:
    """Reads captures through the protocol tables into records. It belongs to the thread that made it."""

    def __init__(
        self,
        spec: str,
        sensor: str = "local",
        interval_ns: int = 60_000_000_000,
        max_flows: int = 200_000,
        lake: tuple[str, str, str] | None = None,
        shortcuts: bool = True,
        live: bool = False,
    ) -> None:
        """`spec`: the compiled protocols as JSON. `lake`: (root, site, prefix); `live` if it is for `watch`.

        `shortcuts` False: every frame is decoded and every message runs through its program, which is slower and
        tells the same.

        Raises ValueError for a wrong table, OSError if the lake cannot be written.
        """

    def start(self, captures: Sequence[tuple[str | None, str]], take: Sequence[str]) -> None:
        """Begins to read (path or None for standard input, name); RuntimeError if it was started before."""

    def watch(self, ports: Ports, name: str, take: Sequence[str], keep: tuple[str, int, float] | None = None) -> None:
        """Begins to listen to open interfaces, which it takes over; `name` is what the captures are called.

        `keep`: folder, bytes and seconds of the ring of packets on disk.
        """

    def end(self) -> None:
        """Ends listening: what was heard until now is still read."""

    def flush(self) -> tuple[list[str], int, int, int]:
        """Makes records visible; what there is to say, rows and files written, rows lost."""

    def next(self) -> Chunk | None:
        """Waits for the next chunk; None after the last. OSError if the lake cannot be written any more."""

    def append(self, stream: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows made in Python, in the order of the stream's columns; ValueError for an unknown stream."""

    def drain(self, last: bool = False) -> list[tuple[str, Batch]]:
        """The appended rows since the last time, which go to the lake too; of the `last` ones no lake is waited for."""

    def seal(self) -> None:
        """Nothing more will come into the lake: what is left is written from now on, without waiting for it."""

    def finish(self) -> list[tuple[str, str, int, int]]:
        """Ends the run: (stream, path, rows, bytes) of the lake's files."""

    def abort(self) -> None:
        """Gives the run up; half-written files go."""

@final
class Chunk:
    """What became known since the last chunk."""

    @property
    def packets(self) -> int:
        """Packets so far."""
    @property
    def bytes(self) -> int:
        """Their bytes on the wire."""
    @property
    def read(self) -> int:
        """Bytes of the files so far."""
    @property
    def total(self) -> int | None:
        """Bytes of all files; None if unknown."""
    @property
    def capture(self) -> str:
        """The capture that is being read."""
    @property
    def batches(self) -> list[tuple[str, Batch]]:
        """(stream, rows) of the streams that were asked for."""
    @property
    def rich(self) -> list[tuple[Any, ...]]:
        """Rich messages, in the order of `linewarden.protocols._shared.message.Message`."""
    @property
    def problems(self) -> list[tuple[str, str, bool]]:
        """(capture, text, nothing could be read)."""
    @property
    def captures(self) -> list[tuple[str, int, int | None, list[str], int | None, int | None]]:
        """(name, packets, drops, comments, first ts, last ts) of captures that ended; times in ns UTC."""
    @property
    def live(self) -> tuple[list[tuple[str, bool, int, int]], int] | None:
        """At a tick: (name, up, packets, lost) of each interface; packets that the ring on disk missed."""
    @property
    def last(self) -> dict[str, Any] | None:
        """Totals; set in the last chunk."""

@final
class Ports:
    """Live interfaces that are open. They belong to the thread that made them, until `Sensor.watch` takes them."""

    def __init__(
        self,
        names: Sequence[str],
        filters: Sequence[Sequence[tuple[int, int, int, int]]],
        ring_bytes: int,
        promiscuous: bool,
    ) -> None:
        """`filters`: a classic BPF program for each. PermissionError without the right, OSError for the rest."""

def give_up_rights() -> None:
    """Gives up all capabilities of this thread and of those that it will start."""

def cut(
    captures: Sequence[str],
    jobs: Sequence[tuple[str, Sequence[tuple[int, int, int | None, str]], Sequence[int]]],
    around: tuple[int, int, bool] | None,
) -> list[tuple[int, int, int, list[tuple[int, int, int]], list[tuple[int, int, int]]]]:
    """Cuts packets out of captures into pcapng files: named, written, left out, missing, differing of each job."""

@final
class Fields:
    """The tables, ready to look at packets. `spec`: with labels; ValueError if it is wrong."""

    def __init__(self, spec: str) -> None: ...
    def of(
        self, capture: str, frames: Sequence[int]
    ) -> list[
        tuple[
            str,
            str,
            str,
            str,
            list[tuple[int, int, int]],
            list[tuple[str, str, int | None, str | None, list[tuple[int, int, int]], int | None, bool, int]],
            tuple[str, tuple[int, int, int] | None] | None,
        ]
    ]:
        """What was read of these packets of a small capture: protocol, fate, role, verb, bytes, fields, where it ended.

        ValueError if the capture cannot be read.
        """

def matching(texts: list[str], pattern: str) -> list[bool]:
    """For each text whether the pattern (of Rust's regex) is found in it, written in small letters.

    Raises ValueError for a pattern that is none.
    """

@final
class Unpacked:
    """The bytes of a file, unpacked if it is gzip or zstd. It belongs to the thread that made it."""

    def __init__(self, path: str) -> None:
        """OSError if it cannot be opened."""

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end. OSError where the packed data is damaged."""

@final
class Batch:
    """Rows of one stream with the Arrow PyCapsule interface."""

    @staticmethod
    def of(frame: object) -> list[Batch]:
        """The rows of anything that gives an Arrow stream, in the types of the engine. ValueError if it cannot."""

    def __len__(self) -> int: ...
    def select(self, names: list[str]) -> Batch:
        """The batch with these columns only, those of them that it has."""

    def last(self, names: list[str]) -> list[str | None]:
        """The texts of these columns in the last row."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

@final
class Fold:
    """Boils batches down to distinct rows; `plant/batches.py` tells it how."""

    def __init__(self, plan: str) -> None:
        """`plan`: streams, tables and their fields as JSON. Raises ValueError if it does not fit together."""

    def add(self, stream: str, batch: Batch) -> None:
        """Takes a batch; one of a stream that is not in the plan is ignored."""

    def rows(self, tables: list[str]) -> list[tuple[Any, ...]]:
        """The rows of tables of one kind together, sorted by key."""

    def left(self, table: str) -> tuple[int, tuple[int, str, int]]:
        """Records that a table's bound left out, and (ts, capture, frame) of the first of them."""

def sampled(frame: Any, one_in: int) -> Batch:
    """Readings that are looked at; see `linewarden.sensor.points`. ValueError if a column is missing."""

class Readings:
    """Keeps of the engine's readings those that are looked at."""

    def __init__(self, one_in: int) -> None:
        """`one_in` so many values are chosen."""

    def add(self, batch: Batch) -> int:
        """One more batch; how many rows are kept by now. ValueError if a column is missing."""

    def take(self) -> tuple[Batch | None, Batch | None]:
        """The rows that are looked at since the last time, and those that are the first ones of a minute."""

    def firsts(self) -> Batch | None:
        """The rows that are the first ones of a minute, which are gone then."""

    def found(self, points: Points) -> tuple[Batch | None, list[list[int] | None]]:
        """What `points` find in the rows that are looked at, and the packets of each replay. Nothing is kept then."""

class Held:
    """Holds the batches of a stream until no more come; then only those rows leave that somebody looks at."""

    def __init__(self, looks: str) -> None:
        """`looks`: a list of tests, each with what is kept of its rows, in JSON. ValueError if it is not that."""

    def add(self, batch: Batch) -> int:
        """One more batch; how many bytes all take by now."""

    def give(self) -> list[Batch]:
        """Lets go of all batches."""

    def end(self) -> None:
        """No more come: now it can be asked what to look at."""

    def count(self, look: int) -> int:
        """How many rows a look asks for."""

    def thinned(self, look: int) -> bool:
        """Whether less than all is kept of what this look asks for."""

    def rows(self, looks: list[int]) -> Batch | None:
        """The rows that are kept of any of these looks, in the order of time; None without any."""

    def certain(self, look: int) -> bool:
        """Whether it is certain which rows a look asks for; else what it gives is to be asked again."""

    def marked(self, marks: dict[int, str]) -> Batch | None:
        """The same, with a column for each look that says which of them it keeps; None without any."""

    def alike(self, look: int, firsts: list[int]) -> Batch | None:
        """Of a look whose first rows were kept all rows that are alike some of these, by number."""

class Usual:
    """Takes what there is of each stream, then says what is needed of it."""

    def __init__(
        self,
        *,
        after_ns: int,
        slice_ns: int,
        exchanges: int,
        minutes: int,
        confidence: float,
        factor: float,
        margin: float,
        floor: float,
        most_below: int,
    ) -> None: ...
    def conns(self, held: Held, look: int) -> None:
        """Takes the connections that a look asks for. ValueError if a column is missing."""

    def commands(self, held: Held, look: int) -> None:
        """Takes the commands. ValueError as above."""

    def heard(self, held: Held, look: int) -> None:
        """Takes the times of something else."""

    def readings(self, batch: Batch) -> None:
        """Takes the first readings of each minute. ValueError as above."""

    def addresses(self) -> list[str]:
        """The addresses that were met, in no order."""

    def targets(self) -> list[str]:
        """The targets that were met, in no order."""

    def decide(
        self, peers: dict[str, str], areas: dict[str, str], internet: str, masters: list[str], login: str
    ) -> str:
        """Sees what is needed: `some`, `nothing` or `all`."""

    def needed(self, talk: int, held: Held, look: int) -> Batch | None:
        """The rows of a talk (by number) that are needed; None without any."""

    def quiet(self, talk: int, held: Held, look: int) -> Batch | None:
        """Of the others one a second, with when the last of it `ended` (ns), and how often something was `heard`."""

    def shown(self) -> Batch | None:
        """The readings that are needed; None without any."""

class Sieve:
    """Leaves rows out of the batches of a stream that nobody wants."""

    def __init__(self, test: str) -> None:
        """`test`: in JSON. ValueError if that is not what it is."""

    def wanted(self, batch: Batch) -> Batch:
        """The rows of a batch that may be wanted: the batch itself, if these are all."""

class Points:
    """Remembers the last readings of each point."""

    def __init__(
        self, most: int, *, replayed: int, distinct: int, still: int, still_s: float, lively: float, known: int
    ) -> None:
        """`most`: points that are remembered."""

    def look(self, frame: Any) -> list[tuple[int, list[int] | None]]:
        """The row of each finding, and the packets of a replay. ValueError if a column is missing."""

@final
class Payloads:
    """Reads payloads in Protocol Buffers, by the numbers of their fields."""

    def __init__(self, time: int, metrics: int, seq: int, fields: Sequence[tuple[int, str]]) -> None:
        """`fields`: of a metric, and what each is: name, alias, time, unused, mark, or a kind of number (uint32,
        uint64, float, double, bool). ValueError for another word."""

    def read(self, data: bytes) -> Payload | None:
        """The payload; None where something in it is no plain number, or where it is none at all."""

@final
class Payload:
    """A payload of plain numbers."""

    @property
    def time(self) -> int:
        """When it was sent, ms UTC; 0 where it does not say."""
    @property
    def seq(self) -> int | None:
        """The sequence number."""
    def __len__(self) -> int: ...

@final
class Metrics:
    """The metrics of a birth certificate."""

    def __init__(
        self, names: Sequence[tuple[bytes, int | None, int]], aliases: Sequence[tuple[int, int | None, int]]
    ) -> None:
        """Each with the number of its tag (None: no value of it is kept) and its data type."""

@final
class Numbers:
    """Numbers side by side."""

    def __init__(self) -> None: ...
    def add(self, payload: Payload, metrics: Metrics) -> bool:
        """Adds a payload's numbers. False where one is not known or not plain: then none is added."""

    def take(self) -> Batch:
        """What is in them: tag, value, source_ts, server_ts. They are empty then."""

    def __len__(self) -> int: ...
