"""What do the detections say to captures with attacks, and to those without?

Over a folder of captures with MANIFEST.tsv (rows that begin with ATTACK show one) and EXPECTED.tsv (what must be said):
for each attack what fired, and whether a technique that was expected is among it; for each other capture the
notices of weight high and above. Those that rightly fire there stand in benchmarks/expected_notices.tsv with frame and
reason; any other is false. Goals: every expected attack told, at most one false notice.

usage: python benchmarks/detection.py [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed.rule import Goal, add_data, verdict  # noqa: E402

from linewarden.detections.run import Told  # noqa: E402
from linewarden.service.detecting import Found, chosen, detect  # noqa: E402

MOST_FALSE = 1
LONGEST_H = 24.0
"""Hours of one capture that count: some were put together of recordings of different years."""
WEIGHTY = ("critical", "high")


def rows(file: Path) -> Iterator[dict[str, str]]:
    """Of a table with tabs between."""
    with file.open(newline="", encoding="utf-8") as table:
        yield from csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "the folder `captures` with MANIFEST.tsv and EXPECTED.tsv")
    folder = parser.parse_args().data / "captures"
    if not (folder / "MANIFEST.tsv").exists():
        print(f"detection: not measured: {folder} has no MANIFEST.tsv")
        return 2
    attacks = {r["file"] for r in rows(folder / "MANIFEST.tsv") if r["shows"].startswith("ATTACK")}
    expected = {r["file"]: set(r["attack_v18.1"].replace(" (Enterprise)", "").split(",")) for r in expectations(folder)}
    right = {(r["capture"], r["note"]) for r in rows(HERE / "expected_notices.tsv")}
    return judged(folder, sorted(r["file"] for r in rows(folder / "MANIFEST.tsv")), attacks, expected, right)


def expectations(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of EXPECTED.tsv, if it is there."""
    if (folder / "EXPECTED.tsv").exists():
        yield from rows(folder / "EXPECTED.tsv")


def judged(
    folder: Path, files: list[str], attacks: set[str], expected: dict[str, set[str]], right: set[tuple[str, str]]
) -> int:
    """Prints the tables and the verdict."""
    detections, told, false, missed, quiet = chosen(), 0, [], [], 0
    others = Others()
    for name in files:
        found_here = detect([str(folder / name)], detections)
        notices = [t for t in found_here.notices if not t.notice.expected]
        if name in expected or name in attacks:
            found = {x for t in notices for x in t.notice.techniques.split()}
            wanted = expected.get(name, set())
            hit = bool(found & wanted) if wanted else bool(notices)
            told += hit
            missed += [] if hit else [name]
            print(f"{'told' if hit else 'MISSED':7} {name}: {said(notices) or 'nothing'}", flush=True)
            print(f"        expected {' '.join(sorted(wanted)) or 'something'}; not said: "
                  f"{' '.join(sorted(wanted - found)) or 'none'}")  # fmt: skip
            continue
        others.take(found_here)
        weighty = [t for t in notices if t.notice.severity in WEIGHTY]
        wrong = [t for t in weighty if (name, t.notice.note) not in right]
        false += [(name, t) for t in wrong]
        quiet += not weighty
        if weighty:
            print(f"{'FALSE' if wrong else 'right':7} {name}: {said(weighty)}", flush=True)
    everything = told + len(missed)
    print(others)
    return verdict(
        "detection",
        [
            Goal(f"{told} of {everything} attacks told", not missed),
            Goal(f"{len(false)} false notices of weight high and above (goal {MOST_FALSE})", len(false) <= MOST_FALSE),
        ],
        [f"{quiet} of {len(files) - everything} other captures without any"],
    )


@dataclass(slots=True)
class Others:
    """What was told of captures without an attack, by weight, in how many hours and of how many devices."""

    hours: float = 0.0
    devices: int = 0
    weights: Counter[str] = field(default_factory=Counter)

    def take(self, found: Found) -> None:
        """One capture."""
        assets = found.plant.assets
        if assets:
            span = (max(a.last_seen for a in assets) - min(a.first_seen for a in assets)) / 3.6e12
            self.hours += min(span, LONGEST_H)
        self.devices += len(assets)
        self.weights.update(t.notice.severity for t in found.notices if not t.notice.again)

    def __str__(self) -> str:
        counts = [(w, self.weights[w]) for w in ("critical", "high", "medium", "low", "info")]
        each = ", ".join(f"{n} {w} ({n / self.hours:.2f} an hour, {n / self.devices:.3f} a device)" for w, n in counts)
        return f"without attack: {self.hours:.1f} hours, {self.devices:,} devices: {each}"


def said(notices: list[Told]) -> str:
    """Each kind once, with its weight, how often, and the first packet."""
    kinds: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for t in notices:
        kinds[t.notice.note, t.notice.severity].append(t)
    return ", ".join(f"{note} ({severity}, {len(ts)}x, frame {ts[0].frame})" for (note, severity), ts in kinds.items())


if __name__ == "__main__":
    sys.exit(main())
