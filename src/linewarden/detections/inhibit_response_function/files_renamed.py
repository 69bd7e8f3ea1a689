"""One host renames or deletes many files on another's share: what ransomware does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate


@dataclass(frozen=True, slots=True)
class Params:
    """How many, how fast."""

    files: int = param(10, "files", "renamed or deleted, from which on it is no person at work")
    window_s: float = param(60.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts renamed and deleted files, by the two hosts."""
    seen: Bounded[tuple[str, str], Rate] = Bounded(lambda: Rate(params.window_s))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            pair, count = (row["id.orig_h"], row["id.resp_h"]), int(row["count"])
            total = seen.at(pair).add(int(row["ts"]), count)
            if total - count < params.files <= total:
                yield Finding(
                    row,
                    f"{known.name(pair[0])} renamed or deleted {params.files} files or more on {known.name(pair[1])} "
                    f"within {params.window_s:.0f} s.",
                    pair,
                    why=(f"the last: {row['target']} {row['value'] or ''}", f"role: {known.role(pair[1])}"),
                    count=total,
                    confidence=0.85,
                )

    return look


def _renames(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "verb": "write", "protocol": "smb", "function": "set_info", "target": "file rename",
         "value": f"report-{i}.csv.locked", "id.orig_h": "10.0.5.9", "id.resp_h": "10.0.3.15", "answered": 1}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Files renamed or deleted in numbers",
    severity=Severity.CRITICAL,
    attack=("T0809", "T0867"),
    meaning="It looks like ransomware at work: recipes, projects and the historian's archive become unreadable, and"
    " panels and servers that need them stop.",
    runbook=(
        "Cut the sending machine off now, at the switch; then the share that is hit, if the line can do without it.",
        "Leave the machines on: keys may still be in memory.",
        "See which panels and servers need these files, and run the line by hand or from backups.",
    ),
    benign="A backup that rotates, or somebody who tidies a folder up.",
    needs={
        "command": (pl.col("protocol") == "smb") & pl.col("target").fill_null("").str.contains("^file (rename|delete)")
    },
    watch=watch,
    fires=Case({"command": _renames(10)}),
    quiet=Case({"command": _renames(9)}),
    params=Params(),
)
