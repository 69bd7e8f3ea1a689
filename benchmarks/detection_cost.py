"""What do all detections cost, and what do they remember under a flood of made-up addresses?

Reads captures of real traffic and of dense OT polling into a lake, without judging (`read --out`), with all detections
(`detect --no-analytics --out`) and with the process values judged, too (`detect --out`), in turn, as whole processes;
the goal is that the detections lose at most 30 % of the throughput. Process values are judged by the analytics, whose
goals are those of `analytics.py`; what they add is printed. Then conversations and commands with ever new addresses and
uids go through all detections: their memory must end somewhere.

Fixed costs weigh more on short captures, so two sizes are measured.

usage: python benchmarks/detection_cost.py [--packets 1500000 6000000] [--rounds 9] [--flood 400000]
       [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import measure, tools  # noqa: E402
from _speed.captures import Made, Maker  # noqa: E402
from _speed.rule import FOLDER, Goal, add_data, verdict  # noqa: E402

from linewarden.service.detecting import chosen  # noqa: E402
from linewarden.service.judging import Judge  # noqa: E402

GOAL = 0.7
"""Of the throughput without detections."""
GROWTH_MB = 8.0
"""That memory may still grow in the last third of the flood."""
BATCH = 20_000
RUNS = {"read": ("read",), "detections": ("detect", "--no-analytics"), "and values": ("detect",)}
"""What is compared: words of the command."""


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "captures, with the scripts beside it that make large ones of them")
    parser.add_argument(
        "--packets", type=int, nargs="+", default=[1_500_000, 6_000_000], help="packets of each capture, some sizes"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--flood", type=int, default=400_000, help="conversations of the flood")
    parser.add_argument("--linewarden", default=tools.default_program())
    args = parser.parse_args()
    if args.flood < 3 * BATCH:
        parser.error(f"--flood: at least {3 * BATCH:,}, else there is no last third in which memory could grow")
    if not (args.data.parent / "make_ot_capture.py").exists():
        print(f"detection_cost: not measured: {args.data.parent} has no make_ot_capture.py")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    tools.compile_files(args.linewarden)
    maker = Maker(args.data, FOLDER)
    captures = [make(packets) for packets in args.packets for make in (maker.dense, maker.real)]
    goals = [goal for made in captures for goal in cost(args.linewarden, made, args.rounds)]
    return verdict("detection_cost", [*goals, flood(args.flood)])


def cost(linewarden: str, made: Made, rounds: int) -> list[Goal]:
    """Throughput with and without, by turns."""
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    measure.warm(made.path)
    print(f"{made.kind}: {made.packets:,} packets\n{'':>10} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'Mpps':>6}")
    for _ in range(rounds):
        for name, words in RUNS.items():
            run = _run(linewarden, words, made.path)
            seconds[name].append(run.wall_s)
            rate = made.packets / run.wall_s / 1e6
            print(f"{name:>10} {run.wall_s:>8.2f} {run.cpu_s:>8.2f} {run.peak_mb:>8.0f} {rate:>6.2f}", flush=True)
    # Each against the `read` just before it: a shared machine gets slower and faster from minute to minute.
    ratios = {name: [r / s for r, s in zip(seconds["read"], seconds[name], strict=True)] for name in RUNS}
    left = {name: statistics.median(of) for name, of in ratios.items()}
    print(f"rounds: {', '.join(f'{r:.0%}' for r in sorted(ratios['detections']))} of the throughput is left")
    what = (
        f"{made.kind}, {made.packets:,} packets: {left['detections']:.0%} of the throughput is left (goal {GOAL:.0%})"
    )
    return [Goal(f"{what}; with process values {left['and values']:.0%} (no goal)", left["detections"] >= GOAL)]


def _run(linewarden: str, command: tuple[str, ...], capture: Path) -> measure.Run:
    out = FOLDER / "run"
    shutil.rmtree(out, ignore_errors=True)
    try:
        words = [linewarden, *command, str(capture), "--out", str(out), "--no-progress", "--json"]
        return measure.run(words, FOLDER / "log.txt", 900)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def flood(conversations: int) -> Goal:
    """Memory of Python while every row names somebody new."""
    judge = Judge(chosen())
    tracemalloc.start()
    sizes = []
    print(f"flood of {conversations:,} conversations and as many commands, each of another pair\n{'rows':>9} {'MB':>7}")
    for done, (conns, commands) in enumerate(_made_up(conversations), 1):
        judge.add("conn", conns)
        judge.add("command", commands)
        sizes.append(tracemalloc.get_traced_memory()[0] / 1e6)
        print(f"{done * BATCH:>9,} {sizes[-1]:>7.1f}", flush=True)
    tracemalloc.stop()
    growth = sizes[-1] - sizes[len(sizes) * 2 // 3 - 1]
    return Goal(
        f"flood: {sizes[-1]:.0f} MB, {growth:+.1f} MB in its last third (goal {GROWTH_MB:g})", growth <= GROWTH_MB
    )


def _made_up(conversations: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Rows as a sensor would write them, of addresses that never come twice."""
    empty = _empty("conn"), _empty("command")
    for first in range(0, conversations, BATCH):
        number = pl.int_range(first, first + BATCH, eager=True)
        who = pl.Series([f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in number])
        base = pl.DataFrame(
            {
                "ts": (number * 1_000_000).cast(pl.Datetime("ns", "UTC")),
                "uid": "C" + number.cast(pl.String),
                "id.orig_h": who,
                "id.resp_h": "172" + who.str.slice(2),
            }
        )
        conn = {"id.resp_p": 502, "proto": "tcp", "conn_state": "S0", "orig_pkts": 1, "until": None}
        command = {"protocol": "modbus", "verb": "write", "function": "write_single_register", "answered": 1,
                   "value": "1", "target": "holding_register 1", "result": "ok", "count": 1}  # fmt: skip
        yield _filled(base, conn, empty[0]), _filled(base, command, empty[1])


def _filled(base: pl.DataFrame, more: dict[str, object], empty: pl.DataFrame) -> pl.DataFrame:
    rows = base.with_columns(pl.lit(v).alias(k) for k, v in more.items())
    missing = [pl.lit(d).alias(c).cast(empty.schema[c]) for c, d in _DEFAULTS.items() if c in empty.columns]
    rows = rows.with_columns(m for m in missing if m.meta.output_name() not in rows.columns)
    rows = rows.with_columns(pl.lit(None).cast(t).alias(c) for c, t in empty.schema.items() if c not in rows.columns)
    return rows.select(pl.col(c).cast(t) for c, t in empty.schema.items())


_DEFAULTS = {"sensor": "bench", "capture": "flood", "frame": 1, "duration": 0.0, "orig_bytes": 0, "resp_bytes": 0,
             "resp_pkts": 0, "orig_ip_bytes": 60, "resp_ip_bytes": 0, "errors": 0}  # fmt: skip


def _empty(stream: str) -> pl.DataFrame:
    """The columns of a stream, without rows."""
    from linewarden.sensor.tables import streams

    dtypes: dict[str, Any] = {
        "ts": pl.Datetime("ns", "UTC"), "bool": pl.Boolean, "u8": pl.UInt8, "u16": pl.UInt16, "u32": pl.UInt32,
        "u64": pl.UInt64, "i64": pl.Int64, "f64": pl.Float64, "list[f64]": pl.List(pl.Float64),
    }  # fmt: skip
    found = next(s for s in streams() if s.name == stream)
    return pl.DataFrame(schema={c.name: dtypes.get(c.type, pl.String) for c in found.columns})


if __name__ == "__main__":
    sys.exit(main())
