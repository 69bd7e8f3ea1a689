"""Rounds of measured runs, and their medians."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _speed import measure
from _speed.captures import Made
from _speed.measure import Run, ToolError
from _speed.tools import Tool, inspect_lake

FIRST, WARM = "first pass", "warm"


@dataclass(slots=True)
class Series:
    """All runs of a tool over a capture in one state of the page cache."""

    tool: str
    capture: str
    state: str
    packets: int
    runs: list[Run] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    failed: str = ""

    def median(self, what: str) -> float:
        """Median of `wall_s`, `cpu_s` or `peak_mb`; not a number without a run."""
        values = [float(getattr(run, what)) for run in self.runs]
        return statistics.median(values) if values else float("nan")

    @property
    def rate(self) -> float:
        """Packets per second of wall time."""
        return self.packets / self.median("wall_s")


@dataclass(slots=True)
class Bench:
    """Where runs take place and when they must stop."""

    folder: Path
    deadline: float
    timeout_s: float
    cached_after_drop: list[float] = field(default_factory=list)
    exact: list[list[object]] = field(default_factory=list)

    def over(self) -> bool:
        """Whether the time for the whole benchmark is used up."""
        return time.monotonic() >= self.deadline

    def rounds(self, made: Made, sliced: Path, slice_packets: int, tools: Sequence[Tool], count: int) -> list[Series]:
        """`count` rounds; in each, every tool runs first from the disk, then from memory. Out of time, at least one."""
        all_series = {
            (t.name, state): Series(t.name, made.kind, state, slice_packets if t.slice_only else made.packets)
            for t in tools
            for state in (FIRST, WARM)
        }
        for i in range(count):
            for tool in tools:
                for state in (FIRST, WARM):
                    series = all_series[tool.name, state]
                    # A slow tool on a slice has little spread: once will do when time is short.
                    if not series.failed and not (i > 0 and self.over()):
                        self._once(series, tool, made, sliced if tool.slice_only else made.path)
        return list(all_series.values())

    def _once(self, series: Series, tool: Tool, made: Made, capture: Path) -> None:
        out = self.folder / "run"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        tool.setup(out)
        if series.state == FIRST:
            self.cached_after_drop.append(measure.evict(capture))
        else:
            measure.warm(capture)
        series.command = tool.command(capture, out)
        try:
            series.runs.append(measure.run(series.command, self.folder / "log.txt", self.timeout_s, tool.ok))
            if not series.rows:
                series.rows = tool.count(out)
            if made.truth and tool.name == "linewarden" and not self.exact:
                self.exact = list(inspect_lake(out / "lake", made.truth)["exact"])  # type: ignore[arg-type]
            last = series.runs[-1]
            speed = series.packets / last.wall_s / 1e3
            print(
                f"  {series.capture:9} {series.state:10} {tool.name:16} {last.wall_s:8.2f} s {speed:9,.0f} kpps"
                f" {last.cpu_s:8.2f} s CPU {last.peak_mb:7.0f} MB",
                flush=True,
            )
        except ToolError as error:
            series.failed = str(error)
            print(f"  {series.capture:9} {series.state:10} {tool.name:16} FAILED: {error}", flush=True)
        finally:
            shutil.rmtree(out, ignore_errors=True)


def startup(linewarden: str, log: Path, times: int = 20) -> float:
    """Median seconds of `linewarden --version`."""
    return statistics.median(measure.run([linewarden, "--version"], log, 30).wall_s for _ in range(times))


def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel and Python."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }
