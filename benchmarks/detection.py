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
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed.rule import Goal, add_data, verdict  # noqa: E402

from linewarden.detections.run import Told  # noqa: E402
from linewarden.service.detecting import chosen, detect  # noqa: E402

MOST_FALSE = 1
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
    for name in files:
        notices = [t for t in detect([str(folder / name)], detections).notices if not t.notice.expected]
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
        weighty = [t for t in notices if t.notice.severity in WEIGHTY]
        wrong = [t for t in weighty if (name, t.notice.note) not in right]
        false += [(name, t) for t in wrong]
        quiet += not weighty
        if weighty:
            print(f"{'FALSE' if wrong else 'right':7} {name}: {said(weighty)}", flush=True)
    everything = told + len(missed)
    return verdict(
        "detection",
        [
            Goal(f"{told} of {everything} attacks told", not missed),
            Goal(f"{len(false)} false notices of weight high and above (goal {MOST_FALSE})", len(false) <= MOST_FALSE),
        ],
        [f"{quiet} of {len(files) - everything} other captures without any"],
    )


def said(notices: list[Told]) -> str:
    """Each kind once, with its weight, how often, and the first packet."""
    kinds: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for t in notices:
        kinds[t.notice.note, t.notice.severity].append(t)
    return ", ".join(f"{note} ({severity}, {len(ts)}x, frame {ts[0].frame})" for (note, severity), ts in kinds.items())


if __name__ == "__main__":
    sys.exit(main())
