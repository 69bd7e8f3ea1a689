"""A value is written, or read, that lies outside of what was usual."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts


def told(row: Row, known: Knowledge) -> Finding:
    """What is written weighs more than what is measured: a process has its moods."""
    who, whom = ends(row, known)
    value, low, high, what = row["value"], row["low"], row["high"], row["what"]
    written = what.startswith("written ")
    usual = f"usual is {low:g} to {high:g}" if low < high else f"usual is {low:g}"
    point = what.removeprefix("written ")
    msg = (
        f"{who} wrote {value:g} to {point} of {whom}"
        if written
        else f"{point} of {known.name(row['subject'])} is {value:g}"
    )
    safety = written and known.is_safety(row["id.resp_h"])
    return Finding(
        row,
        f"{msg}; {usual}.",
        (row["subject"], what),
        facts(row, f"{value:g} against {low:g} to {high:g}"),
        severity=Severity.HIGH if safety else Severity.MEDIUM if written else Severity.LOW,
        techniques=("T0836",) if written else ("T0836", "T0831"),
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="Value outside of what was usual",
    severity=Severity.MEDIUM,
    attack=("T0836", "T0831"),
    meaning="A setpoint or a measurement is where it never was while we looked: the product, the machine or people may "
    "come to harm if nobody wanted that.",
    runbook=(
        "Look at the process itself, not only at the screen: does it do what the value says?",
        "For a written value, ask who sits at the sending station; put the old one back if nobody wanted it.",
        "If it is right, approve it; the range of the baseline holds it from now on.",
    ),
    benign="Another product, a start or a stop of the line.",
    needs={"novelty": (pl.col("kind") == "value") & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("value", what="written holding_register 20", value=900.0, low=180.0, high=184.0)]}),
    quiet=Case({"novelty": [example("value", what="tag Level", value=9.0, low=1.0, high=2.0, confidence=0.3)]}),
)
