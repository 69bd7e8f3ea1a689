"""Can a flood of rare, rich messages slow the reading of everything else?

Reads Modbus polling alone, then the same with one rich message, each unlike the others, after every packet, and
compares the time per packet. The goal is at most twice. Ends with 1 if it was missed.

usage: python benchmarks/flood.py [--packets 500000] [--rounds 3] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import flood_capture, measure, rule, tools  # noqa: E402
from _speed.rule import FOLDER  # noqa: E402

GOAL = 2.0


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    rule.add_data(parser, "not needed: captures are made here")
    parser.add_argument("--packets", type=int, default=500_000, help="Modbus packets; the flood has as many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--linewarden", default=tools.default_program())
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    cost = {False: [], True: []}  # type: dict[bool, list[float]]
    packets, peak = {}, 0.0
    paths = {flooded: FOLDER / f"flood-{args.packets}-{'with' if flooded else 'without'}.pcap" for flooded in cost}
    for flooded, path in paths.items():
        packets[flooded] = flood_capture.write(path, args.packets, flooded)
    print(f"{'flood':>8} {'wall s':>8} {'us/packet':>10} {'peak MB':>8}  rows")
    for _ in range(args.rounds):
        for flooded, path in paths.items():
            run, rows = read(args.linewarden, path)
            cost[flooded].append(run.wall_s / packets[flooded] * 1e6)
            peak = max(peak, run.peak_mb)
            told = ", ".join(f"{name} {count:,}" for name, count in sorted(rows.items()) if name != "bytes")
            name = "with" if flooded else "without"
            print(f"{name:>8} {run.wall_s:>8.2f} {cost[flooded][-1]:>10.2f} {run.peak_mb:>8.0f}  {told}", flush=True)
    for path in paths.values():
        path.unlink()
    without, with_flood = (statistics.median(cost[flooded]) for flooded in (False, True))
    figure = (
        f"{with_flood:.2f} us a packet with, {without:.2f} us without: {with_flood / without:.2f}x (goal {GOAL:g}x)"
    )
    return rule.verdict("flood", [rule.Goal(figure, with_flood / without <= GOAL)], [f"peak {peak:.0f} MB"])


def read(linewarden: str, capture: Path) -> tuple[measure.Run, dict[str, int]]:
    """One run over a capture that is in memory, and the rows that it wrote."""
    out = FOLDER / "run"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    measure.warm(capture)
    us = tools.ours(linewarden)
    try:
        run = measure.run(us.command(capture, out), FOLDER / "log.txt", 600)
        return run, us.count(out)
    finally:
        shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
