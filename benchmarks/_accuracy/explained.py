"""Differences in which tshark is wrong, each looked at: benchmarks/explained.tsv.

Columns: file, field, pair, value, truth, ours, reason. `*` for pair or value stands for all of a file's and field's
differences that no line before named; truth and ours are then their sums. A line counts only while its numbers are
exactly those that are seen: when we change, it must be looked at again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .model import Difference

COLUMNS = ("file", "field", "pair", "value", "truth", "ours", "reason")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line of the file."""

    file: str
    field: str
    pair: str
    value: str
    truth: int
    ours: int
    reason: str

    def fits(self, d: Difference) -> bool:
        """Whether it speaks of this difference, numbers aside."""
        return (
            (self.file, self.field) == (d.file, d.field) and self.pair in ("*", d.pair) and self.value in ("*", d.value)
        )


def load(path: Path) -> list[Explanation]:
    """The lines of the file; none if it is not there. Raises ValueError for a line that cannot be read."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader((line for line in file if not line.startswith("#")), delimiter="\t")
        header, *rows = list(lines)
    if tuple(header) != COLUMNS:
        raise ValueError(f"{path}: columns must be {', '.join(COLUMNS)}")
    return [Explanation(r[0], r[1], r[2], r[3], int(r[4]), int(r[5]), r[6]) for r in rows if r]


def explain(
    differences: Sequence[Difference], known: Iterable[Explanation]
) -> tuple[list[Difference], list[Explanation]]:
    """The differences, with the reason where a line explains them; and the lines that explain nothing (any more).

    Pairs and directions of the same field are told apart by the name of the pair.
    """
    out = list(differences)
    stale = []
    for e in known:
        places = [i for i, d in enumerate(out) if not d.reason and e.fits(d) and _same_kind(e, d)]
        sums = (sum(out[i].truth for i in places), sum(out[i].ours for i in places))
        if places and sums == (e.truth, e.ours):
            for i in places:
                out[i] = replace(out[i], reason=e.reason)
        else:
            stale.append(e)
    return _by_direction(out), stale


def _by_direction(differences: list[Difference]) -> list[Difference]:
    """What a pair's difference explains, it explains by direction too, as long as no more is wrong there."""
    pairs: dict[tuple[str, str, str], list[Difference]] = {}
    sides: dict[tuple[str, str, str], list[int]] = {}
    for i, d in enumerate(differences):
        what = (d.file, d.field, d.value)
        if d.kind == "pair":
            pairs.setdefault(what, []).append(d)
        elif d.kind == "direction" and not d.reason:
            sides.setdefault(what, []).append(i)
    for what, places in sides.items():
        same = pairs.get(what, [])
        wrong = sum(abs(d.truth - d.ours) for d in same)
        if same and all(d.reason for d in same) and _wrong(differences, places) <= wrong:
            for i in places:
                differences[i] = replace(differences[i], reason=same[0].reason)
    return differences


def _wrong(differences: Sequence[Difference], places: Iterable[int]) -> int:
    return sum(abs(differences[i].truth - differences[i].ours) for i in places)


def _same_kind(e: Explanation, d: Difference) -> bool:
    """A star for the pair means pairs; directions are named."""
    return d.kind != "direction" or e.pair in ("to_server", "from_server", "other")
