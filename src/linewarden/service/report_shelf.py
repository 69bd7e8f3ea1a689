"""Reports that were made: a file each, and beside it what it is, in the folder `reports` of the service's data.

The newest MOST of the last DAYS are kept. A report that is being made has its description already, so that others see
that it comes; one whose maker ended with the program is told as failed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linewarden.errors import StoreError

MOST = 200
DAYS = 400
PATIENCE = timedelta(minutes=30)
_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A report. `zone`: empty for the whole site; `state`: making, made, failed (and then `wrong` says why)."""

    kind: str
    format: str
    zone: str
    by: str
    made: datetime
    id: str = ""
    state: str = "making"
    wrong: str = ""
    size: int = 0

    @property
    def name(self) -> str:
        """Of its file, for who takes it away."""
        where = f"-{re.sub(r'[^A-Za-z0-9]+', '-', self.zone).strip('-')}" if self.zone else ""
        return f"linewarden-{self.kind}{where}-{self.made:%Y%m%d-%H%M}.{self.format}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of them. Every method raises StoreError where the folder cannot be used."""

    folder: Path

    def begin(self, report: Kept) -> Kept:
        """Says that it is being made; the oldest go."""
        with _said(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            found = replace(report, id=secrets.token_hex(12))
            self._tell(found)
            self._prune()
        return found

    def put(self, report: Kept, content: bytes) -> Kept:
        """It is made."""
        with _said(self.folder):
            self._write(f"{report.id}.{report.format}", content)
            found = replace(report, state="made", size=len(content))
            self._tell(found)
        return found

    def fail(self, report: Kept, why: str) -> None:
        """It could not be made."""
        with _said(self.folder):
            self._tell(replace(report, state="failed", wrong=why[:1000]))

    def listed(self) -> list[Kept]:
        """All, the newest first."""
        with _said(self.folder):
            found = [self._read(f) for f in self.folder.glob("*.json")] if self.folder.is_dir() else []
        return sorted((r for r in found if r is not None), key=lambda r: (r.made, r.id), reverse=True)

    def get(self, id: str) -> Kept | None:
        """The one of this id."""
        return self._read(self.folder / f"{id}.json") if _ID.fullmatch(id) else None

    def content(self, report: Kept) -> bytes:
        """Its file."""
        with _said(self.folder):
            return (self.folder / f"{report.id}.{report.format}").read_bytes()

    def remove(self, report: Kept) -> None:
        """Forgets it."""
        with _said(self.folder):
            for ending in (report.format, "json"):
                (self.folder / f"{report.id}.{ending}").unlink(missing_ok=True)

    def _prune(self) -> None:
        too_old = datetime.now(UTC) - timedelta(days=DAYS)
        for place, report in enumerate(self.listed()):
            if place >= MOST or report.made < too_old:
                self.remove(report)

    def _tell(self, report: Kept) -> None:
        told = asdict(report) | {"made": report.made.isoformat()}
        self._write(f"{report.id}.json", json.dumps(told, ensure_ascii=False).encode())

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all; for the service alone (mode 0600)."""
        handle, place = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(place).replace(self.folder / name)
        except BaseException:
            with suppress(OSError):
                Path(place).unlink()
            raise

    def _read(self, file: Path) -> Kept | None:
        """None for what is no description of ours, or went meanwhile."""
        try:
            told = json.loads(file.read_text("utf-8"))
            found = Kept(**told | {"made": datetime.fromisoformat(told["made"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if found.state == "making" and datetime.now(UTC) - found.made > PATIENCE:
            return replace(found, state="failed", wrong="it was not finished; make it again")
        return found


class _said:  # noqa: N801 - reads as a word in a with statement
    """Errors of the folder as a StoreError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise StoreError(f"{self._folder}: cannot be used ({error.strerror or error})") from error
