"""Can a flood of rare, rich messages slow the reading of everything else?

Reads Modbus polling alone, then the same polling with rich messages, each unlike all others, as a tenth and as half of
all packets, and compares the cost per packet. The goal is at most twice, by CPU time: that is what the flood takes
from the rest, and a busy machine does not distort it; and a peak of 400 MB, whatever the number of packets. Ends with 1
if one was missed.

usage: python benchmarks/flood.py [--packets 500000] [--rounds 3] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import flood_capture, measure, rule, tools  # noqa: E402
from _speed.rule import FOLDER  # noqa: E402

GOAL = 2.0
GOAL_MB = 400.0
SHARES = (0.0, 0.1, 0.5)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    rule.add_data(parser, "not needed: captures are made here")
    parser.add_argument("--packets", type=int, default=500_000, help="Modbus packets; the flood comes beside them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--linewarden", default=tools.default_program())
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    paths = {share: FOLDER / f"flood-{args.packets}-{share:.0%}.pcap" for share in SHARES}
    packets = {share: flood_capture.write(path, args.packets, share) for share, path in paths.items()}
    runs: dict[float, list[measure.Run]] = {share: [] for share in SHARES}
    print(f"{'flood':>6} {'CPU s':>8} {'wall s':>8} {'CPU us/packet':>14} {'peak MB':>8}  rows")
    for _ in range(args.rounds):
        for share, path in paths.items():
            run, rows = read(args.linewarden, path)
            runs[share].append(run)
            told = ", ".join(f"{name} {count:,}" for name, count in sorted(rows.items()) if name != "bytes")
            cost = run.cpu_s / packets[share] * 1e6
            print(
                f"{share:>6.0%} {run.cpu_s:>8.2f} {run.wall_s:>8.2f} {cost:>14.2f} {run.peak_mb:>8.0f}  {told}",
                flush=True,
            )
    for path in paths.values():
        path.unlink()
    peak = max(run.peak_mb for some in runs.values() for run in some)
    goals = [goal(share, runs, packets) for share in SHARES[1:]]
    goals.append(rule.Goal(f"peak {peak:.0f} MB (goal {GOAL_MB:.0f})", peak <= GOAL_MB))
    return rule.verdict("flood", goals, [])


def goal(share: float, runs: dict[float, list[measure.Run]], packets: dict[float, int]) -> rule.Goal:
    """The cost of a packet with this share of rich ones, beside that of polling alone: medians."""

    def cost(of: float, seconds: Callable[[measure.Run], float]) -> float:
        return statistics.median(seconds(run) for run in runs[of]) / packets[of] * 1e6

    def cpu(run: measure.Run) -> float:
        return run.cpu_s

    def wall(run: measure.Run) -> float:
        return run.wall_s

    ratio = cost(share, cpu) / cost(0.0, cpu)
    figure = (
        f"{share:.0%} rich: {cost(share, cpu):.2f} us of CPU a packet, {cost(0.0, cpu):.2f} without: {ratio:.2f}x "
        f"(goal {GOAL:g}x; by the clock {cost(share, wall) / cost(0.0, wall):.2f}x)"
    )
    return rule.Goal(figure, ratio <= GOAL)


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
