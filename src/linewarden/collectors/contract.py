"""What every collector keeps to: tags it knows, samples it took, and a sink that says when they are safe.

    def run(settings, sink, stop):
        level = sink.tag(Tag(source="10.0.0.5", protocol="modbus", name="TANK.LEVEL", ucum="m"))
        while not stop.wait(1.0):
            samples = Samples()
            samples.add(level, 3.2, source_ts=None, server_ts=None)
            safe = sink.put(samples)
            safe.result()            # only where the other side must be told that we have it

A collector's file has a `KIND` of its settings (a frozen dataclass), and a function that runs until it is asked to
stop. It connects again by itself, says in one line what goes wrong, and never raises for what a machine does.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Protocol


class Quality(IntEnum):
    """What a value is worth, in the three words that OPC UA (Part 4, 7.39 StatusCode severity) and OPC DA share."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Tag:
    """What a value is of. source: address or name of the device; name: unique within the source.

    unit, area, start: as in `reading`, where the protocol has them. ucum: unit of the value in UCUM's case-sensitive
    code, empty if nobody said it. low, high: the range that the machine itself states.
    """

    source: str
    protocol: str
    name: str
    unit: int | None = None
    area: str | None = None
    start: int | None = None
    ucum: str = ""
    description: str = ""
    datatype: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(slots=True)
class Samples:
    """Values in the order in which they came: columns of one length.

    tag: numbers that `Sink.tag` gave. value: NaN where it is no number. text: a value that is no number, or None.
    source_ts, server_ts: ns UTC when the machine, and the server in between, say it was so; None where they do not.
    status: what the protocol says of the value in its own words, or None. history: they are told later than they were
    (backfill): true for all or none.
    """

    tag: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    text: list[str | None] = field(default_factory=list)
    quality: list[Quality] = field(default_factory=list)
    status: list[str | None] = field(default_factory=list)
    source_ts: list[int | None] = field(default_factory=list)
    server_ts: list[int | None] = field(default_factory=list)
    history: bool = False

    def add(
        self,
        tag: int,
        value: float | str | None,
        *,
        source_ts: int | None,
        server_ts: int | None,
        quality: Quality = Quality.GOOD,
        status: str | None = None,
    ) -> None:
        """One more. A value that is None, or no finite number, is a value that did not come: it is kept as NaN."""
        number = not isinstance(value, str) and value is not None
        self.tag.append(tag)
        self.value.append(float(value) if number and math.isfinite(float(value)) else math.nan)  # type: ignore[arg-type]
        self.text.append(value if isinstance(value, str) else None)
        self.quality.append(quality)
        self.status.append(status)
        self.source_ts.append(source_ts)
        self.server_ts.append(server_ts)

    def __len__(self) -> int:
        return len(self.tag)


class Numbers:
    """Samples that are numbers, now, and nothing else is to be said of them: as columns (Arrow) and without an object
    for each. A sink reads them as `Samples`, or as the frame that they are.

    batch: tag, value (finite), source_ts and server_ts, as in `Samples`.
    """

    history = False

    def __init__(self, batch: Any) -> None:
        import polars as pl

        self.frame = pl.DataFrame(batch)

    @cached_property
    def tag(self) -> list[int]:
        """As in `Samples`, and so are the others."""
        return self.frame.get_column("tag").to_list()

    @cached_property
    def value(self) -> list[float]:
        """All of them finite."""
        return self.frame.get_column("value").to_list()

    @cached_property
    def text(self) -> list[str | None]:
        """None at all."""
        return [None] * len(self)

    @cached_property
    def quality(self) -> list[Quality]:
        """All good."""
        return [Quality.GOOD] * len(self)

    @cached_property
    def status(self) -> list[str | None]:
        """None at all."""
        return [None] * len(self)

    @cached_property
    def source_ts(self) -> list[int | None]:
        """As there."""
        return self.frame.get_column("source_ts").to_list()

    @cached_property
    def server_ts(self) -> list[int | None]:
        """As there."""
        return self.frame.get_column("server_ts").to_list()

    def __len__(self) -> int:
        return self.frame.height


class Sink(Protocol):
    """Where a collector's samples go. May be called from any thread of the collector."""

    def tag(self, tag: Tag) -> int:
        """The number of a tag, the same for the same source and name; what is newly said of it is kept."""

    def put(self, samples: Samples | Numbers) -> Future[None]:
        """Takes samples, which are the sink's from now on; waits while too many are on their way (back-pressure). The
        future is done once they are on disk, and raises StoreError where that failed: only then may the other side
        forget them."""

    def up(self, peer: str) -> None:
        """A peer answers now."""

    def down(self, peer: str, why: str) -> None:
        """A peer does not answer, or refuses: one line that says what and what to do."""

    def say(self, text: str) -> None:
        """Something else that a person should know, in a line."""


Run = Callable[[Any, Sink, threading.Event], None]
"""Runs until the event is set. Coming back before says that all was read, as of a file: it is not run again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of collector: its name in `[[collector]] kind = "..."`, what its settings are, and what runs.

    settings: a frozen dataclass whose fields carry `doc`, and `unit` where they have one, as metadata (`setting`).
    needs: modules that must be installed, and the extra that brings them. loads: modules that are imported before
    rights are given up, as their files may not be readable after.
    """

    name: str
    title: str
    settings: type
    run: Run
    needs: tuple[str, ...] = ()
    extra: str = "collectors"
    loads: tuple[str, ...] = ()
    check: Callable[[Any], list[tuple[str, str]]] | None = None
    """Looks at settings as a whole: (field, what is wrong with it and the way out). Secrets are here as the file has
    them, not what they are."""

    def missing(self) -> list[str]:
        """Those of `needs` that are not installed."""
        return [name for name in self.needs if not _is_there(name)]


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def setting(
    doc: str,
    *,
    default: Any = ...,
    unit: str = "",
    secret: bool = False,
    examples: tuple[Any, ...] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A field of a collector's settings. `secret`: may be given as file:PATH, credential:NAME or enc:..., and is never
    shown. `least`, `most`: what a number may be, both in it; give both or none.

    Types: bool, int, float, str, Path (relative to the configuration's folder), Literal, tuple[X, ...], dict[str, X],
    X | None, and a frozen dataclass of such fields, which is a table in the table (a tuple of them: several).
    """
    metadata = {"doc": doc, "unit": unit, "secret": secret, "examples": examples, "least": least, "most": most}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)
