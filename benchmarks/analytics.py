"""How well do the analytics tell what is odd, foresee, and how fast?

One table a set: published figures beside ours, always with always-alarm and random-alarm rows. Limits come from
normal data alone, no point adjustment, nothing is tuned for a file: each detector has one configuration, which
docs/analytics.md tells.

usage: python benchmarks/analytics.py [--data ../shared/data] [--set NAME ...]
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

import _analytics  # noqa: E402
from _analytics._data import NothingThereError  # noqa: E402
from _analytics._set import Set, printed  # noqa: E402
from _speed.rule import Goal, add_data, verdict  # noqa: E402


def sets() -> dict[str, Set]:
    """Every file in `_analytics/` with a `SET`."""
    files = [m.name for m in pkgutil.iter_modules(_analytics.__path__) if not m.name.startswith("_")]
    return {s.name: s for s in (import_module(f"_analytics.{f}").SET for f in sorted(files))}


def main() -> int:
    """Returns the exit code."""
    there = sets()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "the folder `process`")
    parser.add_argument("--set", action="append", choices=sorted(there), help="only this one (again for more)")
    args = parser.parse_args()
    goals: list[Goal] = []
    also: list[str] = []
    for one in [there[name] for name in args.set or there]:
        absent = [f for f in one.needs if not any((args.data / "process").glob(f))]
        if absent:
            also.append(f"{one.name} not measured (no {', '.join(absent)})")
            continue
        try:
            table = one.measure(args.data / "process")
        except NothingThereError as none:
            also.append(f"{one.name} not measured ({none})")
            continue
        printed(table)
        goals += table.goals
        also += table.also
    print()
    return verdict("analytics", goals, also)


if __name__ == "__main__":
    sys.exit(main())
