"""The last of every value, and what of it the broker does not have yet. Memory grows with tags, not with time."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

MOST_TAGS = 200_000
QUALITIES = ("good", "uncertain", "bad")


class Last(NamedTuple):
    """One value. quality: good, uncertain or bad; empty where nobody says it. Times are ns UTC; 0: not said."""

    value: float
    text: str | None
    quality: str
    status: str | None
    source_ts: int
    ts: int


@dataclass(frozen=True, slots=True)
class About:
    """What of a tag goes into each message."""

    topic: str
    source: str
    protocol: str
    tag: str
    ucum: str = ""


class Latest:
    """Thread-safe. A value of which a newer one came before it was published is never published: that is counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._about: dict[str, About] = {}
        self._last: dict[str, Last] = {}
        self._new: dict[str, None] = {}
        self.replaced = self.turned_away = 0

    def put(self, values: Iterable[tuple[About, Last]]) -> None:
        """Newer values. One that is older than what is known, by its own time, changes nothing."""
        with self._lock:
            for about, last in values:
                topic = about.topic
                known = self._last.get(topic)
                if known is None and len(self._last) >= MOST_TAGS:
                    self.turned_away += 1
                    continue
                if known is not None and (last.source_ts or last.ts) < (known.source_ts or known.ts):
                    continue
                self.replaced += topic in self._new
                self._about[topic], self._last[topic] = about, last
                self._new[topic] = None

    def take(self) -> list[tuple[About, Last]]:
        """What is new since the last time, oldest first."""
        with self._lock:
            new, self._new = self._new, {}
            return [(self._about[t], self._last[t]) for t in new]

    def again(self, topics: Iterable[str] | None = None) -> None:
        """These topics (None: all) are new again: the broker may not have them."""
        with self._lock:
            for topic in self._last if topics is None else topics:
                self._new.setdefault(topic)

    def __len__(self) -> int:
        return len(self._last)


def payload(about: About, last: Last) -> bytes:
    """A message: JSON, with the value as number or text, null where there is none; times in UTC, RFC 3339."""
    said: Mapping[str, object] = {
        "value": last.text if last.text is not None else last.value if math.isfinite(last.value) else None,
        "unit": about.ucum or None,
        "quality": last.quality or None,
        "status": last.status,
        "time": _time(last.source_ts or last.ts),
        "received": _time(last.ts),
        "source": about.source,
        "protocol": about.protocol,
        "tag": about.tag,
    }
    told = {k: v for k, v in said.items() if v is not None or k == "value"}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _time(ns: int) -> str:
    when = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{ns % 1_000_000_000 // 1_000_000:03d}Z"
