"""A station tries functions or addresses that a device does not have, one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.series import brief, in_time
from linewarden.detections.settings import Settings, param
from linewarden.plant.vocabulary import spelled

NOT_SO = "function|service|support|implement"
"""Results that refuse the function, not the address; names of the protocols' own errors."""
NO_SUCH_ADDRESS = 2
"""Modbus' exception (V1.1b3, 7). Commands do not show how many different ones were asked for: reads are summed up."""


ENDS = ("ts", "id.orig_h", "id.resp_h", "unit", "function")
MORE = {"command": ("protocol", "target", "result"), "modbus": ("address", "quantity")}


class Params(Settings):
    """How many, how fast."""

    # A client with a wrong setting is refused the same thing again and again; who searches is refused many things.
    functions: int = param(5, "functions", "different ones that were refused, from which on somebody tries them out")
    targets: int = param(12, "targets", "different areas and addresses that were refused, of one function")
    window_s: float = param(300.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """By sender, device and protocol."""
    functions: Bounded[tuple[str, ...], Recent[str]] = Bounded(lambda: Recent(params.window_s, 64), 2_000)
    targets: Bounded[tuple[str, ...], Recent[str]] = Bounded(lambda: Recent(params.window_s, 64), 2_000)

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        rows = in_time(rows)
        for number, ts, who, whom, unit, function, *more in brief(rows, (*ENDS, *MORE[stream])):
            spoken, target, result = more if stream == "command" else (stream, "{} ({})".format(*more), "")
            key = (who, whom, spoken)
            if re.search(NOT_SO, result or ""):
                tried = functions.at(key)
                if tried.add(ts, function) == params.functions:
                    yield _finding(rows.row(number, named=True), key, "functions", tried, ("T0888",), known)
                continue
            asked = targets.at((*key, function))
            if asked.add(ts, f"{unit} {target}") == params.targets:
                yield _finding(rows.row(number, named=True), key, "addresses", asked, ("T0861", "T0888"), known)

    return look


def _finding(
    row: Row, key: tuple[str, str, str], what: str, tried: Recent[str], techniques: tuple[str, ...], known: Knowledge
) -> Finding:
    who, whom, spoken = key
    return Finding(
        row,
        f"{known.name(who)} tries {what} that {known.name(whom)} does not have or refuses ({spelled(spoken)}).",
        (who, whom, spoken, what),
        why=(f"{len(tried)} different: {', '.join(tried.things()[:5])}, ...",
             said(row) if "protocol" in row else f"{row['function']}, {row['exception_name']}",
             f"role of the sender: {known.role(who)}"),
        severity=Severity.LOW if known.is_station(who) else None,
        techniques=techniques,
        confidence=0.7,
    )  # fmt: skip


def _refused(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "protocol": "modbus", "verb": "diagnose", "function": f"function_{i}", "unit": 1,
         "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "answered": 1, "errors": 1, "result": "illegal_function"}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Functions and addresses tried out",
    severity=Severity.MEDIUM,
    attack=("T0888", "T0861"),
    meaning="Somebody does not know the device and searches for what it can do and where its values are. Clients of the"
    " plant were set up once and ask for what there is.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "Look at what was not refused: these values and functions are known to it now.",
        "If nobody answers for it, block its way to the controllers at the firewall.",
    ),
    benign="A test of a device before it goes into use; a client that was set up for another model.",
    needs={"command": (pl.col("errors") > 0) & (pl.col("errors") >= pl.col("answered")) & OT
           & (pl.col("verb") != "authenticate"),
           "modbus": pl.col("exception") == NO_SUCH_ADDRESS},
    watch=watch,
    fires=Case({"command": _refused(5)}),
    quiet=Case({"command": [*_refused(4), *_refused(4)]}),
    params=Params(),
)  # fmt: skip
