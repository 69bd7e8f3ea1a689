"""What the scorer speaks of: differences, scores of a file, tallies of a protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

Counts = dict[str, Counter[tuple[str, str]]]
"""field -> Counter of (pair "src>dst" or direction, value)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number on which truth and we differ. `kind`: packets, pair, direction, identity, binding, error."""

    file: str
    kind: str
    protocol: str
    field: str
    pair: str
    value: str
    truth: int
    ours: int
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What an explanation names."""
        return (self.file, self.field, self.pair, self.value)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """Sums of one protocol (or of identities, bindings) over files."""

    truth: int = 0
    ours: int = 0
    wrong: int = 0
    explained: int = 0
    files: set[str] = field(default_factory=set)

    @property
    def right(self) -> float:
        """Per cent right, as counted; 100 where there is nothing to count."""
        return 100.0 * (1 - self.wrong / self.truth) if self.truth else (0.0 if self.wrong else 100.0)

    @property
    def right_explained(self) -> float:
        """Per cent right when the differences that are explained do not count."""
        left = self.wrong - self.explained
        return 100.0 * (1 - left / self.truth) if self.truth else (0.0 if left else 100.0)

    def add(self, other: Tally) -> None:
        """Adds another tally."""
        self.truth += other.truth
        self.ours += other.ours
        self.wrong += other.wrong
        self.explained += other.explained
        self.files |= other.files


@dataclass(slots=True)
class FileScore:
    """All that is known of one capture."""

    file: str
    packets: tuple[int, int] = (0, 0)
    truncated: tuple[int, int] = (0, 0)
    pairs: dict[str, Tally] = field(default_factory=dict)
    directions: dict[str, Tally] = field(default_factory=dict)
    identities: dict[str, Tally] = field(default_factory=dict)
    bindings: Tally = field(default_factory=Tally)
    extra_bindings: list[tuple[str, str]] = field(default_factory=list)
    points: int = 0
    differences: list[Difference] = field(default_factory=list)
    zeek: list[tuple[str, str, int, int]] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
