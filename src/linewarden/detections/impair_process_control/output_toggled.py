"""An output or a set-point is switched to and fro."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.commands import WRITTEN, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import FIELD, Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import series_of
from linewarden.detections.settings import Settings, param
from linewarden.detections.thinning import Changes

KEY = ("id.orig_h", "id.resp_h", "target")


class Params(Settings):
    """How often, how fast."""

    turns: int = param(8, "changes", "of one point back to a value that it had before")
    window_s: float = param(60.0, "s", "within so long")


@dataclass(slots=True)
class _Point:
    """The last two values, and when it went back to the one before."""

    since: int = 0
    before: str = ""
    now: str = ""
    turns: deque[tuple[int, int]] = field(default_factory=deque)

    def turned(self, ts: int, frame: int, value: str, most: int) -> deque[tuple[int, int]]:
        """Times and frames of the last turns A, B, A; empty if this is none."""
        self.since = self.since or ts
        if value == self.now:
            return _NONE
        turned = value == self.before
        self.before, self.now = self.now, value
        if not turned:
            return _NONE
        if len(self.turns) == most:
            self.turns.popleft()
        self.turns.append((ts, frame))
        return self.turns


_NONE: deque[tuple[int, int]] = deque(maxlen=0)


def watch(params: Params) -> Watch:
    """Keeps the last turns of each point, by who writes it."""
    points: Bounded[tuple[str, str, str], _Point] = Bounded(_Point)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for key, series in series_of(rows, KEY, ("ts", "frame", "value")):
            if known.role(key[0]) in FIELD:  # a controller's own cycle may do this all day
                continue
            point = points.at(key)
            for index, ts, frame, value in series:
                turns = point.turned(ts, frame, value, params.turns)
                if len(turns) == params.turns and turns[-1][0] - turns[0][0] <= params.window_s * 1e9:
                    yield _found(rows.row(index, named=True), point, params, known)
                    turns.clear()

    return look


def _found(row: Row, point: _Point, params: Params, known: Knowledge) -> Finding:
    who, whom, (first, last) = row["id.orig_h"], row["id.resp_h"], (point.turns[0][0], point.turns[-1][0])
    # What toggles from the first moment on is most often a life bit.
    settled = (first - point.since) / 1e9 > params.window_s
    return Finding(
        row,
        f"{known.name(who)} switched {row['target']} of {known.name(whom)} to and fro {params.turns} times within "
        f"{max((last - first) / 1e9, 1):.0f} s.",
        (who, whom, row["target"]),
        why=(f"between {point.before} and {point.now}", said(row)),
        frames=tuple(frame for _, frame in point.turns),
        severity=None if settled else Severity.LOW,
        confidence=0.8 if settled else 0.5,
    )


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
    needs={"command": WRITTEN & pl.col("value").is_not_null()},
    thin={"command": Changes(KEY, "value")},
    watch=watch,
    fires=Case({"command": _writes("0101010101")}),
    quiet=Case({"command": _writes("0101010011110")}),
    params=Params(),
)
