"""Results as tables: for the terminal, and as a section of docs/benchmarks.md (both are Markdown)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from _speed.bench import FIRST, WARM, Series
from _speed.rule import Goal

GOALS = {"suricata single": 5.0, "suricata autofp": 5.0, "tshark": 100.0, "ndpiReader": 1.0}
"""Times as many packets a second as this tool that we want to read (issue 2)."""
MEMORY_MB = 400
STARTUP_S = 0.15


@dataclass(slots=True)
class Results:
    """Everything that was measured."""

    machine: dict[str, str]
    versions: dict[str, str]
    series: list[Series]
    memory: list[Series]
    exact: list[list[object]]
    startup_s: float
    cached: list[float]
    notes: list[str]


def markdown(results: Results) -> str:
    """All tables."""
    parts = ["## Machine and versions\n", *_pairs({**results.machine, **results.versions}), ""]
    for state in (FIRST, WARM):
        parts += [f"### {state.capitalize()}\n", *_speed(results.series, state), ""]
    parts += ["## Rows written\n", *_rows(results.series), ""]
    parts += ["## Exact counts on the dense capture\n", *_exact(results.exact), ""]
    parts += ["## Memory\n", *_memory(results.memory), ""]
    verdict = "reached" if results.startup_s < STARTUP_S else "missed"
    took, goal = results.startup_s * 1e3, STARTUP_S * 1e3
    parts += [f"## Start-up\n\n`linewarden --version`: {took:.0f} ms (goal {goal:.0f} ms: {verdict}).\n"]
    parts += ["## Commands\n", *_commands(results.series), "", *(f"- {note}" for note in _notes(results))]
    return "\n".join(parts) + "\n"


def goals(results: Results) -> list[Goal]:
    """Each goal of issue 2 with its figure."""
    found = [
        Goal(f"{s.capture}, {s.state}: {ratio:.1f}x {s.tool} (goal {GOALS[s.tool]:g}x)", ratio >= GOALS[s.tool])
        for s, ratio in _ratios(results.series)
    ]
    unequal = [str(what) for what, expected, count in results.exact if expected != count]
    told = f", but not {', '.join(unequal)}" if unequal else ""
    found.append(Goal(f"{len(results.exact)} counts exact{told}", bool(results.exact) and not unequal))
    for s in results.memory:
        peak = s.median("peak_mb")
        found.append(Goal(f"{s.capture}, {s.packets:,} packets: {peak:.0f} MB (goal {MEMORY_MB})", peak <= MEMORY_MB))
    start = results.startup_s
    found.append(Goal(f"start-up {start * 1e3:.0f} ms (goal {STARTUP_S * 1e3:.0f})", start < STARTUP_S))
    found += [
        Goal(f"{s.tool} failed on {s.capture}: {s.failed.splitlines()[0]}", False) for s in results.series if s.failed
    ]
    return found


def _ours(series: Iterable[Series], like: Series) -> Series:
    return next(s for s in series if s.tool == "linewarden" and (s.capture, s.state) == (like.capture, like.state))


def _ratios(series: Sequence[Series]) -> Iterator[tuple[Series, float]]:
    for s in series:
        if s.tool in GOALS and s.runs:
            yield s, _ours(series, s).rate / s.rate


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [list(head), *map(list, rows)]
    widths = [max(len(row[i]) for row in body) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in body]
    return [lines[0], "| " + " | ".join("-" * w for w in widths) + " |", *lines[1:]]


def _pairs(pairs: dict[str, str]) -> list[str]:
    return _table(("what", "which"), pairs.items())


def _speed(series: Sequence[Series], state: str) -> list[str]:
    head = ("capture", "tool", "packets", "wall s", "packets/s", "CPU s", "cores used", "peak MB", "ours / its")
    rows = []
    for s in series:
        if s.state != state or not s.runs:
            continue
        wall, cpu = s.median("wall_s"), s.median("cpu_s")
        ratio = _ours(series, s).rate / s.rate
        speed = (f"{wall:.2f}", f"{s.rate:,.0f}", f"{cpu:.2f}", f"{cpu / wall:.1f}", f"{s.median('peak_mb'):.0f}")
        rows.append((s.capture, s.tool, f"{s.packets:,}", *speed, "" if s.tool == "linewarden" else _times(ratio)))
    return _table(head, rows)


def _times(ratio: float) -> str:
    return "" if math.isnan(ratio) else f"{ratio:.1f}x"


def _rows(series: Sequence[Series]) -> list[str]:
    rows = []
    for s in series:
        if s.state == WARM and s.rows:
            counts = {k: n for k, n in s.rows.items() if k != "bytes" and n}
            size = f"{s.rows['bytes'] / 1e6:,.0f}" if "bytes" in s.rows else ""
            largest = sorted(counts.items(), key=lambda item: -item[1])[:6]
            rows.append(
                (
                    s.capture,
                    s.tool,
                    f"{sum(counts.values()):,}",
                    size,
                    ", ".join(f"{name} {n:,}" for name, n in largest),
                )
            )
    return _table(("capture", "tool", "rows", "MB", "most of them"), rows)


def _exact(exact: Sequence[Sequence[object]]) -> list[str]:
    rows = []
    for what, truth, found in exact:
        told = f"{found:,}" if isinstance(found, int) else str(found)
        rows.append((str(what), f"{truth:,}", told, "yes" if truth == found else "NO"))
    return _table(("count", "truth", "ours", "equal"), rows)


def _memory(memory: Sequence[Series]) -> list[str]:
    rows = [(s.capture, f"{s.packets:,}", f"{s.median('peak_mb'):.0f}") for s in memory]
    return _table(("capture", "packets", "peak MB"), rows)


def _commands(series: Sequence[Series]) -> list[str]:
    seen = {s.tool: " ".join(s.command) for s in reversed(series) if s.command}
    # Its own long list of fields would drown the rest.
    return [f"- {tool}: `{line if len(line) < 400 else line[:300] + ' ...'}`" for tool, line in reversed(seen.items())]


def _notes(results: Results) -> list[str]:
    known = [share for share in results.cached if share >= 0]
    worst = f"at most {max(known):.0%} of a capture was still cached" if known else "fincore is missing: not verified"
    first = f"First pass: the capture alone was dropped from the page cache (POSIX_FADV_DONTNEED; {worst})."
    return [first, "Each figure is the median of all rounds; tools take turns in each round.", *results.notes]
