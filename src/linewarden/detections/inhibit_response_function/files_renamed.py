"""One host renames or deletes many files on another's share: what ransomware does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate
from linewarden.detections.settings import Settings, param

APPENDED = re.compile(r"\.\w{1,8}\.(\w{2,12})$")
"""`archive.csv.locked`: an ending behind the ending, which people seldom give and ransomware gives to every file."""


class Params(Settings):
    """How many, how fast."""

    files: int = param(10, "files", "renamed or deleted on one machine, from which on it is no person at work")
    endings: int = param(3, "files", "that got the same further ending from one sender, on any machine")
    window_s: float = param(60.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts renamed and deleted files by the two hosts, and further endings by the sender."""
    seen: Bounded[tuple[str, str], Rate] = Bounded(lambda: Rate(params.window_s))
    endings: Bounded[tuple[str, str], Rate] = Bounded(lambda: Rate(params.window_s))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom, count = row["id.orig_h"], row["id.resp_h"], int(row["count"])
            total = seen.at((who, whom)).add(int(row["ts"]), count)
            why = (f"{row['target']} to {row['value'] or 'nothing'}", f"role of the target: {known.role(whom)}")
            if total - count < params.files <= total:
                did = f"renamed or deleted {params.files} files or more on {known.name(whom)}"
                yield Finding(row, f"{known.name(who)} {did}.", (who, whom), why, count=total, confidence=0.85)
            ending = APPENDED.search(row["value"] or "")
            if ending and endings.at((who, ending[1])).add(int(row["ts"]), count) == params.endings:
                did = f"gives files on {known.name(whom)} the further ending .{ending[1]}"
                yield Finding(row, f"{known.name(who)} {did}, as ransomware does.", (who, ending[1]), why)

    return look


def _renames(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "verb": "write", "protocol": "smb", "function": "set_info", "target": "file rename",
         "value": f"report-{i}.csv", "id.orig_h": "10.0.5.9", "id.resp_h": "10.0.3.15", "answered": 1}
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
