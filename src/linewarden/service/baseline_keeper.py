"""The baseline of a sensor that listens for months: kept in a file, known again at the next start, open to edits.

`linewarden baseline approve|forget|freeze FILE` may be used while the service runs: what people said is taken over, and
never written over.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import LinewardenError, StoreError
from linewarden.service.baseline_file import load, save
from linewarden.service.files import reserve

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Baseline

FIRST_S, EVERY_S, LOOK_S = 60.0, 600.0, 10.0
"""When it is written first, and then how often; how often it is looked at for edits."""


class BaselineKeeper:
    """Holds `baseline`, which learns; call `turn` often, from the thread in which it learns, and `end` at the end."""

    def __init__(self, path: Path) -> None:
        """A file that is there is read. Raises StoreError if it is no baseline: nobody's edits are thrown away."""
        from linewarden.baseline.baseline import Baseline

        self.path = path
        self.baseline: Baseline = load(path) if path.exists() else Baseline()
        self.times = 0
        """How often it was written: the minute that was being heard counts as over then (`Baseline.close`)."""
        self._written = self._stamp()
        self._saved: frozenset[str] = frozenset(self.baseline.entries)
        now = time.monotonic()
        self._write_at, self._look_at = now + FIRST_S, now + LOOK_S

    def turn(self) -> str:
        """Takes edits over and writes, where it is time; what went wrong, in a line."""
        now = time.monotonic()
        if now < min(self._look_at, self._write_at):
            return ""
        self._look_at = now + LOOK_S
        try:
            self._take_edits()
            if now >= self._write_at:
                self._write_at = now + EVERY_S
                self._write()
        except LinewardenError as error:
            return f"what is usual is not kept: {error}"
        return ""

    def end(self) -> str:
        """Writes it a last time; what went wrong, in a line."""
        self._write_at = 0.0
        return self.turn()

    def _take_edits(self) -> None:
        if self._stamp() == self._written:
            return
        with contextlib.suppress(FileNotFoundError):
            self.baseline.take_edits(load(self.path), self._saved)
        self._written = self._stamp()

    def _write(self) -> None:
        with reserve(self.path) as file:
            self.times += 1
            save(file, self.baseline)
        self._written, self._saved = self._stamp(), frozenset(self.baseline.entries)

    def _stamp(self) -> tuple[int, int] | None:
        """What tells whether somebody else wrote the file."""
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be read ({error.strerror})") from error
        return about.st_mtime_ns, about.st_size
