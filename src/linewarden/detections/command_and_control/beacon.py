"""A device calls somebody on the internet at a steady pace."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import only
from linewarden.detections.settings import Settings, param

QUIET = ("ntp", "dns", "icmp", "ocsp")
"""Services that are steady by nature."""


PAIR = ("id.orig_h", "id.resp_h")


class Params(Settings):
    """How many, how steady."""

    calls: int = param(9, "conversations", "with the same host and port, from which on their pace is looked at")
    jitter: float = param(0.35, "", "how much the longest pause may exceed the shortest, of their mean")
    least_s: float = param(1.0, "s", "the mean pause that counts at least: below it one page is loaded")


def watch(params: Params) -> Watch:
    """Keeps the times of the last conversations, by the two hosts and the port."""
    seen: Bounded[tuple[str, str, int], deque[int]] = Bounded(lambda: deque(maxlen=params.calls))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        outward = only(rows.sort("ts"), PAIR, lambda who, whom: not known.is_outside(who) and known.is_outside(whom))
        for row in outward.iter_rows(named=True):
            who, whom = row["id.orig_h"], row["id.resp_h"]
            times = seen.at((who, whom, row["id.resp_p"] or 0))
            times.append(int(row["ts"]))
            if len(times) < params.calls:
                continue
            pauses = [(b - a) / 1e9 for a, b in zip(list(times), list(times)[1:], strict=False)]
            mean = sum(pauses) / len(pauses)
            if mean >= params.least_s and (max(pauses) - min(pauses)) <= params.jitter * mean:
                yield Finding(
                    row,
                    f"{known.name(who)} calls {known.name(whom)} on the internet every {mean:.0f} s.",
                    (who, whom, str(row["id.resp_p"])),
                    why=(f"{params.calls} conversations, pauses {min(pauses):.1f} to {max(pauses):.1f} s",
                         f"service {row['service'] or row['proto']}, role: {known.role(who)}"),
                    severity=Severity.HIGH if known.is_field(who) else None,
                    confidence=0.7,
                )  # fmt: skip

    return look


def _calls(pause_s: list[float]) -> list[dict[str, object]]:
    at, found = 0.0, []
    for pause in pause_s:
        at += pause
        found.append({"ts": int(at * 1e9), "id.orig_h": "10.0.2.31", "id.resp_h": "8.8.4.4", "id.resp_p": 80,
                      "proto": "tcp", "service": "http", "conn_state": "SF", "orig_bytes": 80})  # fmt: skip
    return found


DETECTION = Detection(
    title="Steady calls to the internet",
    severity=Severity.MEDIUM,
    attack=("T0869", "T0885"),
    meaning="Programs of an intruder call home like this and wait for orders. So do cloud services: the question is"
    " whether this device should have one.",
    runbook=(
        "Ask whether this device is meant to report to a cloud, and to this address.",
        "Look at what came before: logins, a changed setting, a file that was loaded.",
        "If nobody answers for it: block the address at the firewall, and keep the device as it is.",
    ),
    benign="A cloud service or a remote-access box that somebody ordered: say so once.",
    needs={"conn": pl.col("proto").is_in(["tcp", "udp"]) & ~pl.col("service").fill_null("").is_in(QUIET)
           & (pl.col("orig_bytes") > 0)},
    watch=watch,
    fires=Case({"conn": _calls([4.0, 4.2, 4.1, 4.0, 4.4, 4.1, 4.3, 4.0, 4.2])}),
    quiet=Case({"conn": _calls([4.0, 14.2, 1.1, 40.0, 4.4, 9.1, 4.3, 30.0, 4.2])}),
    params=Params(),
)  # fmt: skip
