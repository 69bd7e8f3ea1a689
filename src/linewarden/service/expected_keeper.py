"""Announced work and what is normal, read again when somebody changed the file: a planner needs no restart."""

from __future__ import annotations

import time
from pathlib import Path

from linewarden.errors import ConfigError
from linewarden.service.expected_file import load_expected

LOOK_S = 5.0


class ExpectedKeeper:
    """Holds `expected`; call `turn` often."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises ConfigError for what is wrong in it."""
        self.path = path
        self.expected = load_expected(path)
        self._stamp = self._look()
        self._look_at = time.monotonic() + LOOK_S

    def turn(self) -> str:
        """Reads it again if it was changed, and says so; what is wrong is said, and what was read before stays."""
        now = time.monotonic()
        if now < self._look_at:
            return ""
        self._look_at = now + LOOK_S
        stamp = self._look()
        if stamp == self._stamp:
            return ""
        self._stamp = stamp
        try:
            self.expected = load_expected(self.path)
        except ConfigError as error:
            return f"what was announced before still holds: {error}"
        return (
            f"{self.path} was read again: {len(self.expected.windows)} windows, "
            f"{len(self.expected.suppressions)} things that are normal, {len(self.expected.approved)} approved programs"
        )

    def _look(self) -> tuple[int, int] | None:
        try:
            about = self.path.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size
