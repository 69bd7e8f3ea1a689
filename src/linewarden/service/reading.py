"""Captures to a plant: runs the sensor, feeds the fold, keeps the lake.

The engine reads in a thread of its own, without the interpreter's lock; what Python needs for the fold (polars above
all) is imported meanwhile, so nothing heavy is imported at the top of this file.
"""

from __future__ import annotations

import contextlib
import re
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from linewarden.errors import CaptureError, ConfigError
from linewarden.sensor.sensor import Batch, CaptureEnd, Progress, Sensor, Step, Totals
from linewarden.wire.captures import Capture, fingerprint

if TYPE_CHECKING:
    from linewarden.plant.corrections import Corrections
    from linewarden.plant.fold import PlantFold
    from linewarden.plant.model import Plant
    from linewarden.plant.names import Names

MOST_PROBLEMS = 100
"""Problems that are kept of one capture; the rest is counted."""
_SITE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a capture, in words. `fatal`: nothing of it could be read."""

    capture: str
    text: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class File:
    """A file of the lake."""

    stream: str
    path: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What was read. `elapsed` is s of the wall clock."""

    plant: Plant
    totals: Totals
    captures: tuple[CaptureEnd, ...]
    problems: tuple[Problem, ...]
    files: tuple[File, ...]
    elapsed: float


@dataclass(frozen=True, slots=True)
class Settings:
    """How to read: site and sensor go into the records; `interval_s` is the row interval of cyclic commands, in s."""

    site: str = "default"
    sensor: str = "local"
    interval_s: float = 60.0

    def check(self) -> None:
        """Raises ConfigError for what would make no path, or no sense."""
        if not _SITE.fullmatch(self.site):
            raise ConfigError(f"site {self.site!r}: use letters, digits, '-', '_' and '.', at most 128, no '.' first")
        if not self.sensor or len(self.sensor) > 128 or not self.sensor.isprintable():
            raise ConfigError(f"sensor {self.sensor!r}: use 1 to 128 visible characters")
        if not 0.001 <= self.interval_s <= 86_400 * 366:
            raise ConfigError(f"interval {self.interval_s:g} s: use 0.001 s to a year")


@dataclass(slots=True)
class _Heard:
    """What the steps said besides records."""

    captures: list[CaptureEnd] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unsaid: dict[str, int] = field(default_factory=dict)
    totals: Totals | None = None

    def step(self, step: Step) -> None:
        self.captures += step.captures
        for name, said, fatal in step.problems:
            text = said if name in said else f"{name}: {said}"
            if fatal or sum(p.capture == name for p in self.problems) < MOST_PROBLEMS:
                self.problems.append(Problem(name, text, fatal))
            else:
                self.unsaid[name] = self.unsaid.get(name, 0) + 1
        self.totals = step.totals or self.totals

    def all_problems(self) -> tuple[Problem, ...]:
        more = [Problem(n, f"{n}: and {count:,} more places like these", False) for n, count in self.unsaid.items()]
        return (*self.problems, *more)


class Beside(Protocol):
    """Somebody else who takes records while captures are read."""

    @property
    def streams(self) -> Collection[str]:
        """The streams that it takes."""

    def prepare(self) -> None:
        """Whatever takes a while: is called in a thread of its own, once the fold is there. Must not raise."""

    def take(self, batch: Batch) -> None:
        """One more batch, perhaps before `prepare` has ended."""

    def end(self) -> None:
        """No more batches come; the plant is built now."""


class _Imports(threading.Thread):
    """Imports what the fold needs while the engine reads, and then what is needed at the end."""

    def __init__(self, beside: Beside | None, *more: str) -> None:
        super().__init__(name="linewarden-imports", daemon=True)
        self._beside = beside
        self._more = more
        self.fold_is_there = threading.Event()

    def run(self) -> None:
        try:
            import_module("linewarden.plant.fold")
        finally:
            self.fold_is_there.set()
        if self._beside is not None:
            self._beside.prepare()
        for name in self._more:
            import_module(name)
        import_module("linewarden.plant.vendors").index()  # a list of 35,000 that each plant asks


def read_captures(
    captures: Sequence[Capture],
    *,
    out: Path | None = None,
    names: Names | None = None,
    corrections: Corrections | None = None,
    settings: Settings | None = None,
    on_step: Callable[[Progress], None] | None = None,
    also_import: Iterable[str] = (),
    beside: Beside | None = None,
) -> ReadResult:
    """Reads captures in order, into one plant and, if `out` is given, the lake in that folder.

    A capture that cannot be read is a fatal `Problem` while others can be; `also_import` are modules that the caller
    will need at the end; `beside` gets the records of its streams, too. When anything is raised, KeyboardInterrupt
    included, no half-written file stays.

    Raises:
        CaptureError: no capture had a packet.
        StoreError: the lake cannot be written.
        ConfigError: a setting is wrong.
    """
    settings = settings or Settings()
    settings.check()
    began = time.monotonic()
    heard = _Heard()
    readable = _readable(captures, heard.problems)
    prefix = _prefix(readable) if out else "part"
    imports = _Imports(beside, *also_import)
    imports.start()  # the engine's tables are made without the interpreter's lock
    sensor = Sensor(name=settings.sensor, interval_s=settings.interval_s, lake=out, site=settings.site, prefix=prefix)
    try:
        fold = _fold(sensor, readable, heard, on_step, imports, beside)
        if beside is not None:
            beside.end()
        sensor.seal()
        plant = fold.plant(names, corrections)
        files = tuple(File(*f) for f in sensor.finish())
    except BaseException:
        _give_up(sensor, readable, out, prefix)
        raise
    if heard.totals is None:  # pragma: no cover - the engine's last step always has them
        raise CaptureError("reading ended early")
    return ReadResult(plant, heard.totals, tuple(heard.captures), heard.all_problems(), files, time.monotonic() - began)


def _fold(
    sensor: Sensor,
    captures: Sequence[Capture],
    heard: _Heard,
    on_step: Callable[[Progress], None] | None,
    imports: _Imports,
    beside: Beside | None,
) -> PlantFold:
    fold: Any = None
    for step in sensor.read(captures, taken(*(beside.streams if beside else ()))):
        heard.step(step)
        if on_step is not None:
            on_step(step.progress)
        if step.batches:
            fold = fold or _new_fold(imports)
            _feed(fold, step, beside)
    if heard.totals is None or heard.totals.packets == 0:
        raise CaptureError(_nothing(heard))
    folded: PlantFold = fold or _new_fold(imports)
    return folded


def _give_up(sensor: Sensor, captures: Sequence[Capture], out: Path | None, prefix: str) -> None:
    """Nothing half-written stays. `abort` waits for the engine, and that perhaps for ever for a pipe."""
    if not _pipes(captures):
        sensor.abort()
        return
    if out is None:
        return
    for half in list(out.glob(f"stream=*/site=*/date=*/.{prefix}-*.tmp")):
        half.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: there is something else in it
            for folder in half.parents[:3]:
                folder.rmdir()


def _new_fold(imports: _Imports) -> PlantFold:
    imports.fold_is_there.wait()
    from linewarden.plant.fold import fold_of_batches

    return fold_of_batches()


def _feed(fold: PlantFold, step: Step, beside: Beside | None) -> None:
    for batch in step.batches:
        if batch.stream in WANTED:
            fold.add(batch.stream, batch.arrow)
        if beside is not None and batch.stream in beside.streams:
            beside.take(batch)


def taken(*also: str) -> tuple[str, ...]:
    """The streams that the fold reads and this installation writes, and these."""
    # `plant.STREAMS` would import polars before the engine runs; the fold ignores what it has no use for.
    return tuple(sorted(WANTED.union(also)))


WANTED = frozenset(
    {
        "conn", "identity", "command", "binding", "weird", "transfer",
        "tls", "http", "snmp", "smb", "ftp", "telnet", "opcua", "arp",
    }
)  # fmt: skip
"""`plant.STREAMS`, without importing the plant; a test holds them equal."""


def _nothing(heard: _Heard) -> str:
    if heard.problems:
        more = len(heard.problems) - 1
        return heard.problems[0].text + (f" (and {more:,} more problems)" if more else "")
    if len(heard.captures) == 1:
        return f"{heard.captures[0].name}: empty, no packet was recorded; check interface and filter of the recording"
    return "no capture holds a packet; check interface and filter of the recordings"


def _readable(captures: Sequence[Capture], problems: list[Problem]) -> list[Capture]:
    """Those that can be opened; the others become problems. A pipe is not tried: that would take bytes from it."""
    good = []
    for capture in captures:
        try:
            if capture.path is not None and _regular(capture.path):
                capture.path.open("rb").close()
            good.append(capture)
        except OSError as error:
            text = f"{capture.path}: cannot be read ({error.strerror or error}); check path and permission"
            problems.append(Problem(capture.name, text, True))
    if not good:
        raise CaptureError(problems[0].text if problems else "no capture was named")
    return good


def _regular(path: Path) -> bool:
    return stat.S_ISREG(path.stat().st_mode)


def _pipes(captures: Sequence[Capture]) -> list[Capture]:
    """Standard input, and whatever else can be read only once and may make one wait."""
    return [c for c in captures if c.path is None or not _regular(c.path)]


def _prefix(captures: Sequence[Capture]) -> str:
    """Names the files of this run: read again, the same captures replace their rows; what comes by a pipe is new."""
    pipes = _pipes(captures)
    name = fingerprint([Capture(None, c.name) if c in pipes else c for c in captures])
    return f"{name}-{time.time_ns():x}" if pipes else name
