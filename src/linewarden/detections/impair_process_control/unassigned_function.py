"""A Modbus message has a function code that the standard does not assign, or one that programmed Modicons of old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.settings import Settings, param

ASSIGNED = (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43)
"""MODBUS Application Protocol Specification V1.1b3, 5.1."""
UMAS = 90
"""Schneider's own protocol, which is read: its commands have detections of their own."""
MAKERS = (*range(65, 73), *range(100, 111))
"""Left to makers: the same, 5 ("user-defined function codes")."""
CHANGES = {
    9: "programs a 484", 13: "programs a 584 or 984", 18: "programs an 884", 19: "resets an 884's link",
    40: "programs with Concept", 125: "replaces firmware", 126: "programs a 584 or 984",
}  # fmt: skip
"""What these meant in Modicon's controllers; to the standard they are reserved or not assigned, like the rest.

Source: Zeek, base/protocols/modbus/consts.zeek; Wireshark, packet-mbtcp.c.
"""
PORT = 502


class Params(Settings):
    """How many, how fast."""

    codes: int = param(4, "codes", "different ones between two hosts, from which on somebody tries them out")
    window_s: float = param(300.0, "s", "within so long")


@dataclass(frozen=True, slots=True)
class Kind:
    """Of a code: which, in words, and how much it weighs."""

    name: str
    words: str
    severity: Severity


def kind(code: int) -> Kind:
    """What the code is."""
    if code in CHANGES:
        return Kind("old", f"which {CHANGES[code]}", Severity.MEDIUM)
    if code in MAKERS:
        return Kind("maker", "which is left to makers", Severity.INFO)
    return Kind("free", "which is reserved or not assigned", Severity.LOW)


def watch(params: Params) -> Watch:
    """By the two hosts: each kind once, and many codes once more."""
    seen: Bounded[tuple[str, str], Recent[int]] = Bounded(lambda: Recent(params.window_s, 128), 2_000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom, did = _said(row, known)
            code, codes = int(row["func"]), seen.at((who, whom))
            if codes.add(int(row["ts"]), code) == params.codes:
                tried = ", ".join(map(str, sorted(codes.things())))
                what = f"{params.codes} function codes of Modbus or more that are not assigned: somebody tries them out"
                facts = (f"codes {tried}",)
                yield _finding(row, who, whom, f"{did} {what}", ("many", *facts), Severity.MEDIUM, known)
            found = kind(code)
            severity = Severity.LOW if found.severity is Severity.MEDIUM and row["exception"] else found.severity
            what = f"function code {code} of Modbus, {found.words}"
            yield _finding(row, who, whom, f"{did} {what}", (found.name, f"code {code}"), severity, known)

    return look


def _said(row: Row, known: Knowledge) -> tuple[str, str, str]:
    """Who sent the code to whom, and how: an answer without a question is the server's, but not one that refuses."""
    client, server = row["id.orig_h"], row["id.resp_h"]
    if row["id.orig_p"] == PORT:
        client, server = server, client
    if row["resp_frame"] == row["frame"] and row["exception"] is None:
        return server, client, f"{known.name(server)} answers {known.name(client)} unasked with"
    return client, server, f"{known.name(client)} sends {known.name(server)}"


def _finding(
    row: Row, who: str, whom: str, did: str, what: tuple[str, str], severity: Severity, known: Knowledge
) -> Finding:
    name, fact = what
    answer = "not seen" if row["resp_frame"] is None else row["exception_name"] or "taken"
    safety = known.role(whom) is Role.SAFETY_CONTROLLER and severity.order > Severity.MEDIUM.order
    return Finding(
        row,
        f"{did}.",
        (who, whom, name),
        why=(fact, f"answer: {answer}", f"roles: {known.role(who)}, {known.role(whom)}"),
        severity=Severity.MEDIUM if safety else severity,
        techniques=("T0855", "T0888") if name == "many" else (),
        orig=who,
        resp=whom,
        confidence=0.8,
    )


def _asked(*codes: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "id.orig_h": "10.0.0.66", "id.orig_p": 50_000, "id.resp_h": "10.0.0.1", "id.resp_p": PORT,
         "is_orig": True, "func": code}
        for i, code in enumerate(codes)
    ]  # fmt: skip


DETECTION = Detection(
    title="Function code that is not assigned",
    severity=Severity.LOW,
    attack=("T0855",),
    meaning="No client that was set up for this plant needs such a code. Devices fail over what they do not know, and"
    " old controllers are programmed by it.",
    runbook=(
        "See whether the device that was addressed still works as it should, and what it answered.",
        "Find out what stands at the sending address, and who uses it.",
        "If nobody answers for it, let the firewall pass the assigned codes only, or nothing from there.",
    ),
    benign="A maker's own tool or device (codes 65 to 72 and 100 to 110 are theirs); a test before it goes into use.",
    needs={"modbus": ~pl.col("func").is_in([*ASSIGNED, UMAS])},
    watch=watch,
    fires=Case({"modbus": _asked(42)}),
    quiet=Case({"modbus": _asked(1, 3, 16, 43, 90)}),
    params=Params(),
    refractory_s=86_400.0,
)
