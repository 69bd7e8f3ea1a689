"""Collectors in the foreground: a person or a program looks on. The lake is kept as the service keeps it."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.board import Board
from linewarden.service.collecting.collectors import Collecting, Collectors
from linewarden.service.collecting.imports import import_for
from linewarden.service.collecting.status import CollectorStatus, SpoolStatus
from linewarden.service.config import parts
from linewarden.service.keeping import Keeping, lake_jobs
from linewarden.service.schedule import Schedule, Turn
from linewarden.service.watch_screen import asked_to_end

if TYPE_CHECKING:
    from rich.table import Table

    from linewarden.service.config import Config

LOOK_S = 0.1
EVERY_S = 1.0


def collect(config: Config, file: Path, seconds: float | None, *, as_json: bool, quiet: bool) -> int:
    """Runs the collectors of a configuration until asked to end, for `seconds`, or until all was read.

    Raises ConfigError or StoreError if they cannot start.
    """
    from linewarden.service.ears import begin

    collecting = parts.collecting_of(config)
    if collecting is None:
        raise ConfigError(f"{file}: has no [[collector]] table; `linewarden collect --kinds` lists what there is")
    board, look = Board(()), _Look(as_json, quiet)
    collectors = Collectors(collecting, board, look.line)
    schedule = Schedule(
        lake_jobs(Keeping(config.lake_folder, config.lake.compact_every_s, parts.retention_of(config)), board),
        look.turn,
    )
    import_for([source.kind for source in collecting.sources])
    import_module("duckdb")
    begin((), (config.service.data, collecting.lake, collecting.spool), config.user)
    with asked_to_end() as asked, look.shown():
        collectors.start()
        schedule.start()
        _wait(collectors, board, look, asked, seconds)
        collectors.stop()
        schedule.stop()
    look.end(board, collecting)
    return 0


def _wait(
    collectors: Collectors, board: Board, look: _Look, asked: Callable[[], bool], seconds: float | None
) -> None:  # fmt: skip
    began = told = time.monotonic()
    while not asked() and not collectors.ended():
        time.sleep(LOOK_S)
        now = time.monotonic()
        if now - told >= EVERY_S:
            told = now
            look.status(board)
        if seconds is not None and now - began >= seconds:
            return


class _Look:
    """A table that is drawn again in a terminal; else lines, or JSON objects."""

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self._json, self._quiet = as_json, quiet
        self._draws = sys.stderr.isatty() and not (as_json or quiet)
        self._live: Any = None
        self._before: dict[str, int] = {}
        for name in ("rich.live", "rich.table", "rich.box", "rich.text") if self._draws else ():
            import_module(name)  # while it can still be read
        import_module("linewarden.reports.words")

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """While in the block the table stands in the terminal."""
        if not self._draws:
            yield
            return
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as self._live:
            yield

    def line(self, collector: str, text: str) -> None:
        """Something happened."""
        from linewarden.reports.words import clean

        said = clean(f"{collector}: {text}" if collector else text)
        if self._json:
            self._print({"event": "line", "collector": collector, "text": text})
        elif self._live is not None:
            self._live.console.print(said, markup=False, highlight=False)
        else:
            print(f"linewarden: {said}", file=sys.stderr, flush=True)

    def turn(self, turn: Turn) -> None:
        """A job over the lake failed; where `serve` is at work on it, that does the same."""
        if turn.error and "is at work on this lake" not in turn.error:
            self.line("", f"{turn.job}: {turn.error}")

    def status(self, board: Board) -> None:
        """How it goes."""
        collectors, spool = board.collectors()
        if spool is None:
            return
        if self._json:
            self._print({"event": "status", **_as_dict(collectors, spool)})
        elif self._live is not None:
            self._live.update(self._table(collectors, spool), refresh=True)
        self._before = {name: status.samples for name, status in collectors.items()}

    def end(self, board: Board, collecting: Collecting) -> None:
        """The totals."""
        collectors, spool = board.collectors()
        assert spool is not None
        if self._json:
            self._print({"event": "end", **_as_dict(collectors, spool)})
        elif not self._quiet:
            samples = sum(c.samples for c in collectors.values())
            print(f"{samples:,} samples; {spool.forwarded:,} came into {collecting.lake}, {spool.held:,} wait")

    def _table(self, collectors: Mapping[str, CollectorStatus], spool: SpoolStatus) -> Table:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        from linewarden.reports.words import clean

        waits = f"{spool.held:,} samples wait for the lake ({spool.bytes / 1e6:,.1f} MB)"
        table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, caption=waits, caption_justify="left")
        for head in ("Collector", "Kind", "State", "Peers"):
            table.add_column(head, no_wrap=True)
        for head in ("Samples", "per s"):
            table.add_column(head, justify="right", no_wrap=True)
        for name, status in collectors.items():
            rate = (status.samples - self._before.get(name, status.samples)) / EVERY_S
            down = next((f"{p}: {why}" for p, why in sorted(status.peers.items()) if why), "")
            table.add_row(
                Text(name), Text(status.kind), Text(clean(status.error or status.state, 60)),
                Text(clean(f"{status.up} of {len(status.peers)} {down}".strip(), 60)),
                f"{status.samples:,}", f"{rate:,.0f}",
            )  # fmt: skip
        return table

    def _print(self, value: object) -> None:
        json.dump(value, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
        sys.stdout.flush()


def _as_dict(collectors: Mapping[str, CollectorStatus], spool: SpoolStatus) -> dict[str, Any]:
    return {"collectors": {name: c.as_dict() for name, c in collectors.items()}, "spool": spool.as_dict()}
