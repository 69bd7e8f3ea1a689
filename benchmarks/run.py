"""Speed and memory beside Suricata, tshark and ndpiReader, as whole processes (`make bench`).

Two captures are made once into build/bench: a mix of real traffic and dense OT polling with exact truth. Each tool runs
on each, in turn, first from the disk and then from memory; medians of the rounds are printed with the ratios, and
written to build/bench/results.json. Ends with 1 if a goal of issue 2 was missed, and says which; with 2 without data.

usage: python benchmarks/run.py [--data ../shared/data] [--packets 6000000] [--rounds 3] [--budget 1100]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import bench, rule, show, tools  # noqa: E402
from _speed.bench import WARM, Bench, Series  # noqa: E402
from _speed.captures import Made, Maker, first_packets  # noqa: E402
from _speed.rule import FOLDER  # noqa: E402


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    rule.add_data(parser, "captures, with the scripts beside it that make large ones of them")
    parser.add_argument("--packets", type=int, default=6_000_000, help="packets of each capture")
    parser.add_argument("--slice", type=int, default=200_000, help="packets that tshark gets")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=1_100, help="seconds; beyond, only one round of what is left")
    parser.add_argument("--timeout", type=float, default=180, help="seconds for one run of one tool")
    parser.add_argument("--ours-only", action="store_true", help="without the peers, to look for a regression")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    parser.add_argument("--linewarden", default=tools.default_program())
    return parser.parse_args()


def memory_series(runner: Bench, small: list[Made], us: tools.Tool, done: list[Series]) -> list[Series]:
    """Peak memory over the small captures (measured now) and the large ones (measured already)."""
    result = []
    for capture in small:
        result += [s for s in runner.rounds(capture, capture.path, 0, [us], 1) if s.state == WARM]
    result += [s for s in done if s.tool == us.name and s.state == WARM]
    return sorted(result, key=lambda s: (s.capture, s.packets))


def main() -> int:
    """Returns the exit code."""
    args = arguments()
    if not (args.data.parent / "make_ot_capture.py").exists():
        print(
            f"bench: {args.data.parent} has no make_ot_capture.py; name a folder beside it with --data",
            file=sys.stderr,
        )
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    maker = Maker(args.data, FOLDER)
    made = [maker.real(args.packets), maker.dense(args.packets)]
    small = [maker.real(args.packets // 4), maker.dense(args.packets // 4)]
    runner = Bench(FOLDER, time.monotonic() + args.budget, args.timeout)
    us = tools.ours(args.linewarden)
    all_tools = [us] if args.ours_only else [us, *tools.peers()]
    about = bench.machine()
    series: list[Series] = []
    for capture in made:
        print(f"bench: {capture.kind}, {capture.packets:,} packets, {capture.size / 1e6:,.0f} MB", flush=True)
        sliced = first_packets(capture.path, args.slice)
        series += runner.rounds(capture, sliced, min(args.slice, capture.packets), all_tools, args.rounds)
    memory = memory_series(runner, small, us, series)
    notes = ["The time for the benchmark was used up: some tools had fewer rounds."] if runner.over() else []
    missing = [t for t in ("suricata", "ndpiReader", "tshark") if not shutil.which(t)]
    notes += [f"Not installed, so not measured: {', '.join(missing)}."] if missing else []
    startup = bench.startup(args.linewarden, FOLDER / "log.txt")
    results = show.Results(
        about, tools.versions(args.linewarden), series, memory, runner.exact, startup, runner.cached_after_drop, notes
    )
    return _tell(results, args.markdown)


def _tell(results: show.Results, page: Path | None) -> int:
    text = show.markdown(results)
    print("\n" + text)
    (FOLDER / "results.json").write_text(json.dumps(dataclasses.asdict(results), indent=1), encoding="utf-8")
    if page:
        page.write_text(text, encoding="utf-8")
    return rule.verdict("bench", show.goals(results))


if __name__ == "__main__":
    sys.exit(main())
