"""What a set is, and what all of them share: point scores, and the rows that any detector must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _speed.rule import Goal

Flags = npt.NDArray[np.bool_]
SEED = 7


@dataclass(frozen=True)
class Table:
    """What a set prints: a heading, columns, rows, notes below, and goals."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    also: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Set:
    """name: for `--set`. needs: patterns of files below `process/`; where one has none, the set is not measured.
    measure: that folder -> its table."""

    name: str
    needs: Sequence[str]
    measure: Callable[[Path], Table]


def printed(table: Table) -> None:
    """As Markdown, so that docs/benchmarks.md can take it over."""
    print(f"\n### {table.heading}\n")
    widths = [max(len(str(r[k])) for r in [table.columns, *table.rows]) for k in range(len(table.columns))]
    for row in [table.columns, ["-" * w for w in widths], *table.rows]:
        print("| " + " | ".join(str(c).ljust(w) for c, w in zip(row, widths, strict=True)) + " |")
    for note in table.notes:
        print(f"\n{note}")


@dataclass(frozen=True)
class Points:
    """Counts over pooled points."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, truth: Sequence[Flags], told: Sequence[Flags]) -> Points:
        y, p = np.concatenate(truth), np.concatenate(told)
        return cls(int((y & p).sum()), int((~y & p).sum()), int((y & ~p).sum()), int((~y & ~p).sum()))

    @property
    def f1(self) -> float:
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)

    @property
    def false_alarms(self) -> float:
        """FP / (FP + TN)."""
        return self.fp / max(self.fp + self.tn, 1)

    @property
    def missed(self) -> float:
        """FN / (FN + TP)."""
        return self.fn / max(self.fn + self.tp, 1)


def at_random(rate: float, length: int, seed: int = SEED) -> Flags:
    """Alarms at random, of a share `rate`."""
    return np.asarray(np.random.default_rng(seed).random(length) < rate)
