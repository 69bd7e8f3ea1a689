"""A set-point makes a far larger step than any before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.commands import WRITTEN, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import series_of
from linewarden.detections.settings import Settings, param
from linewarden.detections.thinning import Changes

KEY = ("id.resp_h", "target")


class Params(Settings):
    """How large against what."""

    steps: int = param(8, "steps", "of a point that must be known before one can be called large")
    times: float = param(5.0, "", "the largest known step")


@dataclass(slots=True)
class _Point:
    last: float | None = None
    steps: deque[float] = field(default_factory=lambda: deque(maxlen=64))
    usual: float = 0.0
    """The largest of the steps."""

    def note(self, step: float) -> None:
        """One more step; the oldest goes."""
        gone = self.steps[0] if len(self.steps) == self.steps.maxlen else 0.0
        self.steps.append(step)
        if abs(step) >= self.usual:
            self.usual = abs(step)
        elif abs(gone) == self.usual:
            self.usual = max(map(abs, self.steps))


def _number(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < 1e15 else None


def watch(params: Params) -> Watch:
    """Keeps the last steps of each point, whoever writes it."""
    points: Bounded[tuple[str, str], _Point] = Bounded(_Point)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for key, series in series_of(rows, KEY, ("value",)):
            point = points.at(key)
            for index, text in series:
                value = _number(text)
                if value is None:
                    continue
                before, point.last = point.last, value
                step = value - before if before is not None else 0.0
                if step == 0.0:
                    continue
                large = abs(step) > params.times * point.usual and len(point.steps) >= params.steps
                if large and not _begins_anew(step, point.steps):
                    yield _found(rows.row(index, named=True), before, value, point.usual, len(point.steps), known)
                point.note(step)

    return look


def _begins_anew(step: float, steps: Iterable[float]) -> bool:
    """True for a counter (a life sign, a batch number) that went one way only and falls back."""
    return all(s * step < 0 for s in steps)


def _found(row: Row, before: float | None, value: float, usual: float, steps: int, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    return Finding(
        row,
        f"{known.name(who)} set {row['target']} of {known.name(whom)} from {before:g} to {value:g}; "
        f"steps of up to {usual:g} are usual.",
        (whom, row["target"]),
        why=(said(row), f"{steps} steps before, the largest {usual:g}"),
        severity=Severity.HIGH if known.is_safety(whom) else None,
        confidence=0.6,
    )


def _writes(values: list[float]) -> list[dict[str, object]]:
    return [
        {"verb": "write", "protocol": "modbus", "function": "write_single_register", "target": "holding_register 20",
         "value": f"{v:g}", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok"}
        for v in values
    ]  # fmt: skip


DETECTION = Detection(
    title="Set-point jumped",
    severity=Severity.MEDIUM,
    attack=("T0836", "T0831"),
    meaning="Set-points move in small steps, since machines and products do not bear large ones: pressure surges, "
    "torn webs, tripped drives.",
    runbook=(
        "Look at the machine: can it follow this step without harm?",
        "Ask the operator whether this was meant, and put the old value back if not.",
        "Find out which program or person at the sending station wrote it.",
    ),
    benign="A change of product, or a return to zero at the end of a batch.",
    needs={"command": WRITTEN & pl.col("value").is_not_null()},
    thin={"command": Changes(KEY, "value")},
    watch=watch,
    fires=Case({"command": _writes([100, 101, 102, 101, 100, 101, 102, 101, 100, 180])}),
    quiet=Case({"command": _writes([100, 101, 102, 101, 100, 101, 102, 101, 100, 104])}),
    params=Params(),
)
