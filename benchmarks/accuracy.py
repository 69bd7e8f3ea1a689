"""Scores a folder of captures against the NAME.truth.json beside each.

    python benchmarks/accuracy.py [DIR | --data ../shared/data] [--only PATTERN] [--json FILE] [--zeek]

Without DIR it is the folder `captures` of the data.

Exit code 0 if every goal is met, 1 if one is not, 2 if the folder has no capture with a truth. Goals: packet counts
equal; function codes by pair and by direction right per protocol as `truth_map.PROTOCOLS` says; every identity of
`truth_map.IDENTITY` at its asset; every MAC-to-IP pair found. Differences of `explained.tsv` (tshark is wrong, with the
frames) do not count against a goal, and are shown. docs/accuracy.md tells the method.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _accuracy import compare, explained, show, zeek  # noqa: E402
from _accuracy.model import FileScore  # noqa: E402
from _speed import rule  # noqa: E402

WORKERS = 2
FEW = 4
"""Fewer captures than this are read at once in this process: starting others takes longer."""


def captures_of(folder: Path, pattern: str) -> list[Path]:
    """Captures of a folder that have a truth, and whose name has `pattern` in it."""
    truths = sorted(folder.rglob("*.truth.json"))
    captures = [t.with_name(t.name.removesuffix(".truth.json")) for t in truths]
    return [c for c in captures if c.is_file() and pattern in c.name]


def score_one(capture: Path, with_zeek: bool) -> FileScore:
    """A capture's score; an error that reading raised is part of it."""
    began = time.monotonic()
    try:
        result, mine = compare.score(capture)
        if with_zeek:
            result.zeek = zeek.compare(capture, mine.frames)
    except Exception as error:  # noqa: BLE001 - whatever went wrong with one file, the others are scored
        result = FileScore(capture.name, error=f"{type(error).__name__}: {error}")
    result.seconds = time.monotonic() - began
    return result


def score_all(captures: Sequence[Path], with_zeek: bool) -> Iterator[FileScore]:
    """Scores in the order of captures; a capture that kills its process is an error, the others go on."""
    if len(captures) < FEW:
        yield from (score_one(c, with_zeek) for c in captures)
        return
    left = list(captures)
    while left:
        # A fresh process per worker: threads of the engine and of polars do not survive a fork.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
            futures: list[tuple[Path, Future[FileScore]]] = [(c, pool.submit(score_one, c, with_zeek)) for c in left]
            left = []
            broken = False
            for capture, future in futures:
                try:
                    yield future.result()
                except BrokenProcessPool:
                    if broken:
                        left.append(capture)
                    else:
                        yield FileScore(capture.name, error="the process died")
                    broken = True


def apply_explanations(scores: Sequence[FileScore], path: Path) -> list[explained.Explanation]:
    """Marks explained differences; the lines that fit nothing among these files."""
    names = {s.file for s in scores}
    known = [e for e in explained.load(path) if e.file in names]
    stale = []
    for s in scores:
        s.differences, unused = explained.explain(s.differences, [e for e in known if e.file == s.file])
        stale += unused
        for d in s.differences:
            if not d.reason:
                continue
            tally = {"pair": s.pairs.get(d.protocol), "direction": s.directions.get(d.protocol),
                     "identity": s.identities.get(d.field), "binding": s.bindings}.get(d.kind)  # fmt: skip
            if tally is not None:
                tally.explained += abs(d.truth - d.ours)
    return stale


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the command line, scores, prints; the exit code."""
    parser = argparse.ArgumentParser(description="Score linewarden on captures with a truth file beside each.")
    parser.add_argument("folder", type=Path, nargs="?", help="folder of captures, each with NAME.truth.json beside it")
    rule.add_data(parser, "folder in which they are in `captures`, where no other is named")
    parser.add_argument("--only", default="", metavar="PATTERN", help="captures that have this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers and differences here")
    parser.add_argument("--zeek", action="store_true", help="show Zeek baselines (NAME.zeek/) as a second opinion")
    parser.add_argument("--explained", type=Path, default=HERE / "explained.tsv", metavar="FILE")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 160)
    folder = options.folder or options.data / "captures"
    captures = captures_of(folder, options.only)
    if not captures:
        console.print(f"{folder}: no capture with a .truth.json beside it; check the folder")
        return 2
    scores = list(score_all(captures, options.zeek))
    stale = apply_explanations(scores, options.explained)
    show.print_all(console, scores, stale)
    if options.zeek:
        zeek.print_all(console, scores)
    if options.json:
        show.as_json(scores, options.json)
    for line in show.failures(scores):
        console.print(f"[red]below the goal[/]: {line}")
    return rule.verdict("accuracy", show.goals(scores))


if __name__ == "__main__":
    sys.exit(main())
