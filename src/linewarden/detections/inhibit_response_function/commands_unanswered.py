"""Orders to a device that always answered get no answer any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import series_of
from linewarden.detections.settings import Settings, param
from linewarden.detections.thinning import Breaks

KEY = ("id.orig_h", "id.resp_h", "protocol")


class Params(Settings):
    """How many in a row."""

    orders: int = param(3, "orders", "in a row without an answer")
    answered: int = param(3, "orders", "of the same pair that were answered before, so that silence means something")


@dataclass(slots=True)
class _Pair:
    """How many were answered, and the frames of those that were not since then."""

    answered: int = 0
    frames: tuple[int, ...] = ()


def watch(params: Params) -> Watch:
    """Counts answers and silences by who, whom and protocol."""
    pairs: Bounded[tuple[str, str, str], _Pair] = Bounded(_Pair)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for key, series in series_of(rows, KEY, ("frame", "answered", "result")):
            pair = pairs.at(key)
            for index, frame, answered, result in series:
                if answered:
                    pair.answered, pair.frames = pair.answered + 1, ()
                elif pair.answered >= params.answered and result == "unanswered":
                    pair.frames = (*pair.frames, frame)[: params.orders + 1]  # one more, so that it is told once
                    if len(pair.frames) == params.orders:
                        yield _found(rows.row(index, named=True), pair, known)

    return look


def _found(row: Row, pair: _Pair, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    return Finding(
        row,
        f"{known.name(whom)} no longer answers the orders of {known.name(who)} ({row['protocol']}).",
        (who, whom, row["protocol"]),
        why=(f"{len(pair.frames)} in a row without an answer, after others that were answered", said(row)),
        frames=pair.frames,
        confidence=0.7,
    )


def _orders(answers: str) -> list[dict[str, object]]:
    return [
        {"verb": "write", "protocol": "modbus", "function": "write_single_coil", "id.orig_h": "10.0.0.9",
         "id.resp_h": "10.0.0.1", "answered": int(a), "result": "ok" if a == "1" else "unanswered"}
        for a in answers
    ]  # fmt: skip


DETECTION = Detection(
    title="Orders get no answer",
    severity=Severity.MEDIUM,
    attack=("T0803", "T0814"),
    meaning="Operators press a button and nothing happens: the device is down, overloaded, or somebody in between "
    "holds the orders back.",
    runbook=(
        "See at the device whether it runs, and whether its network lamp is lit.",
        "See whether other stations reach it: if so, look at the way between (ARP tables, the switch).",
        "Until it is clear, operate the machine at its own panel.",
    ),
    benign="The device was switched off or restarted.",
    needs={"command": pl.col("verb").is_in(["write", "start", "stop", "set_mode", "acknowledge", "configure"]) & OT},
    # How many were answered says nothing more, once they are enough.
    thin={"command": Breaks(KEY, pl.col("answered") == 0, Params().answered)},
    watch=watch,
    fires=Case({"command": _orders("111000")}),
    quiet=Case({"command": _orders("11100100")}),
    params=Params(),
)
