"""100 million records: how soon does the lake answer, beside a DuckDB file and SQLite with the same rows?

Makes records of a plant over 30 days in the lake's layout, as compaction leaves it; the same rows in a DuckDB file, and
(of the last days) in SQLite with indexes. Each question is asked by a process of its own, so that its peak memory is
that of the whole process: first with the store dropped from the page cache, then warm, opened anew, and again in a
session that is kept open, as the service does. Goals, for the lake: dashboard 200 ms, needle 2 s, memory 1 GB.

usage: python benchmarks/lake.py [--records 100000000] [--folder build/bench/lake] [--rounds 5] [--keep]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _lake.questions import NEEDLE_DAY, QUESTIONS, Question, sql_for  # noqa: E402
from _lake.records import DAYS, SHARES, day_of, rows_of  # noqa: E402

GOALS_S = {"dashboard": 0.2, "needle": 2.0}
GOAL_MB = 1000.0
SQLITE_RECORDS = 10_000_000
SESSION_TIMES = 7


@dataclass(frozen=True, slots=True)
class Figures:
    """One question to one store: s and MB."""

    store: str
    question: Question
    cold: float
    warm: float
    session: float
    peak_mb: float
    rows: int


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="not used: the records are made up")
    parser.add_argument("--records", type=int, default=100_000_000)
    parser.add_argument("--sqlite-records", type=int, default=SQLITE_RECORDS, help="SQLite holds the last days only")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build" / "bench" / "lake")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="use what an earlier run with --keep made, and keep it")
    parser.add_argument("--ask", nargs=4, metavar=("STORE", "PATH", "SQL", "TIMES"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        from _lake.stores import asked

        store, path, sql, times = args.ask
        print(json.dumps(asked(store, Path(path), sql, int(times))))
        return 0
    made = make(args.folder, args.records, args.sqlite_records)
    try:
        figures = measure(args.folder, args.rounds)
    finally:
        if not args.keep:
            shutil.rmtree(args.folder)
    show(made, figures)
    return verdict(figures, args.records)


def paths(folder: Path) -> dict[str, Path]:
    """Where the stores are."""
    return {"lake": folder / "lake", "duckdb": folder / "all.duckdb", "sqlite": folder / "last.sqlite"}


def make(folder: Path, records: int, sqlite_records: int) -> dict[str, Any]:
    """Makes the stores, unless an earlier run left them: rows, s and bytes of each."""
    from _lake import stores

    note = folder / "made.json"
    if note.exists():
        made: dict[str, Any] = json.loads(note.read_text())
        if made["records"] == records:
            return made
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    where = paths(folder)
    days = max(DAYS - NEEDLE_DAY, min(DAYS, sqlite_records * DAYS // records))
    a_day = sum(rows_of(name, records) for name in SHARES)
    seconds = {
        "lake": stores.make_lake(where["lake"], records, say),
        "duckdb": stores.make_duckdb(where["duckdb"], where["lake"], say),
        "sqlite": stores.make_sqlite(where["sqlite"], where["lake"], days, say),
    }
    made = {"records": records, "needle": needle(where["lake"]), "stores": {}}
    for store, path in where.items():
        rows = a_day * (days if store == "sqlite" else DAYS)
        made["stores"][store] = {"rows": rows, "seconds": seconds[store], "bytes": stores.bytes_of(path)}
    note.write_text(json.dumps(made))
    return made


def needle(lake: Path) -> str:
    """A conversation of one of the last days that is in all four streams."""
    import duckdb

    day = f"date={day_of(NEEDLE_DAY):%Y-%m-%d}"
    uids = (f"SELECT uid FROM read_parquet('{lake}/stream={name}/*/{day}/*.parquet')" for name in SHARES)  # noqa: S608
    row = duckdb.execute(f"SELECT min(uid) FROM ({' INTERSECT '.join(uids)})").fetchone()  # noqa: S608
    return str(row[0]) if row else ""


def measure(folder: Path, rounds: int) -> list[Figures]:
    """Each question to each store; the stores take turns."""
    made = json.loads((folder / "made.json").read_text())
    figures = []
    for question in QUESTIONS:
        answers = {}
        for store, path in paths(folder).items():
            one, answer = figure(store, path, question, made["needle"], rounds)
            figures.append(one)
            answers[store] = answer
            say(f"{question.name}: {store} {one.warm * 1e3:.0f} ms")
        if answers["lake"] != answers["duckdb"] or (_is_recent(question) and answers["lake"] != answers["sqlite"]):
            raise SystemExit(f"{question.name}: the stores do not agree: {answers}")
    return figures


def _is_recent(question: Question) -> bool:
    """SQLite has the last days only: what is asked of all days it answers in part."""
    return "pair of addresses" not in question.name


def figure(store: str, path: Path, question: Question, needle: str, rounds: int) -> tuple[Figures, Any]:
    """Cold, warm and in a session; the median of each."""
    from _lake.stores import forget

    sql = sql_for(store, question, needle)
    cold, warm, again, peaks = [], [], [], []
    answer: Any = None
    for _ in range(rounds):
        forget(path)
        answer = child(store, path, sql, 1)
        cold.append(answer["first"])
        peaks.append(answer["peak_mb"])
    for _ in range(rounds):
        answer = child(store, path, sql, SESSION_TIMES)
        warm.append(answer["first"])
        again += answer["again"]
        peaks.append(answer["peak_mb"])
    median = statistics.median
    found = Figures(store, question, median(cold), median(warm), median(again), max(peaks), answer["rows"])
    return found, (answer["rows"], answer["sum"])


def child(store: str, path: Path, sql: str, times: int) -> Any:
    """The answer of a process that asks."""
    command = [sys.executable, str(HERE / "lake.py"), "--ask", store, str(path), sql, str(times)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"asking {store} failed: {sql}")
    return json.loads(ran.stdout)


NAMES = {"lake": "our lake", "duckdb": "DuckDB file", "sqlite": "SQLite"}


def show(made: dict[str, Any], figures: list[Figures]) -> None:
    """Markdown, as in docs/benchmarks.md."""
    import duckdb

    print(f"{date.today():%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "  # noqa: DTZ011
          f"DuckDB {duckdb.__version__}\n")  # fmt: skip
    print("| store | rows | made in s | rows/s | GB on disk | B/row |")
    print("| --- | --- | --- | --- | --- | --- |")
    for store, about in made["stores"].items():
        rows, seconds, size = about["rows"], about["seconds"], about["bytes"]
        made_in = f"{seconds:.0f} | {rows / seconds:,.0f}"
        print(f"| {NAMES[store]} | {rows:,} | {made_in} | {size / 1e9:.2f} | {size / rows:.1f} |")
    print("\n| question | store | rows found | first pass ms | warm, opened anew ms | warm, kept open ms | peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for f in figures:
        times = " | ".join(f"{t * 1e3:,.0f}" for t in (f.cold, f.warm, f.session))
        print(f"| {f.question.name} | {NAMES[f.store]} | {f.rows:,} | {times} | {f.peak_mb:,.0f} |")
    print()


def verdict(figures: list[Figures], records: int) -> int:
    """The last line: what our lake took, at worst, and whether that holds."""
    ours = [f for f in figures if f.store == "lake"]
    worst = {kind: max(f.warm for f in ours if f.question.kind == kind) for kind in GOALS_S}
    peak = max(f.peak_mb for f in ours)
    held = all(worst[kind] < goal for kind, goal in GOALS_S.items()) and peak < GOAL_MB
    outcome = "reached" if held else "MISSED"
    print(
        f"lake: {records:,} records: dashboard {worst['dashboard'] * 1e3:.0f} ms (goal 200), needle "
        f"{worst['needle'] * 1e3:.0f} ms (goal 2,000), peak {peak:.0f} MB (goal 1,000): {outcome}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    say(f"{time.monotonic() - began:.0f} s in all") if "--ask" not in sys.argv else None
    sys.exit(code)
