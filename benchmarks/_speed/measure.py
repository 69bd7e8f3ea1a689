"""One whole process, measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HELPER = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Run:
    """What one process cost. CPU is user plus system time over all threads; memory is the peak resident size."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    code: int


class ToolError(RuntimeError):
    """A measured tool did not end well; the text holds the end of what it wrote."""


def run(command: Sequence[str], log: Path, timeout_s: float, ok: tuple[int, ...] = (0,)) -> Run:
    """Runs a command to its end; what it writes goes to `log`.

    Raises ToolError if it ends otherwise than with a code in `ok`, or takes longer than `timeout_s`. The figures are
    those of wait4(2), taken by a small process of its own: Linux counts the memory of the process that started a
    command into the command's own peak, and this one may be larger than what it measures.
    """
    helper = [sys.executable, "-I", "-S", str(HELPER), str(log), str(timeout_s), *command]
    wall, cpu, peak, code = json.loads(subprocess.check_output(helper, text=True))
    if code not in ok:
        tail = log.read_bytes()[-1_500:].decode("utf-8", "replace")
        why = f"after {wall:.0f} s, the limit" if wall >= timeout_s else f"with {code}"
        raise ToolError(f"{command[0]} ended {why}:\n{tail}")
    return Run(wall, cpu, peak, int(code))


def warm(path: Path) -> None:
    """Brings a file into the page cache."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 22):
            pass


def evict(path: Path) -> float:
    """Drops a file from the page cache, and says which share of it is still there (0 to 1; -1: cannot be told).

    Only this file (POSIX_FADV_DONTNEED): the machine's whole cache belongs to others as well.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    return cached_share(path)


def cached_share(path: Path) -> float:
    """The share of a file that is in the page cache, or -1 without util-linux's fincore."""
    if not shutil.which("fincore"):
        return -1.0
    said = subprocess.run(["fincore", "-b", "-n", "-o", "RES", str(path)], capture_output=True, text=True, check=False)
    size = path.stat().st_size
    return int(said.stdout) / size if said.returncode == 0 and said.stdout.strip() and size else -1.0
