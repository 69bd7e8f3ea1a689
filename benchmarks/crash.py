"""What does a kill, a full disk or a lost database cost? `linewarden serve` under load, killed again and again.

A write to a controller comes in several hundred times a second, each with a number of its own, while the lake is merged
every second. What a reader saw in the lake before the kill was acknowledged as written: afterwards each of it must be
there, once; and no reader may ever see a file that is half written. Three tables: kills at random moments; the same
while the disk is full now and then; the same while PostgreSQL goes away and comes back, where what the service says of
itself counts too.

usage: python benchmarks/crash.py [--data ../shared/data] [--kills 50] [--full 10] [--lost 10] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _crash import full_disk, kills, lost_database  # noqa: E402
from _crash.place import lay_cable, nothing_left  # noqa: E402
from _crash.rounds import Round  # noqa: E402

GOAL_START_S = 5.0


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="not needed: frames are made here")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--full", type=int, default=10, help="kills while the disk is full now and then")
    parser.add_argument("--lost", type=int, default=10, help="kills while PostgreSQL goes away and comes back")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the moments")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "unshare", "mount"))):
        print("crash: not measured: needs root and the programs ip, unshare and mount")
        return 2
    if not args.inside:  # network and mounts of its own, which end with it
        again = [sys.executable, __file__, *sys.argv[1:], "--inside", "--seed", str(args.seed)]
        return subprocess.run(["unshare", "--net", "--mount", "--", *again], check=False).returncode
    lay_cable()
    with nothing_left(), tempfile.TemporaryDirectory(prefix="linewarden-crash-") as place:
        return tables(Path(place), args)


def tables(place: Path, args: argparse.Namespace) -> int:
    """Prints the tables and says whether the goals hold."""
    rng = random.Random(args.seed)
    rounds: list[Round] = []
    acknowledged = 0
    for title, run, count in (
        ("killed at random moments", kills.rounds, args.kills),
        ("killed, with the disk full now and then", full_disk.rounds, args.full),
        ("killed, with PostgreSQL going away and coming back", lost_database.rounds, args.lost),
    ):
        if not count:
            continue
        folder = place / run.__module__.rpartition(".")[2]
        folder.mkdir()
        print(f"\n{title} ({count} times, seed {args.seed})\n{Round.HEAD}", flush=True)
        for one in run(folder, count, rng):
            rounds.append(one)
            print(one, flush=True)
        acknowledged += max(r.acknowledged for r in rounds[-count:])  # a round's are those of all before it, too
    starts = [r.start_s for r in rounds if r.number]
    slowest = max(starts)
    lost, doubled, half = (sum(getattr(r, what) for r in rounds) for what in ("lost", "doubled", "half"))
    holds = not (lost or doubled or half) and slowest < GOAL_START_S
    print(
        f"\ncrash: {len(starts)} kills, {acknowledged:,} records acknowledged, {lost} lost, "
        f"{doubled} doubled, {half} half files seen; start median {statistics.median(starts):.1f} s, "
        f"slowest {slowest:.1f} s (goal {GOAL_START_S:g} s): {'holds' if holds else 'MISSED'}"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
