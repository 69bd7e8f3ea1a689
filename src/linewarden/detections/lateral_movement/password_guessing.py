"""One host tries to sign in to another, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate


@dataclass(frozen=True, slots=True)
class Params:
    """How many, how fast."""

    refusals: int = param(5, "logins", "that were refused, from which on it is guessing")
    sessions: int = param(12, "sessions", "of SSH, whose refusals are encrypted: people begin few in so short a time")
    window_s: float = param(600.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts refused logins, and SSH sessions, by the two hosts."""
    seen: Bounded[tuple[str, str, str], Rate] = Bounded(lambda: Rate(params.window_s))

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            protocol = str(row["protocol"]) if stream == "command" else stream
            most = params.sessions if stream == "ssh" else params.refusals
            who, whom = row["id.orig_h"], row["id.resp_h"]
            count = int(row["count"]) if stream == "command" else 1
            total = seen.at((who, whom, protocol)).add(int(row["ts"]), count)
            if total - count < most <= total:
                what = "began SSH sessions with" if stream == "ssh" else f"was refused as it signed in to ({protocol})"
                yield Finding(
                    row,
                    f"{known.name(who)} {what} {known.name(whom)} {most} times or more within {params.window_s:.0f} s.",
                    (who, whom, protocol),
                    why=(f"{total} in {params.window_s:.0f} s", f"role of the target: {known.role(whom)}"),
                    severity=Severity.HIGH if known.is_ot(whom) else None,
                    count=total,
                    confidence=0.7 if stream == "ssh" else 0.95,
                )

    return look


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
    },
    watch=watch,
    fires=Case({"command": _refusals(5)}),
    quiet=Case({"command": _refusals(4)}),
    params=Params(),
)
