"""What a run found, as a table and a line."""

from __future__ import annotations

import argparse
import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence

from _console.run import Found

PEERS = (
    ("ThingsBoard CE", "its documentation asks for at least 4 GB on one server beside PostgreSQL (2026)"),
    ("ntopng", "measured with --peer FOLDER, see scripts/ntopng-apart.sh"),
)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies; 0 without values."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def show(found: Found, args: argparse.Namespace, goals: Mapping[str, float]) -> int:
    """Prints; 1 where a goal does not hold."""
    print(f"\nconsole: {args.records:,} records, {args.assets:,} assets, {args.people} people, {found.seconds:.0f} s, "
          f"{platform.python_implementation()} {platform.python_version()}\n")  # fmt: skip
    print(f"{'page or list':44} {'n':>5} {'median s':>9} {'p95 s':>8} {'worst s':>8}")
    for title, all_of in (("as HTTP sees it", found.server), ("in a browser, until its script ran", found.browser)):
        print(f"-- {title}")
        by_path = defaultdict(list)
        for path, took in all_of:
            by_path[path].append(took)
        for path, times in sorted(by_path.items()):
            print(
                f"{path:44} {len(times):5} {quantile(times, 0.5):9.3f} {quantile(times, 0.95):8.3f} {max(times):8.3f}"
            )
    share = found.cpu_s / found.seconds
    print(f"\nread for the first time in {found.reading_s:.0f} s; the server took {share:.0%} of a core")
    for name, text in PEERS:
        print(f"beside: {name}: {text}")
    pages = found.browser or found.server
    figures = {
        "page_s": max(quantile([t for _, t in pages], 0.95), quantile([t for _, t in found.server], 0.95)),
        "live_s": quantile(found.live, 0.95), "memory_mb": found.memory_mb,
    }  # fmt: skip
    holds = {name: 0 < figures[name] <= goals[name] for name in goals}
    holds["all answered"] = not found.failed and bool(found.live) and found.untold <= len(found.live) // 100
    said = ", ".join(f"{name} {figures[name]:.2f} (goal {goals[name]:g})" for name in goals)
    wrong = [name for name, held in holds.items() if not held]
    print(f"\n{said}; failed {found.failed}, live untold {found.untold} of {len(found.live) + found.untold}; "
          + ("goals hold" if not wrong else f"goals missed: {', '.join(wrong)}"))  # fmt: skip
    return 1 if wrong else 0
