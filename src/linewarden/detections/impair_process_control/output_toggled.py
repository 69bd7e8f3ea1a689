"""An output or a set-point is switched to and fro."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch, param
from linewarden.detections.knowledge import FIELD, Knowledge
from linewarden.detections.memory import Bounded


@dataclass(frozen=True, slots=True)
class Params:
    """How often, how fast."""

    turns: int = param(8, "changes", "of one point back to a value that it had before")
    window_s: float = param(60.0, "s", "within so long")


@dataclass(slots=True)
class _Point:
    since: int
    before: str = ""
    now: str = ""
    turns: deque[tuple[int, int]] | None = None


def watch(params: Params) -> Watch:
    """Counts the turns A, B, A of each point."""
    points: Bounded[tuple[str, str, str], _Point] = Bounded(lambda: _Point(0))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom, value = row["id.orig_h"], row["id.resp_h"], row["value"]
            if known.role(who) in FIELD:  # a controller's own cycle may do this all day
                continue
            point = points.at((who, whom, row["target"]))
            point.since = point.since or int(row["ts"])
            if value == point.now:
                continue
            turned = value == point.before
            point.before, point.now = point.now, value
            if not turned:
                continue
            if point.turns is None:
                point.turns = deque(maxlen=params.turns)
            point.turns.append((int(row["ts"]), row["frame"]))
            lasted = (point.turns[-1][0] - point.turns[0][0]) / 1e9
            if len(point.turns) == params.turns and lasted <= params.window_s:
                # What toggles from the first moment on is most often a life bit.
                quiet_s = (point.turns[0][0] - point.since) / 1e9
                yield Finding(
                    row,
                    f"{known.name(who)} switched {row['target']} of {known.name(whom)} to and fro "
                    f"{params.turns} times within {max(lasted, 1):.0f} s.",
                    (who, whom, row["target"]),
                    why=(f"between {point.before} and {value}", said(row)),
                    frames=tuple(frame for _, frame in point.turns),
                    severity=None if quiet_s > params.window_s else Severity.LOW,
                    confidence=0.8 if quiet_s > params.window_s else 0.5,
                )
                point.turns.clear()

    return look


def _writes(values: str, pause_s: float = 1.0) -> list[dict[str, object]]:
    return [
        {"ts": int(i * pause_s * 1e9), "verb": "write", "protocol": "modbus", "function": "write_single_coil",
         "target": "coil 4", "value": v, "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1,
         "result": "ok"}
        for i, v in enumerate(values)
    ]  # fmt: skip


DETECTION = Detection(
    title="Output switched to and fro",
    severity=Severity.MEDIUM,
    attack=("T0806", "T0831"),
    meaning="Drives, valves and breakers wear out or trip when they are switched in quick turn; the process cannot "
    "settle.",
    runbook=(
        "Switch the point to manual at the panel, and see that the machine is safe.",
        "Find out which program at the sending station writes it.",
        "If nobody answers for it: block the sender's way to the controller.",
    ),
    benign="A life-bit (watchdog) that a station toggles by design: say so once, for this target.",
    needs={
        "command": (pl.col("verb") == "write")
        & OT
        & pl.col("value").is_not_null()
        & pl.col("target").is_not_null()
        & (pl.col("errors") == 0)
    },
    watch=watch,
    fires=Case({"command": _writes("0101010101")}),
    quiet=Case({"command": _writes("0101010011110")}),
    params=Params(),
)
