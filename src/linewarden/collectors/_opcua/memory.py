"""What is remembered over a restart of ours: the subscription at the server, and the last value of each variable."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from linewarden.collectors._opcua.past import Gap
from linewarden.collectors._opcua.pki import replace
from linewarden.collectors._opcua.values import Point


@dataclass
class Memory:
    """subscription: its number at the server, 0 for none. started: when that server was. sequence: of the last message
    that is safe with us.

    nodes: name and node id, in the order of the client handles. last: name -> stamp in ns UTC, and value. gaps: what
    was missed and not yet read from history: name, and stamp and value of its two ends.
    """

    endpoint: str = ""
    subscription: int = 0
    started: str = ""
    sequence: int = 0
    interval_ms: float = 0.0
    keepalive_s: float = 0.0
    nodes: list[list[str]] = field(default_factory=list)
    last: dict[str, list[Any]] = field(default_factory=dict)
    gaps: list[list[Any]] = field(default_factory=list)

    def restore(self, points: list[Point]) -> None:
        """Gives points what was last had of them."""
        for point in points:
            if point.stamp is None and (kept := self.last.get(point.name)):
                point.stamp, point.value = kept

    def open_gaps(self, points: list[Point]) -> list[Gap]:
        """Gaps that were left, once."""
        named = {p.name: p for p in points}
        found = [Gap(named[name], *ends) for name, *ends in self.gaps if name in named and len(ends) == 4]
        self.gaps = []
        return found

    def note(self, points: list[Point], gaps: list[Gap]) -> None:
        """Takes down what points have and lack; those of earlier that are not among them are forgotten."""
        self.gaps = [[g.point.name, g.since, _plain(g.since_value), g.until, _plain(g.until_value)] for g in gaps]
        self.nodes = [[p.name, p.node] for p in points]
        self.last = {p.name: [p.stamp, _plain(p.value)] for p in points if p.stamp is not None}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | None) else repr(value)


def load(path: Path | None, endpoint: str) -> Memory:
    """What the file holds; nothing where there is none, it is damaged, or of another endpoint."""
    fresh = Memory(endpoint)
    if path is None:
        return fresh
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = Memory(**json.loads(path.read_bytes()))
        if kept.endpoint == endpoint and all(len(v) == 2 for v in [*kept.nodes, *kept.last.values()]):
            return kept
    return fresh


def save(path: Path | None, memory: Memory) -> None:
    """Writes it whole or not at all. Raises OSError."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps(asdict(memory)).encode())
