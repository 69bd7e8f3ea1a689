"""What a collector remembers over a restart: one small JSON file, replaced as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from linewarden.collectors._polling.trouble import LostError, reason


class Remembered:
    """file: None: only as long as this process lives."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.data: dict[str, Any] = {}

    def load(self) -> None:
        """Reads the file, if there is one. Raises LostError for one that cannot be used: to begin anew would take twice
        what was taken."""
        if self._file is None:
            return
        try:
            found = json.loads(self._file.read_text())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            text = f"state: {self._file}: cannot be read ({reason(error)}); mend it, or remove it to take all again"
            raise LostError(text) from error
        if not isinstance(found, dict):
            raise LostError(f"state: {self._file}: is another file; give a path of its own")
        self.data = found

    def save(self) -> None:
        """On disk when it returns. Raises LostError."""
        if self._file is None:
            return
        new = self._file.with_name(self._file.name + ".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w") as out:
                json.dump(self.data, out)
                out.flush()
                os.fsync(out.fileno())
            new.replace(self._file)
        except OSError as error:
            text = f"state: {self._file}: cannot be written ({reason(error)}); give a path that may be written"
            raise LostError(text) from error
