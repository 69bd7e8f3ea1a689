"""Who may ask now, and what was answered a moment ago.

A question that was answered is answered the same again while its tags have no new value, and for a minute in any case:
on a plant that runs, figures of hours do not change by the second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import linewarden
from linewarden.errors import BusyError, ConfigError, QueryError

KEPT_S = 60.0
KEPT = 64
"""Answers, a few 10 kB each."""
AT_ONCE = 2
WAITING = 6
WAIT_S = 30.0
SECONDS = 60.0
"""That a question may take."""


class Measures:
    """Over a lake. `seconds`: that a question may take."""

    def __init__(self, lake: Path, seconds: float = SECONDS) -> None:
        self.lake, self._seconds = lake, seconds
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._hall = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Any, dict[str, Any]]] = OrderedDict()

    def ask(self, what: str, question: Mapping[str, Any], version: Any) -> dict[str, Any]:
        """`what`: energy or output. `version`: changes when the tags have new values.

        Raises ConfigError where the question makes no sense of these tags, QueryError where it takes too much,
        BusyError.
        """
        told = json.dumps({"what": what, "lake": str(self.lake.resolve()), "seconds": self._seconds, **question})
        if (known := self._known(told, version)) is not None:
            return known
        with self._turn():
            if (known := self._known(told, version)) is not None:  # who asked the same just before
                return known
            found = self._run(told)
        with self._lock:
            self._kept[told] = (time.monotonic(), version, found)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _known(self, told: str, version: Any) -> dict[str, Any] | None:
        with self._lock:
            at, of, found = self._kept.get(told, (0.0, None, None))
        return found if found is not None and (of == version or time.monotonic() - at < KEPT_S) else None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._hall.acquire(blocking=False):
            raise BusyError("Too many ask for energy or output already; try again in a moment.")
        try:
            if not self._room.acquire(timeout=WAIT_S):
                raise BusyError("Others ask for energy or output, too, and took all the time; try again in a moment.")
            try:
                yield
            finally:
                self._room.release()
        finally:
            self._hall.release()

    def _run(self, told: str) -> dict[str, Any]:
        """In a process that knows nothing of ours: no variables of the service. One thread: pages need the others."""
        home = str(Path(linewarden.__file__).parents[1])
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
        try:
            ended = subprocess.run(
                [sys.executable, "-P", "-m", "linewarden.service.measuring.worker"],
                input=told.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=self._seconds + 5,
                env={"PATH": os.defpath, "PYTHONPATH": home, "LANG": "C.UTF-8", **threads,
                     "TMPDIR": os.environ.get("TMPDIR", "/tmp")},  # noqa: S108 - the default of all programs
                check=False, close_fds=True, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise QueryError("counting took too long and was ended; ask for a shorter time") from None
        if not ended.stdout:
            raise QueryError("counting needed more than it may have of this machine; ask for a shorter time")
        found: dict[str, Any] = json.loads(ended.stdout)
        if "error" in found:
            raise {"config": ConfigError}.get(found["kind"], QueryError)(found["error"])
        return found
