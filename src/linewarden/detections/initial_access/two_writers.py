"""Two stations write the same point of a controller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.commands import WRITTEN, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import series_of
from linewarden.detections.settings import Settings, param
from linewarden.detections.thinning import Turns

KEY = ("id.resp_h", "unit", "target")


class Params(Settings):
    """How close together."""

    window_s: float = param(600.0, "s", "between the write of the one and that of the other")


@dataclass(slots=True)
class _Last:
    who: str = ""
    ts: int = 0
    frame: int = 0
    value: str = ""


def watch(params: Params) -> Watch:
    """Keeps who wrote each point last. Stations that are one asset (several cards) are one."""
    points: Bounded[tuple[str, int | None, str], _Last] = Bounded(_Last)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for key, series in series_of(rows, KEY, ("ts", "id.orig_h", "frame", "value")):
            last = points.at(key)
            for index, ts, who, frame, value in series:
                other = last.who not in ("", who) and known.asset(last.who) != known.asset(who)
                if other and ts - last.ts <= params.window_s * 1e9:
                    yield _found(rows.row(index, named=True), last, known)
                last.who, last.ts, last.frame, last.value = who, ts, frame, value or ""

    return look


def _found(row: Row, last: _Last, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    since = (int(row["ts"]) - last.ts) / 1e9
    return Finding(
        row,
        f"{known.name(last.who)} and {known.name(who)} both write {row['target']} of {known.name(whom)}.",
        (whom, *sorted((last.who, who))),
        why=(said(row), f"{since:.1f} s before it was {last.value or 'another value'}",
             f"roles: {known.role(last.who)}, {known.role(who)}"),
        frames=(last.frame, row["frame"]),
        confidence=0.8,
    )  # fmt: skip


def _write(who: str, second: int, target: str = "holding_register 20") -> dict[str, object]:
    return {
        "ts": second * 10**9, "verb": "write", "protocol": "modbus", "function": "write_single_register",
        "target": target, "value": "470", "id.orig_h": who, "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
    }  # fmt: skip


DETECTION = Detection(
    title="Two masters for one point",
    severity=Severity.MEDIUM,
    attack=("T0848", "T0855"),
    meaning="A point has one master. With two the last one wins, and operators do not see why the process does "
    "something else than they set.",
    runbook=(
        "See which of the two stations is meant to write this point.",
        "Look at what the other one wrote, and put the value back with the operator.",
        "If nobody answers for the other: block its way to the controller at the firewall.",
    ),
    benign="A redundant pair, or an HMI beside a SCADA that may both set it: say so once.",
    needs={"command": WRITTEN},
    thin={"command": Turns(KEY, "id.orig_h")},
    watch=watch,
    fires=Case({"command": [_write("10.0.0.5", 0), _write("10.0.0.9", 5)]}),
    quiet=Case({"command": [_write("10.0.0.5", 0), _write("10.0.0.9", 5, "holding_register 21")]}),
    params=Params(),
)
