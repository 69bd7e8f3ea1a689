"""What all benchmarks have in common: where data is, and how a verdict is told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"
"""Where what is made for benchmarks is kept."""


def default_data() -> Path:
    """The shared data beside this repository, or of LINEWARDEN_SHARED."""
    return Path(os.environ.get("LINEWARDEN_SHARED", str(ROOT.parent / "shared"))) / "data"


def add_data(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds `--data DIR`; `what` says what is taken from there."""
    parser.add_argument(
        "--data", type=Path, default=default_data(), metavar="DIR", help=f"{what} (default: %(default)s)"
    )


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure with its goal in words, and whether it holds."""

    figure: str
    holds: bool

    def __str__(self) -> str:
        return f"{self.figure}: {'holds' if self.holds else 'MISSED'}"


def verdict(name: str, goals: Sequence[Goal], also: Sequence[str] = ()) -> int:
    """Prints the last line: figures, and whether each goal holds; the exit code."""
    parts = [*map(str, goals), *also]
    print(f"{name}: {'; '.join(parts)}", flush=True)
    return 0 if goals and all(g.holds for g in goals) else 1
