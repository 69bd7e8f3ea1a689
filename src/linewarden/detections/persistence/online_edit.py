"""A program is changed while the controller runs."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.commands import OT, refused, said
from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.settings import Settings, param

ONLINE = r"(?i)online|change|edit|test_mode|insert_block"
"""Functions that exist for changing a part of what runs."""


class Params(Settings):
    """How long a stop counts."""

    stopped_s: float = param(3600.0, "s", "after a stop, in which a change is not taken for one in RUN")


def watch(params: Params) -> Watch:
    """Keeps whether each controller was stopped lately. What was never stopped in our sight is taken to run."""
    stopped: Bounded[str, int] = Bounded(lambda: 0)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom, verb, ts = row["id.orig_h"], row["id.resp_h"], row["verb"], int(row["ts"])
            if refused(row):
                continue
            if verb == "stop":
                stopped.put(whom, ts)
            elif verb == "start":
                stopped.drop(whom)
            else:
                since = stopped.get(whom)
                if since is None or ts - since > params.stopped_s * 1e9:
                    yield _found(row, who, whom, known)

    return look


def _found(row: dict[str, object], who: str, whom: str, known: Knowledge) -> Finding:
    return Finding(
        row,
        f"{known.name(who)} changed the program of {known.name(whom)} while it runs.",
        (who, whom),
        why=(said(row), "no stop of this controller was seen before", f"role of the sender: {known.role(who)}"),
        severity=Severity.HIGH if known.is_safety(whom) else None,
        confidence=0.7,
    )


EDIT = {
    "verb": "program_download", "protocol": "s7comm", "function": "pi_insert_block", "target": "OB1",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Program changed while it runs",
    severity=Severity.MEDIUM,
    attack=("T0889", "T0843"),
    meaning="The machine moves on by new logic from one cycle to the next. Nobody had to stop the line, so perhaps "
    "nobody noticed.",
    runbook=(
        "Look at the machine: does it do what it should?",
        "Ask the controls engineer whether this is their change.",
        "Compare the program with the approved one.",
    ),
    benign="A small change by the controls engineer, as is usual in some plants, in an announced window.",
    needs={
        "command": OT
        & (
            pl.col("verb").is_in(["stop", "start"])
            | (pl.col("verb") == "program_download") & pl.col("function").str.contains(ONLINE)
        )
    },
    watch=watch,
    fires=Case({"command": [EDIT]}),
    quiet=Case({"command": [{**EDIT, "verb": "stop", "function": "plc_stop"}, EDIT]}),
    params=Params(),
)
