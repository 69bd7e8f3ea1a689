"""All collectors of a service: begun together, looked at once a second, ended in order."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, StoreError
from linewarden.service.board import Board
from linewarden.service.collecting.forwarder import Forwarder
from linewarden.service.collecting.lake_writer import LakeWriter
from linewarden.service.collecting.running import SAME_S, Running, Source
from linewarden.service.collecting.sample_log import SampleLog
from linewarden.service.collecting.saying import Sayings
from linewarden.service.collecting.sink import Gathering, Listener, MadeListener
from linewarden.service.collecting.status import CollectorStatus, SpoolStatus
from linewarden.service.collecting.tag_numbers import TagNumbers

if TYPE_CHECKING:
    from linewarden.collectors.contract import Tag

LOOK_S = 1.0
DESCRIBE_S = 10.0
HURRY_S = 2.0
"""So long the last samples may wait for room at the end."""
STOP_S = 15.0
"""So long collectors have to end."""


@dataclass(frozen=True, slots=True)
class Collecting:
    """What to collect, where it waits (`spool`, at most `most_bytes`), and the lake and site that it goes to.

    `tolerance_s`: a machine's own time further from the arrival is not believed. `gather_s`: see `Gathering`.
    """

    sources: tuple[Source, ...]
    spool: Path
    lake: Path
    site: str
    most_bytes: int = 2_048_000_000
    tolerance_s: float = 300.0
    gather_s: float = 0.025


def need_packages(source: Source) -> None:
    """Raises ConfigError if packages are missing, with the way to have them."""
    if missing := source.kind.missing():
        raise ConfigError(
            f"collector {source.name}: needs {', '.join(missing)}; pip install 'linewarden[{source.kind.extra}]'"
        )


class Collectors:
    """`on_line(collector, text)`: something to say; the collector is empty for what is said of all."""

    def __init__(self, collecting: Collecting, board: Board, on_line: Callable[[str, str], None]) -> None:
        self._collecting, self._board, self._on_line = collecting, board, on_line
        self._said = Sayings()
        self._running: list[Running] = []
        self._gathering: Gathering | None = None
        self._listeners: list[Listener] = []
        self._made_listeners: list[MadeListener] = []
        self._kept_listeners: list[MadeListener] = []
        self._described, self._describe_at = -1, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="linewarden-collectors", daemon=True)

    def on_samples(self, listener: Listener) -> None:
        """Tells samples as they come, before or after the start."""
        self._listeners.append(listener)
        if self._gathering is not None:
            self._gathering.on_samples(listener)

    def on_made(self, listener: MadeListener) -> None:
        """Tells samples that are on their way to disk; to be said before the start."""
        self._made_listeners.append(listener)

    def on_kept(self, listener: MadeListener) -> None:
        """Tells them once they are on disk; to be said before the start."""
        self._kept_listeners.append(listener)

    def tag(self, number: int) -> Tag:
        """The tag that a number of samples names. Only after the start."""
        return self.tags.tag(number)

    @property
    def tags(self) -> TagNumbers:
        """The tags that numbers of samples name. Only after the start."""
        assert self._gathering is not None
        return self._gathering.tags

    def start(self) -> None:
        """Opens the spool and begins. Raises StoreError if it cannot be had, ConfigError if packages are missing."""
        c = self._collecting
        for source in c.sources:
            need_packages(source)
        log = SampleLog(c.spool)
        tags = TagNumbers(c.spool)
        forwarder = Forwarder(log, LakeWriter(c.lake, c.site, log.id), tags.tag, self._say)
        self._gathering = Gathering(
            log, tags, forwarder, c.most_bytes, int(c.tolerance_s * 1e9), self._clock_off, self._say,
            c.gather_s,
        )  # fmt: skip
        for listener in self._listeners:
            self._gathering.on_samples(listener)
        for made in self._made_listeners:
            self._gathering.on_made(made)
        for kept in self._kept_listeners:
            self._gathering.on_kept(kept)
        self._running = [Running(source, self._gathering, self._on_line) for source in c.sources]
        self._gathering.start()
        forwarder.start()
        for running in self._running:
            running.start()
        self._tell()
        self._thread.start()

    def stop(self) -> None:
        """Ends in order: who asks, what is on its way to disk, what is on its way to the lake."""
        if self._gathering is None:
            return
        for running in self._running:
            running.ask_to_stop()
        until = time.monotonic() + HURRY_S
        for running in self._running:
            running.join(max(0.0, until - time.monotonic()))
        self._gathering.hurry()
        until += STOP_S
        for running in self._running:
            if not running.join(max(0.1, until - time.monotonic())):
                self._on_line(running.source.name, f"did not end within {STOP_S:g} s; what it holds is given up")
        self._gathering.close()
        self._gathering.forwarder.stop()
        self._stop.set()
        self._thread.join(5)
        self._tell()
        self._describe_at = 0.0
        self._describe()
        self._gathering.writer.log.close()

    def ended(self) -> bool:
        """Whether all have read all there was to read, as those of files do."""
        return bool(self._running) and all(r.status().state == "ended" for r in self._running)

    def _say(self, text: str) -> None:
        if self._said.is_new(text, SAME_S):
            self._on_line("", text)

    def _clock_off(self, collector: str, tag: int, ns: int) -> None:
        for running in self._running:
            if running.source.name == collector:
                running.clock_off(self.tags.tag(tag).source, ns)

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            self._tell()
            self._describe()

    def _describe(self) -> None:
        """What machines say of their tags goes into the lake's dictionary when it changed, now and then."""
        tags, now = self.tags, time.monotonic()
        if tags.version == self._described or now < self._describe_at:
            return
        version, self._describe_at = tags.version, now + DESCRIBE_S
        from linewarden.service.tag_dictionary.files import SAID, facts_of_machines, keep

        assert self._gathering is not None
        with contextlib.suppress(StoreError):  # the lake cannot be written, as others say; it is tried again
            file = self._collecting.lake / f"{SAID}{self._gathering.writer.log.id}.json"
            keep(file, facts_of_machines(tags.all()))
            self._described = version

    def _tell(self) -> None:
        for running in self._running:
            status = running.status()
            self._board.collector(running.source.name, status)
            self._board.ill(f"collector {running.source.name}", _ill(status))
        spool = self.spool()
        self._board.spool(spool)
        self._board.ill("collecting", _ill_spool(spool))

    def spool(self) -> SpoolStatus:
        """What is on its way."""
        g = self._gathering
        assert g is not None
        return SpoolStatus(
            g.forwarder.held, g.writer.log.bytes, g.writer.most_bytes, g.forwarder.oldest_s, g.forwarder.forwarded,
            g.writer.full, g.writer.log_error, g.forwarder.lake_error, g.had.repeated,
        )  # fmt: skip


def _ill(status: CollectorStatus) -> str:
    if status.state == "waiting":
        return f"failed, begins again: {status.error}"
    down = sorted((peer, why) for peer, why in status.peers.items() if why)
    if not down:
        return ""
    shown = ", ".join(f"{peer} ({why})" for peer, why in down[:3])
    more = f" and {len(down) - 3} more" if len(down) > 3 else ""
    return f"{len(down)} of {len(status.peers)} do not answer: {shown}{more}"


def _ill_spool(spool: SpoolStatus) -> str:
    said = []
    if spool.full:
        said.append(
            f"the spool is full ({spool.bytes / 1e6:,.0f} of {spool.most_bytes / 1e6:,.0f} MB): collectors wait, "
            "nothing is dropped; mend the lake, or raise [collecting] spool_mb"
        )
    if spool.log_error:
        said.append(f"samples cannot be written down: {spool.log_error}")
    if spool.lake_error:
        said.append(f"the lake cannot be written: {spool.lake_error}")
    return "; ".join(said)
