"""Who may ask now: one query of a person at a time, few in all; the others wait a little, and are told.

A query that takes too long, or whose asker went away, loses its process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import linewarden
from linewarden.errors import BusyError, QueryError
from linewarden.service.hunt.sight import Sight

LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may use. `bytes`: of its answer."""

    seconds: float = 30.0
    memory: str = "512MB"
    threads: int = 2
    bytes: int = 64 << 20
    at_once: int = 2
    waiting: int = 8
    wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Question:
    """A query. `start` and `end` narrow every stream, ns UTC; `rows`: at most so many."""

    sql: str
    sight: Sight = field(default_factory=Sight)
    start: int | None = None
    end: int | None = None
    rows: int = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """What it found. `more`: there were more rows than were asked for."""

    columns: tuple[tuple[str, str], ...]
    """Name, and DuckDB's type."""
    rows: list[list[Any]]
    more: bool
    seconds: float


class Desk:
    """Over a lake."""

    def __init__(self, lake: Path, limits: Limits | None = None) -> None:
        self.lake, self.limits = lake, limits or Limits()
        self._room = threading.Condition()
        self._asking: set[str] = set()
        self._at_work = 0

    def ask(self, who: str, question: Question, gone: Callable[[], bool] = lambda: False) -> Result:
        """Runs it. `gone`: nobody waits for the answer any more. Raises QueryError, BusyError."""
        with self._turn(who, gone):
            began = time.monotonic()
            columns, rows, more = self._run(question, gone)
            return Result(columns, rows, more, time.monotonic() - began)

    @contextmanager
    def _turn(self, who: str, gone: Callable[[], bool]) -> Iterator[None]:
        with self._room:
            if who in self._asking:
                raise BusyError("Your last query still runs: wait for it, or stop it.")
            if len(self._asking) >= self.limits.at_once + self.limits.waiting:
                raise BusyError("Too many queries wait already; try again in a moment.")
            self._asking.add(who)
        try:
            self._wait(gone)
            try:
                yield
            finally:
                with self._room:
                    self._at_work -= 1
                    self._room.notify()
        finally:
            with self._room:
                self._asking.discard(who)

    def _wait(self, gone: Callable[[], bool]) -> None:
        until = time.monotonic() + self.limits.wait_s
        with self._room:
            while self._at_work >= self.limits.at_once:
                self._room.wait(LOOK_S)
                if gone():
                    raise QueryError("stopped")
                if time.monotonic() > until:
                    raise BusyError("Other queries took all the time; try again in a moment.")
            self._at_work += 1

    def _run(self, question: Question, gone: Callable[[], bool]) -> tuple[Any, list[list[Any]], bool]:
        with tempfile.TemporaryDirectory(prefix="linewarden-hunt-", ignore_cleanup_errors=True) as folder:
            root = Path(folder) / "lake"
            # Through a link, so that no character of the lake's path means something to DuckDB's patterns or quotes.
            root.symlink_to(self.lake.resolve())
            process = _process(Path(folder))
            watch = _Watch(process, self.limits.seconds + 2, gone)
            try:
                assert process.stdin is not None
                process.stdin.write(json.dumps(self._told(question, Path(folder), root)).encode() + b"\n")
                process.stdin.close()
                return _read(process, self.limits, watch)
            except BrokenPipeError:
                raise _ended(watch) from None
            finally:
                watch.end()

    def _told(self, question: Question, folder: Path, root: Path) -> dict[str, Any]:
        allowed = question.sight.addresses
        return {
            "lake": str(self.lake.resolve()), "root": str(root), "spill": str(folder / "spill"), "sql": question.sql,
            "addresses": None if allowed is None else sorted(allowed), "start": question.start, "end": question.end,
            "rows": question.rows, "seconds": self.limits.seconds, "memory": self.limits.memory,
            "threads": self.limits.threads,
        }  # fmt: skip


def _process(folder: Path) -> subprocess.Popen[bytes]:
    """One that knows nothing of ours: no variables of the service, no folder but its own."""
    home = str(Path(linewarden.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "linewarden.service.hunt.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, close_fds=True,
        env={"PATH": os.defpath, "PYTHONPATH": home, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"},
        start_new_session=True,
    )  # fmt: skip


class _Watch:
    """Ends a process when its time is over or nobody waits any more. `why` says which."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float, gone: Callable[[], bool]) -> None:
        self._process, self._until, self._gone = process, time.monotonic() + seconds, gone
        self.why = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="linewarden-hunt", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            if time.monotonic() > self._until:
                self.why = "time"
            elif self._gone():
                self.why = "gone"
            if self.why:
                self._process.kill()
                return

    def end(self) -> None:
        """Whatever happened: no process is left."""
        self._over.set()
        self._thread.join()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _read(process: subprocess.Popen[bytes], limits: Limits, watch: _Watch) -> tuple[Any, list[list[Any]], bool]:
    columns: Sequence[tuple[str, str]] = ()
    rows: list[list[Any]] = []
    size = 0
    assert process.stdout is not None
    for line in process.stdout:
        size += len(line)
        if size > limits.bytes:
            raise QueryError(f"the answer is larger than {limits.bytes >> 20} MB; ask for fewer rows or columns")
        told = json.loads(line, parse_constant=lambda _: None)  # JSON has no NaN
        if isinstance(told, list):
            rows.extend(told)
        elif "error" in told:
            raise QueryError(told["error"])
        elif "columns" in told:
            columns = tuple((c["name"], c["type"]) for c in told["columns"])
        else:
            return columns, rows, bool(told["more"])
    raise _ended(watch)


def _ended(watch: _Watch) -> QueryError:
    """The process went without an answer."""
    if watch.why == "time":
        return QueryError("the query took too long and was ended; ask for a shorter time or fewer columns")
    if watch.why == "gone":
        return QueryError("stopped")
    return QueryError("the query needed more than it may have of this machine and was ended; ask for less")
