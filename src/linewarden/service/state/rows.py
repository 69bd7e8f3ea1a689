"""What the state gives and takes: plain values. Times are UTC, with their zone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

MOST_TEXT = 4000
MOST_SOURCE = 200
MOST_SEVERITY = 16


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the service said. `id` is made here, so that whoever delivers it twice has said it once."""

    ts: datetime
    severity: str
    source: str
    text: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        """What no database takes would wait in the spool for ever, and what is behind it too."""
        if self.ts.tzinfo is None:
            raise ValueError("the time of an event needs its zone")
        object.__setattr__(self, "ts", self.ts.astimezone(UTC))
        for name, most in (("severity", MOST_SEVERITY), ("source", MOST_SOURCE), ("text", MOST_TEXT), ("id", 64)):
            object.__setattr__(self, name, storable(getattr(self, name), most))

    @classmethod
    def now(cls, severity: str, source: str, text: str) -> Event:
        """An event of this moment."""
        return cls(datetime.now(UTC), severity, source, text)


@dataclass(frozen=True, slots=True)
class ServiceRun:
    """A run of the service. `ended` is None while it runs, and for ever after a kill."""

    id: int
    started: datetime
    ended: datetime | None
    clean: bool
    version: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class JobRun:
    """A turn of a job. `outcome` is `ok` or `failed`; `detail` says what it did, or why not."""

    job: str
    started: datetime
    ended: datetime
    outcome: str
    detail: str


def storable(text: str, most: int) -> str:
    """The text as every database takes it: no NUL, no half of a character, and not endless."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")[:most]
