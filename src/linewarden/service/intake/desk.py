"""Takes what people send, has it read by a process of its own, one after the other, and knows how far each is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import linewarden
from linewarden.errors import LinewardenError
from linewarden.service.audit.entry import Change
from linewarden.service.intake.arrivals import Arrival, Arrivals
from linewarden.service.turns import Turns
from linewarden.service.uploads import UploadError
from linewarden.service.uploads.quarantine import Quarantine, Upload

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger
    from linewarden.service.config import Config

WAIT_S = 24 * 3600.0
NAMES_S = 120.0
"""So long a list of names may take."""
MOST_NAMES = 50_000_000
"""Bytes of a list of names."""


class IntakeDesk:
    """Of a place. `captures`: where captures stay that were read, so that their packets can be shown."""

    def __init__(self, config: Config, ledger: Ledger, hurry: Callable[[], None] = lambda: None) -> None:
        data = config.service.data
        self._config, self._ledger, self._hurry = config, ledger, hurry
        self.captures = data / "captures"
        self.quarantine = Quarantine(data / "uploads")
        self.arrivals = Arrivals(data / "arrivals")
        self._one = Turns(at_once=1, waiting=50, wait_s=WAIT_S, busy="too many captures wait; send it again later")
        self._now: dict[str, Arrival] = {}

    def listed(self) -> list[Arrival]:
        """All that came, the newest first."""
        return [self._as_it_is(a) for a in self.arrivals.listed()]

    def get(self, id: str) -> Arrival | None:
        """One of them."""
        found = self.arrivals.get(id)
        return found and self._as_it_is(found)

    def _as_it_is(self, arrival: Arrival) -> Arrival:
        if arrival.id in self._now:
            return self._now[arrival.id]
        if arrival.state in ("waiting", "reading"):  # whoever read it ended with the program
            return replace(arrival, state="failed", wrong="the console ended before it was read; send it again")
        return arrival

    def capture(self, upload: Upload, by: str) -> Arrival:
        """Begins to read it into the lake; what became of it is told by `get`. Raises StoreError."""
        arrival = self.arrivals.put(_arrival(upload, "capture", by))
        self._now[arrival.id] = arrival
        told = {"name": upload.name, "size": upload.size, "sha256": upload.sha256}
        self._ledger.add(Change("capture.sent", arrival.id, after=told))
        threading.Thread(target=self._read, args=(upload, arrival), name="linewarden-intake", daemon=True).start()
        return arrival

    def _read(self, upload: Upload, arrival: Arrival) -> None:
        try:
            with self._one.turn():
                arrival = self._now[arrival.id] = replace(arrival, state="reading")
                told = self._run(self._capture_of(upload), lambda done: self._tell(arrival, done))
            keep = ("packets", "records", "notices")
            arrival = replace(
                arrival, state="read", done=1.0, problems=tuple(told["problems"]), **{k: told[k] for k in keep}
            )
        except LinewardenError as error:
            arrival = replace(arrival, state="failed", wrong=str(error))
        except Exception as error:  # noqa: BLE001 - whoever sent it is to know
            arrival = replace(arrival, state="failed", wrong=f"unexpected {type(error).__name__}")
        with suppress(LinewardenError, OSError):
            self.quarantine.discard(upload.id)
        with suppress(LinewardenError, OSError):
            self.arrivals.put(arrival)
        self._now.pop(arrival.id, None)
        self._hurry()

    def _tell(self, arrival: Arrival, done: float) -> None:
        self._now[arrival.id] = replace(arrival, done=done)

    def _capture_of(self, upload: Upload) -> dict[str, Any]:
        config = self._config
        return {
            "kind": "capture", "path": str(upload.path), "name": upload.name, "sha256": upload.sha256,
            "captures": str(self.captures), "lake": str(config.lake_folder), "site": config.service.site,
            "without": list(config.detect.without), "rules": _text(config.detect.rules),
            "expected": _text(config.detect.expected),
        }  # fmt: skip

    def names(self, upload: Upload, by: str) -> tuple[Arrival, list[list[str]], list[str]]:
        """Reads a list of names: what is in it, rows and columns. Raises UploadError that says what is wrong where."""
        try:
            told = {"kind": "names", "path": str(upload.path), "name": upload.name}
            found = self._run(told, lambda _: None, NAMES_S)
        finally:
            self.quarantine.discard(upload.id)
        arrival = replace(_arrival(upload, "names", by), state="read", done=1.0, records=len(found["rows"]))
        return arrival, found["rows"], found["columns"]

    def _run(self, told: dict[str, Any], tell: Callable[[float], None], seconds: float | None = None) -> dict[str, Any]:
        """Raises UploadError with what the process says, also where it ends without a word."""
        process = _process(told)
        timer = threading.Timer(seconds or WAIT_S, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                said: dict[str, Any] = json.loads(line)
                if "error" in said:
                    raise UploadError(said["error"])
                if "done" not in said:
                    return said
                tell(float(said["done"]))
            raise UploadError("the process that reads it ended: it needs too much, or too long; send a part of it")
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _process(told: dict[str, Any]) -> subprocess.Popen[bytes]:
    """One that knows nothing of ours: no variables of the service."""
    home = str(Path(linewarden.__file__).parents[1])
    return subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-P", "-m", "linewarden.service.intake.worker", json.dumps(told)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, close_fds=True, start_new_session=True,
        env={"PATH": os.defpath, "PYTHONPATH": home, "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "1",
             "TMPDIR": os.environ.get("TMPDIR", "/tmp")},  # noqa: S108 - the default of all programs
    )  # fmt: skip


def _arrival(upload: Upload, kind: Any, by: str) -> Arrival:
    return Arrival(upload.id, kind, upload.name, upload.size, upload.sha256, by, datetime.now(UTC))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
