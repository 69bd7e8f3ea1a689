"""What a person may say of the analytics of process values. Frozen, with units and defaults; imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec

PACKAGES = ("numpy", "scipy", "threadpoolctl")
DEFAULT_DETECTORS = ("settings", "levels", "together")
MINUTE, HOUR = 60.0, 3600.0
KNOWN_BY_WORDS = 0.1
"""Share of its time of learning that a machine must have behind it, for something odd to be told that no deed and no
announced work explains: a notice alone, as what sways after a start is not laid to its charge."""


def lacking() -> str:
    """What must be installed first, in a line; empty where all is there."""
    gone = [name for name in PACKAGES if find_spec(name) is None]
    return f"{', '.join(gone)} is not installed; pip install 'linewarden[analytics]'" if gone else ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a machine is judged. seconds: of a row. hints: lines as in `analytics/hints.py`. learn_hours: of its values
    until it is known; first_minutes: until it is judged at all, with little confidence."""

    seconds: float = 1.0
    hints: tuple[str, ...] = ()
    learn_hours: float = 24.0
    first_minutes: float = 10.0
    detectors: tuple[str, ...] = DEFAULT_DETECTORS

    @property
    def first_rows(self) -> int:
        """Rows after which it is judged first."""
        return max(round(self.first_minutes * MINUTE / self.seconds), 120)

    @property
    def learn_rows(self) -> int:
        """Rows after which nothing more is learned by itself."""
        return max(round(self.learn_hours * HOUR / self.seconds), self.first_rows)


@dataclass(frozen=True, slots=True)
class Group:
    """Tags that belong to one machine: those whose `SOURCE/TAG` fits one of the patterns (`*`, `?`)."""

    name: str
    tags: tuple[str, ...]
    wanted: Wanted = Wanted()

    def takes(self, tag: str) -> bool:
        """Whether this tag is of it."""
        return any(fnmatchcase(tag, pattern) for pattern in self.tags)


@dataclass(frozen=True, slots=True)
class Analytics:
    """All of it. most_tags: that are looked at; what is beyond is counted. before_s: for so long before something odd
    the network is asked for a reason."""

    machines: tuple[Group, ...] = ()
    wanted: Wanted = Wanted()
    most_tags: int = 50_000
    before_s: float = 900.0

    def machine_of(self, source: str, tag: str) -> tuple[str, Wanted]:
        """Name of the machine of a tag, and how it is judged. Without a group it is the device."""
        for group in self.machines:
            if group.takes(tag):
                return group.name, group.wanted
        return source, self.wanted
