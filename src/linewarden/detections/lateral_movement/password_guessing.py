"""One host tries to sign in to another, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate, Recent
from linewarden.detections.settings import Settings, param


class Params(Settings):
    """How many, how fast."""

    refusals: int = param(5, "logins", "that were refused (of SNMP: communities without an answer): it is guessing")
    sessions: int = param(12, "sessions", "of SSH, whose refusals are encrypted: people begin few in so short a time")
    window_s: float = param(600.0, "s", "within so long")


Pair = tuple[str, str, str]
ASKS = ("get_request", "get_next_request", "get_bulk_request", "set_request")


@dataclass(frozen=True, slots=True)
class _Tally:
    """How many there were lately, how many of them are new, from how many on they are told, and in words."""

    total: int
    new: int
    most: int
    did: str


class _Counter:
    """Counts refused logins, SSH sessions and communities, by the two hosts and the protocol."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._seen: Bounded[Pair, Rate] = Bounded(lambda: Rate(params.window_s))
        self._tried: Bounded[Pair, Recent[str]] = Bounded(lambda: Recent(params.window_s, 4 * params.refusals))

    def add(self, key: Pair, stream: str, row: Row) -> _Tally:
        ts, limits = int(row["ts"]), self._params
        if stream == "snmp":
            # Agents keep silent to a wrong community. One that is asked for again and again is a device that is away.
            before, total = len(self._tried.at(key)), self._tried.at(key).add(ts, row["community"])
            return _Tally(total, total - before, limits.refusals, "tried communities (SNMP) of")
        count = int(row["count"]) if stream == "command" else 1
        total = self._seen.at(key).add(ts, count)
        if stream == "ssh":
            return _Tally(total, count, limits.sessions, "began SSH sessions with")
        return _Tally(total, count, limits.refusals, f"was refused as it signed in to ({key[2]})")


def watch(params: Params) -> Watch:
    """Tells once when the count reaches its limit."""
    counter = _Counter(params)

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            key = (row["id.orig_h"], row["id.resp_h"], str(row["protocol"]) if stream == "command" else stream)
            tally = counter.add(key, stream, row)
            if tally.total - tally.new < tally.most <= tally.total:
                yield _finding(row, key, stream, tally, known, params)

    return look


def _finding(row: Row, key: Pair, stream: str, tally: _Tally, known: Knowledge, params: Params) -> Finding:
    who, whom, _ = key
    return Finding(
        row,
        f"{known.name(who)} {tally.did} {known.name(whom)} {tally.most} times or more within {params.window_s:.0f} s.",
        key,
        why=(f"{tally.total} in {params.window_s:.0f} s", f"role of the target: {known.role(whom)}"),
        severity=Severity.HIGH if known.is_ot(whom) else None,
        count=tally.total,
        confidence=0.7 if stream == "ssh" else 0.95,
    )


def _refusals(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "verb": "authenticate", "protocol": "ftp", "function": "PASS", "id.orig_h": "10.0.0.66",
         "id.resp_h": "10.0.0.1", "answered": 1, "errors": 1, "result": "not_logged_in"}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Passwords guessed",
    severity=Severity.HIGH,
    attack=("T1110", "T0812"),
    meaning="Somebody, or a program, tries passwords until one fits. Behind it may be a panel, a server or a "
    "controller's web page.",
    runbook=(
        "See whether a login worked in the end: look at what the same sender did afterwards.",
        "Change the password of the account that was tried, and close the service if nobody needs it.",
        "Find out what stands at the sending address; a machine of the plant that does so is itself in other hands.",
    ),
    benign="A script or a service with an old password: it tries the same account, at its own steady pace, for days.",
    needs={
        "command": (pl.col("verb") == "authenticate") & (pl.col("errors") > 0),
        "http": (pl.col("status_code") == 401) & pl.col("auth_scheme").is_not_null(),
        "ssh": pl.lit(True),  # all of them
        "snmp": pl.col("pdu_name").fill_null("").is_in(ASKS)
        & pl.col("reply_pdu").is_null()
        & pl.col("community").is_not_null(),
    },
    watch=watch,
    fires=Case({"command": _refusals(5)}),
    quiet=Case({"command": _refusals(4)}),
    params=Params(),
)
