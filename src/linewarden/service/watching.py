"""Live interfaces to a lake that grows while others ask it.

The same path as `read`: the engine reads in threads of its own, rich messages come to Python, and once a second what
is known becomes visible in the lake. What happens to interfaces, clock and disk is said in lines; none of it ends the
run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import pwd
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import CaptureError, ConfigError, StoreError
from linewarden.sensor.sensor import Live, Port, Sensor, Step, Totals
from linewarden.service import rights
from linewarden.service.reading import Settings, taken
from linewarden.service.spare_memory import GivingBack
from linewarden.wire.ports import Ports, open_ports

if TYPE_CHECKING:
    from linewarden.plant.fold import PlantFold
    from linewarden.plant.model import Plant

PLANT_EVERY = 10.0
"""s between two looks at the plant for the status; more if a look takes long: one part in PLANT_SHARE of the time."""
PLANT_SHARE = 50


@dataclass(frozen=True, slots=True)
class Keep:
    """A ring of packets on disk: at most so many MB, and none older than so many hours."""

    folder: Path
    megabytes: int = 1024
    hours: float = 24.0


@dataclass(frozen=True, slots=True)
class Listening:
    """What to listen to, and how. `ring_mb`: MiB of memory of each interface; `user`: who to become once it is open."""

    interfaces: tuple[str, ...]
    filter: str = ""
    ring_mb: int = 32
    promiscuous: bool = True
    user: str | None = None
    keep: Keep | None = None

    def check(self) -> None:
        """Raises ConfigError for what makes no sense."""
        if len(set(self.interfaces)) < len(self.interfaces):
            raise ConfigError("an interface is named twice; once is enough")
        if not 2 <= self.ring_mb <= 4096:
            raise ConfigError(f"--ring {self.ring_mb}: use 2 to 4096 MiB")
        if self.keep and (not 1 <= self.keep.megabytes <= 1 << 30 or not 0.001 <= self.keep.hours <= 24 * 3660):
            raise ConfigError("--keep-mb and --keep-hours: use at least 1 MB and 0.001 h")


@dataclass(frozen=True, slots=True)
class Status:
    """How listening goes; rates are those since the last status. `elapsed` is s since the start."""

    elapsed: float
    packets: int
    bytes: int
    packets_per_s: float
    bytes_per_s: float
    ports: tuple[Port, ...]
    assets: int
    last_weird: tuple[str, str, str] | None
    live: Live

    @property
    def lost(self) -> int:
        """Packets that the kernel had no room for."""
        return sum(p.lost for p in self.ports)


@dataclass(frozen=True, slots=True)
class Watched:
    """The end of a run."""

    totals: Totals
    status: Status


@dataclass(slots=True)
class _Seen:
    """What the steps said, kept for the next status."""

    began: float = field(default_factory=time.monotonic)
    at: float = field(default_factory=time.monotonic)
    packets: int = 0
    bytes: int = 0
    assets: int = 0
    look_at: float = 0.0
    last_weird: tuple[str, str, str] | None = None
    fold: PlantFold | None = None

    def take(self, step: Step) -> None:
        from linewarden.plant.fold import fold_of_batches

        self.fold = self.fold or fold_of_batches()
        for batch in step.batches:
            if len(batch.arrow) == 0:
                continue
            self.fold.add(batch.stream, batch.arrow)
            if batch.stream == "weird":
                name, orig, resp = batch.arrow.last(["name", "id.orig_h", "id.resp_h"])
                self.last_weird = (name or "", orig or "", resp or "")

    def look(self, last: bool, on_plant: Callable[[Plant], None] | None) -> None:
        """Who is who, where it is time, however seldom somebody wants a status."""
        now = time.monotonic()
        if self.fold is None or (now < self.look_at and not last):
            return
        plant = self.fold.plant()
        self.assets = len(plant.assets)
        if on_plant is not None:
            on_plant(plant)
        took = time.monotonic() - now
        self.look_at = now + max(PLANT_EVERY if now - self.began > PLANT_EVERY else 2.0, PLANT_SHARE * took)

    def status(self, step: Step, live: Live) -> Status:
        now = time.monotonic()
        passed = max(now - self.at, 1e-3)
        progress = step.progress
        packets, amount = progress.packets - self.packets, progress.bytes - self.bytes
        self.at, self.packets, self.bytes = now, progress.packets, progress.bytes
        return Status(
            now - self.began, progress.packets, progress.bytes, packets / passed, amount / passed, live.ports,
            self.assets, self.last_weird, live,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told what while listening goes on, all in the thread that listens.

    `on_line`: something to say. `on_status`: how it goes, every `every_s` s. `should_end`: asked often. `on_step`: all
    that became known, before it is visible in the lake; it may append records of its own through the sensor.
    """

    on_line: Callable[[str], None]
    on_status: Callable[[Status], None]
    should_end: Callable[[], bool]
    every_s: float = 1.0
    on_step: Callable[[Sensor, Step], None] | None = None
    also_take: tuple[str, ...] = ()
    """Streams that `on_step` wants besides those of the plant's fold."""
    on_plant: Callable[[Plant], None] | None = None
    """Who is who, as far as is known: after two seconds, and then every ten or so."""


def watch(out: Path, listening: Listening, settings: Settings, hooks: Hooks) -> Watched:
    """Listens until it should end, into the lake in `out`.

    Raises:
        CaptureError: an interface cannot be listened to.
        StoreError: the lake cannot be written at the start, or another program writes it for this sensor.
        ConfigError: a setting is wrong.
    """
    settings.check()
    listening.check()
    import_before()
    user = rights.user_to_be(listening.user)
    ports = open_ears(out, listening, user)
    who = rights.give_up(user)
    hooks.on_line(f"listening to {', '.join(listening.interfaces)} as {who}, without rights; nothing is sent")
    return listen(out, ports, listening, settings, hooks)


def import_before() -> None:
    """Afterwards the user that is left may not even be able to read the files of this program."""
    for name in ("linewarden.plant.fold", "linewarden.plant.vendors", "linewarden.protocols.registry"):
        import_module(name)
    from linewarden.plant import vendors
    from linewarden.protocols.registry import protocols

    vendors.index()
    protocols()


def open_ears(out: Path, listening: Listening, user: pwd.struct_passwd | None) -> Ports:
    """Opens the interfaces and makes the folders: what needs rights. They belong to the thread that calls this."""
    filters = [rights.compile_filter(listening.filter, i) for i in listening.interfaces] if listening.filter else []
    ports = open_ports(
        listening.interfaces, filters, ring_bytes=listening.ring_mb << 20, promiscuous=listening.promiscuous
    )
    for folder in (out, *([listening.keep.folder] if listening.keep else [])):
        rights.folder_for(folder, user)
    return ports


def listen(out: Path, ports: Ports, listening: Listening, settings: Settings, hooks: Hooks) -> Watched:
    """Listens to what was opened, until it should end; the errors are those of `watch`."""
    run = f"watch-{datetime.now(UTC):%Y%m%dT%H%M%S}.{time.time_ns() // 1_000_000 % 1000:03d}Z"
    prefix = live_prefix(settings.sensor)
    with _alone(out, prefix):
        sensor = Sensor(
            name=settings.sensor, interval_s=settings.interval_s, lake=out, site=settings.site, prefix=prefix, live=True
        )
        try:
            watched = _listen(sensor, ports, run, listening.keep, hooks)
            sensor.finish()
        except BaseException:
            sensor.end()
            sensor.abort()
            raise
    return watched


def live_prefix(sensor: str) -> str:
    """What the lake's files of a live sensor begin with: always the same, so that their numbers go on."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", sensor)[:40]
    return f"live-{plain}" if plain == sensor else f"live-{plain}-{hashlib.sha256(sensor.encode()).hexdigest()[:8]}"


def _listen(sensor: Sensor, ports: Ports, run: str, keep: Keep | None, hooks: Hooks) -> Watched:
    seen, ending, due = _Seen(), False, 0.0
    spare = GivingBack()
    totals: Totals | None = None
    status: Status | None = None
    live = Live((), 0, (), 0, 0, 0)
    place = (keep.folder, keep.megabytes * 1_000_000, keep.hours * 3600) if keep else None
    for step in sensor.watch(ports, run, {*taken(), *hooks.also_take}, place):
        seen.take(step)
        if hooks.on_step is not None:
            hooks.on_step(sensor, step)
        for _, text, _ in step.problems:
            hooks.on_line(text)
        totals = step.totals or totals
        if step.live is not None:
            live = step.live
            spare.at_times()
            for text in live.said:
                hooks.on_line(text)
            seen.look(False, hooks.on_plant)
            if time.monotonic() >= due:
                due = time.monotonic() + hooks.every_s * 0.9  # ticks come once a second, give or take
                status = seen.status(step, live)
                hooks.on_status(status)
        if step.totals is not None:
            live = _last(sensor, live, hooks.on_line)
            seen.look(True, hooks.on_plant)
            status = seen.status(step, live)
        if not ending and hooks.should_end():
            ending = True
            sensor.end()
    if totals is None or status is None:
        raise CaptureError("listening ended early")
    return Watched(totals, status)


def _last(sensor: Sensor, live: Live, on_line: Callable[[str], None]) -> Live:
    """The last rows become visible."""
    final = sensor.flush(live)
    for text in final.said:
        on_line(text)
    return final


@contextlib.contextmanager
def _alone(out: Path, prefix: str) -> Iterator[None]:
    """One program writes a lake for a sensor at a time; what one that was killed left half-written goes."""
    lock: Any = None
    try:
        lock = (out / f".{prefix}.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for half in out.glob(f"stream=*/site=*/date=*/.{prefix}-*.tmp"):
            half.unlink(missing_ok=True)
    except BlockingIOError as error:
        lock.close()
        text = f"{out}: another `linewarden watch` or `serve` writes this lake for this sensor; name another --sensor"
        raise StoreError(text) from error
    except OSError as error:
        if lock is not None:
            lock.close()
        text = f"{out}: cannot be written by this user ({error.strerror or error}); chown it, or name a --user who may"
        raise StoreError(text) from error
    try:
        yield
    finally:
        lock.close()
