"""A station reads a controller's mode and then changes it, or its program."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.commands import OT, refused, said
from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.settings import Settings, param

MODE = r"(?i)status|state|read_szl|run_mode|cpu_mode|exception_status|plc_mode|cp_status"
"""Functions that ask whether a controller runs, of the protocols that we read."""
CHANGE = ("stop", "start", "set_mode", "restart", "program_download")


class Params(Settings):
    """How close together."""

    window_s: float = param(120.0, "s", "between the question and the order")


def watch(params: Params) -> Watch:
    """Keeps when each pair last asked."""
    asked: Bounded[tuple[str, str], tuple[int, int]] = Bounded(lambda: (0, 0))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        # A row of what is counted carries the time of its first and last question.
        for row in rows.sort("ts").iter_rows(named=True):
            pair, ts = (row["id.orig_h"], row["id.resp_h"]), int(row["ts"])
            if row["verb"] not in CHANGE:
                asked.put(pair, (max(int(row["until"] or 0), ts), row["frame"]))
                continue
            at, frame = asked.at(pair)
            if not frame or ts - at > params.window_s * 1e9 or refused(row):
                continue
            who, whom = pair
            yield Finding(
                row,
                f"{known.name(who)} asked {known.name(whom)} for its mode, and then: {row['verb']}.",
                (who, whom),
                why=(
                    said(row),
                    f"asked {max(ts - at, 0) / 1e9:.1f} s before",
                    f"role of the sender: {known.role(who)}",
                ),
                frames=(frame,),
                confidence=0.6,
            )

    return look


ASK = {
    "verb": "diagnose", "protocol": "s7comm", "function": "read_szl", "target": "szl", "id.orig_h": "10.0.0.66",
    "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok", "ts": 0,
}  # fmt: skip
STOP = {**ASK, "verb": "stop", "function": "plc_stop", "target": "", "ts": 5 * 10**9}

DETECTION = Detection(
    title="Mode read before an order",
    severity=Severity.LOW,
    attack=("T0868",),
    meaning="Somebody looked first whether the controller runs. Attack programs do so, and so do engineering tools:"
    " it adds to what the order itself tells.",
    runbook=(
        "Look at the order that followed: was it meant?",
        "Find out which program at the sending station did both.",
        "See whether the same station asked other controllers, too.",
    ),
    benign="The engineering tool of the controls engineer, which always asks first.",
    needs={
        "command": OT
        & (
            pl.col("verb").is_in(CHANGE)
            | pl.col("verb").is_in(["diagnose", "read"]) & pl.col("function").str.contains(MODE)
        )
    },
    watch=watch,
    fires=Case({"command": [ASK, STOP]}),
    quiet=Case({"command": [ASK, {**STOP, "ts": 500 * 10**9}]}),
    params=Params(),
)
