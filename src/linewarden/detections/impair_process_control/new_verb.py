"""A known client does with a known device what it never did, such as the first write of a pure reader."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.novelties import SURE, ends, example, facts

READS = ("read", "browse", "subscribe", "diagnose", "program_upload", "authenticate")


def told(row: Row, known: Knowledge) -> Finding:
    """A verb that changes something weighs more than one that asks; another function of a known verb weighs less."""
    who, whom = ends(row, known)
    verb, _, function = row["what"].partition(" ")
    changes = verb not in READS
    did = f"function {function} ({verb})" if function else f"a {verb}"
    heavy = changes and (not function or known.is_safety(row["id.resp_h"]))
    return Finding(
        row,
        f"{who} sent {did} to {whom} for the first time ({row['protocol']}).",
        (row["id.orig_h"], row["id.resp_h"], row["what"]),
        facts(row, "the conversation is known, this is not"),
        severity=Severity.MEDIUM if heavy else Severity.LOW,
        confidence=row["confidence"],
    )


DETECTION = Detection(
    title="New kind of command from a known client",
    severity=Severity.LOW,
    attack=("T0855",),
    meaning="A station that only read begins to write, start or stop: either its task has changed, or somebody else is "
    "using it. The controller cannot tell the difference.",
    runbook=(
        "Ask who sits at the sending station what they did just now.",
        "Look at the target and the value, and at what the process did after.",
        "If it was right, approve it in the baseline; if not, cut the station off and put the value back.",
    ),
    benign="A function of the HMI that is seldom used, or a new version of its project.",
    needs={"novelty": (pl.col("kind") == "verb") & (pl.col("confidence") >= SURE)},
    watch=stateless(told),
    fires=Case({"novelty": [example("verb", what="write")]}),
    quiet=Case({"novelty": [example("target", what="write coil 0-63"), example("verb", what="read", confidence=0.3)]}),
)
