"""How the service is: what its threads wrote down last, for health, metrics and whoever asks. Thread-safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linewarden.service.collecting.status import CollectorStatus, SpoolStatus
from linewarden.service.watching import Status

STALE_S = 15.0
"""A sensor tells its status once a second; after so long without, something holds it up."""


@dataclass(frozen=True, slots=True)
class Ill:
    """What is wrong, and where: for a person and for a supervisor."""

    part: str
    text: str


@dataclass(slots=True)
class Board:
    """The last word of each part. `sensors` are the names that are configured."""

    sensors: tuple[str, ...]
    began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _status: dict[str, tuple[float, Status]] = field(default_factory=dict)
    _ill: dict[str, str] = field(default_factory=dict)
    _facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _collectors: dict[str, CollectorStatus] = field(default_factory=dict)
    _spool: SpoolStatus | None = None
    _ready: bool = False

    def sensor(self, name: str, status: Status) -> None:
        """A sensor's status, once a second."""
        with self._lock:
            self._status[name] = (time.monotonic(), status)

    def collector(self, name: str, status: CollectorStatus) -> None:
        """A collector's status, once a second."""
        with self._lock:
            self._collectors[name] = status

    def spool(self, status: SpoolStatus) -> None:
        """What is on its way from collectors to the lake."""
        with self._lock:
            self._spool = status

    def collectors(self) -> tuple[Mapping[str, CollectorStatus], SpoolStatus | None]:
        """The last status of each collector, and of what is on its way; None: there are no collectors."""
        with self._lock:
            return dict(self._collectors), self._spool

    def fact(self, part: str, **facts: Any) -> None:
        """What a part knows of itself, such as bytes of the lake."""
        with self._lock:
            self._facts.setdefault(part, {}).update(facts)

    def ill(self, part: str, text: str) -> None:
        """A part does not do its work; empty: it does again."""
        with self._lock:
            if text:
                self._ill[part] = text
            else:
                self._ill.pop(part, None)

    def ready(self) -> None:
        """Everything has started."""
        with self._lock:
            self._ready = True

    def is_ready(self) -> bool:
        """Whether everything has started, and every sensor has heard its first second."""
        with self._lock:
            return self._ready and all(name in self._status for name in self.sensors)

    def illnesses(self) -> list[Ill]:
        """What is wrong now: nothing if the list is empty."""
        with self._lock:
            found = [Ill(part, text) for part, text in sorted(self._ill.items())]
        return [*found, *self.hangs()]

    def hangs(self) -> list[Ill]:
        """Sensors that hang: only a new start helps those. All other ills pass, or are a person's to mend."""
        now = time.monotonic()
        with self._lock:
            silent = {n: now - (self._status[n][0] if n in self._status else self.began) for n in self.sensors}
        return [Ill(f"sensor {name}", f"no status for {s:.0f} s") for name, s in silent.items() if s > STALE_S]

    def statuses(self) -> Mapping[str, Status]:
        """The last status of each sensor."""
        with self._lock:
            return {name: status for name, (_, status) in self._status.items()}

    def facts(self) -> dict[str, dict[str, Any]]:
        """What the parts know of themselves."""
        with self._lock:
            return {part: dict(facts) for part, facts in self._facts.items()}
