"""What was sent, by whom, and what became of it: a small file each, in a folder of the service's data."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from linewarden.errors import StoreError
from linewarden.service.files import reserve

MOST = 500
State = Literal["waiting", "reading", "read", "failed"]
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file. `name`: as its sender calls it; `size` in bytes; `wrong`: why it failed, in a line.

    Of a capture that was read: its `packets`, `records` and `notices`; of names: `records` is how many there are.
    """

    id: str
    kind: Literal["capture", "names"]
    name: str
    size: int
    sha256: str
    by: str
    came: datetime
    state: State = "waiting"
    done: float = 0.0
    """How much was read, 0..1."""
    wrong: str = ""
    packets: int = 0
    records: int = 0
    notices: int = 0
    problems: tuple[str, ...] = ()
    """What could not be read of it."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A folder of them; the newest MOST stay."""

    folder: Path

    def put(self, arrival: Arrival) -> Arrival:
        """Writes one down. Raises StoreError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be made ({error.strerror or error})") from error
        with reserve(self.folder / f"{arrival.id}.json") as file:
            file.write(json.dumps(asdict(arrival) | {"came": arrival.came.isoformat()}, ensure_ascii=False))
        return arrival

    def listed(self) -> list[Arrival]:
        """All, the newest first; older ones than MOST are forgotten."""
        found = [a for f in self.folder.glob("*.json") if (a := _read(f)) is not None] if self.folder.is_dir() else []
        found.sort(key=lambda a: (a.came, a.id), reverse=True)
        for old in found[MOST:]:
            (self.folder / f"{old.id}.json").unlink(missing_ok=True)
        return found[:MOST]

    def get(self, id: str) -> Arrival | None:
        """The one of this id."""
        return _read(self.folder / f"{id}.json") if _ID.fullmatch(id) else None


def _read(file: Path) -> Arrival | None:
    """None for what is none of ours, or went meanwhile."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = json.loads(file.read_text("utf-8"))
        came = datetime.fromisoformat(told["came"])
        return Arrival(**told | {"came": came, "problems": tuple(told["problems"])})
    return None
