"""What a run of the service tells the audit log: that it began and with which settings, that it ended, that somebody
changed a file that it goes by; and it signs the log, at intervals and at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from linewarden import __version__
from linewarden.service.audit.beside import fingerprint
from linewarden.service.audit.entry import Change, differences
from linewarden.service.audit.heads import finish_rotation, sign
from linewarden.service.audit.ledger import Ledger, last_of
from linewarden.service.state import State

START, STOP, FILE = "service.start", "service.stop", "file.changed"
SIGN_EVERY_S = 60.0


@dataclass(slots=True)
class Witness:
    """`settings`: the effective configuration, without secrets. `files`: what people edit and the service reads."""

    key_file: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Path] = ()
    _seen: dict[str, str | None] = field(default_factory=dict)
    _stamps: dict[str, Any] = field(default_factory=dict)

    def began(self, state: State) -> Callable[[Connection, int], None]:
        """What is written together with the row of the run: the settings, and what is new in them."""

        def tell(connection: Connection, run: int) -> None:
            now = {"settings": dict(self.settings), "files": self._look()}
            last = last_of(connection, START)
            before, after = differences(json.loads(last.body)["detail"].get("of", {}) if last else {}, now)
            said = Change(START, f"run {run}", before, after, {"of": now, "version": __version__})
            Ledger(state, self.key_file).record(connection, said)

        return tell

    def ended(self, state: State, clean: bool) -> Callable[[Connection, int], None]:
        """What is written together with the end of the run."""

        def tell(connection: Connection, run: int) -> None:
            Ledger(state, self.key_file).record(connection, Change(STOP, f"run {run}", after={"clean": clean}))

        return tell

    def turn(self, state: State) -> str:
        """Looks for files that were edited, and signs; gives the new head in a line, for a log that is kept elsewhere.

        Raises StoreError.
        """
        ledger = Ledger(state, self.key_file)
        finish_rotation(ledger)
        before = dict(self._seen)
        for path, now in self._look().items():
            if now != before.get(path):
                ledger.add(Change(FILE, path, {"sha256": before.get(path)}, {"sha256": now}))
        note = sign(ledger)
        return "audit head: " + " ".join(note.split()[:3]) if note else ""

    def _look(self) -> dict[str, str | None]:
        """The hashes now; a file whose time and size are as before is not read again."""
        for file in self.files:
            stamp = _stamp(file)
            if stamp is None or self._stamps.get(str(file)) != stamp:
                self._seen[str(file)] = fingerprint(file)
                self._stamps[str(file)] = stamp
        return dict(self._seen)


def _stamp(path: Path) -> Any:
    try:
        about = path.stat()
        inside = sorted((p.name, p.stat().st_mtime_ns) for p in path.iterdir()) if path.is_dir() else ()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino, inside
