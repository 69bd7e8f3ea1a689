"""Values of a lake as pages and API ask for them; all that is work is done by a process of its own (`worker`).

That process is begun with the first question (or by `start`), and again if it went. Several may ask at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import linewarden
from linewarden.errors import QueryError, StoreError
from linewarden.service.tag_dictionary.facts import NOTHING, Facts
from linewarden.service.values.finding import Ask, Found, Names
from linewarden.service.values.tag import TagKey, TagState
from linewarden.service.values.trend import Told, Trend

PATIENCE_S = 90.0
"""After so long an answer is not waited for any more."""
AGAIN_S = 5.0
"""A process that went is begun again no sooner."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the reading is: 0..1 the first time, None once all was read. `wrong`: why it is not up to date."""

    reading: float | None = 0.0
    wrong: str = ""
    sources: frozenset[str] = frozenset()
    """Addresses of devices that have tags."""


class Values:
    """Over a lake. `index`: a folder of ours, where what was read is kept; None: nowhere. Close it."""

    def __init__(self, lake: Path, index: Path | None = None) -> None:
        self.lake, self._index = lake, index
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._began = -AGAIN_S
        self._names: tuple[Any, int] = (None, 0)
        self.standing = Standing()

    def start(self) -> None:
        """Begins to read, and does not wait for it."""
        self._at_work()

    def close(self) -> None:
        """Ends the process; what it read is kept."""
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None

    def look(self) -> Standing:
        """How far it is, and which devices have tags."""
        self._ask("standing")
        return self.standing

    def find(self, ask: Ask, names: Names) -> Found:
        """A page of tags. Raises StoreError; ValueError if `after` is none."""
        told = self._named("find", names, ask=asdict(ask))
        return Found(told["total"], [_tag(t) for t in told["tags"]], tuple(told["last"]) if told["last"] else None)

    def soon(self) -> None:
        """Something was said of tags: that counts in the next answer."""
        self._ask("soon")

    def file(self, ask: Ask, names: Names, format: str, out: Path) -> None:
        """All that fit, as a file of this format ("csv", "arrow" or "parquet"). Raises StoreError."""
        self._named("file", names, ask=asdict(ask), format=format, out=str(out))

    def tags(self, ids: Sequence[str]) -> list[TagState | None]:
        """Those of these ids; None where there is none."""
        return [t and _tag(t) for t in self._ask("tags", ids=list(ids))["tags"]] if ids else []

    def trends(self, tags: Sequence[TagState], start: int, end: int, points: int) -> list[Trend]:
        """From `start` to `end` (ns UTC, both in it). Raises StoreError or QueryError."""
        if not tags:
            return []
        told = self._ask("trends", ids=[t.id for t in tags], start=start, end=end, points=points)
        return [Trend(tag, *columns) for tag, columns in zip(tags, told["trends"], strict=True)]

    def commands(self, devices: Sequence[str], start: int, end: int) -> list[Told]:
        """Commands that change something in these devices, the newest first. Raises StoreError or QueryError."""
        told = self._ask("commands", devices=list(devices), start=start, end=end)
        return [Told(*row) for row in told["commands"]]

    def _named(self, what: str, names: Names, **of: Any) -> Any:
        """Names are sent once, and not again before they change."""
        if self._names[0] is not names.of and self._names[0] != names.of:
            self._names = (names.of, self._names[1] + 1)
        told = self._ask(what, **of, names=(key := self._names[1]))
        return told if "need" not in told else self._ask(what, **of, names=key, told=names.of)

    def _ask(self, what: str, **of: Any) -> Any:
        told = self._at_work().ask({"what": what, **of})
        if (standing := told.get("standing")) is not None:
            sources = standing["sources"]
            known = self.standing.sources if sources is None else frozenset(sources)
            self.standing = Standing(standing["reading"], standing["wrong"], known)
        if (error := told.get("error")) is not None:
            raise {"query": QueryError, "value": ValueError}.get(told.get("kind", ""), StoreError)(error)
        return told

    def _at_work(self) -> _Process:
        with self._lock:
            if self._process is None or not self._process.lives:
                if time.monotonic() - self._began < AGAIN_S:
                    raise StoreError("process values: the process that reads them ended; it begins again in a moment")
                self._began = time.monotonic()
                self._process = _Process(self.lake, self._index)
            return self._process


class _Process:
    """One that reads the lake: questions to its input, answers from its output, a line of JSON each."""

    def __init__(self, lake: Path, index: Path | None) -> None:
        home = str(Path(linewarden.__file__).parents[1])
        told = json.dumps({"lake": str(lake.absolute()), "index": None if index is None else str(index.absolute())})
        # It knows nothing of ours: no variables of the service. One thread: pages need the other cores.
        self._popen = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "linewarden.service.values.worker", told],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True, start_new_session=True,
            env={"PATH": os.defpath, "PYTHONPATH": home, "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "1",
                 "TMPDIR": os.environ.get("TMPDIR", "/tmp")},  # noqa: S108 - the default of all programs
        )  # fmt: skip
        self._waiting: dict[int, tuple[threading.Event, list[Any]]] = {}
        self._lock, self._next = threading.Lock(), 0
        self.lives = True
        self._reader = threading.Thread(target=self._read, name="linewarden-values", daemon=True)
        self._reader.start()

    def ask(self, question: dict[str, Any]) -> Any:
        """The answer. Raises StoreError if there is none."""
        came: tuple[threading.Event, list[Any]] = threading.Event(), []
        with self._lock:
            self._next += 1
            number, self._waiting[self._next] = self._next, came
            with suppress(OSError, ValueError):
                assert self._popen.stdin is not None
                self._popen.stdin.write(json.dumps({"number": number, **question}).encode() + b"\n")
                self._popen.stdin.flush()
        if not self.lives:
            came[0].set()
        came[0].wait(PATIENCE_S)
        with self._lock:
            self._waiting.pop(number, None)
        if not came[1]:
            why = "took too long; ask for a shorter time" if self.lives else "ended; try again in a moment"
            raise StoreError(f"process values: the process that reads them {why}")
        return came[1][0]

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with suppress(OSError, ValueError):
            for line in self._popen.stdout:
                told = json.loads(line)
                with self._lock:
                    came = self._waiting.get(told.pop("number"))
                if came is not None:
                    came[1].append(told)
                    came[0].set()
        self.lives = False
        self._popen.wait()
        self._popen.stdout.close()
        with self._lock, suppress(OSError):
            self._popen.stdin.close()  # type: ignore[union-attr]
        with self._lock:
            for event, _ in self._waiting.values():
                event.set()

    def end(self) -> None:
        """Lets it write down what it read; whatever happens, no process is left."""
        with self._lock, suppress(OSError):
            assert self._popen.stdin is not None
            self._popen.stdin.close()
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self._popen.kill()
        self._reader.join(5)


def _tag(told: list[Any]) -> TagState:
    key, *of, course, facts = told
    return TagState(*(TagKey._make(key), *of, tuple(course), Facts(*facts) if facts else NOTHING))
