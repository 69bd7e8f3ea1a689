"""A station sends messages that break the rules of their protocol, many in a short time."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate, Recent
from linewarden.detections.settings import Settings, param
from linewarden.plant.vocabulary import CONTROL, OT, protocol, spelled

UNREAD = "rich_budget_exceeded"
"""The sensor passed a message over, since it had read as many as it may (`engine/sensor/src/rich.rs`)."""


class Params(Settings):
    """How many, how fast."""

    # A tap that loses packets, and devices with a mistake of their own, break rules a few times an hour, not a minute.
    messages: int = param(20, "messages", "of one pair and protocol that break rules, from which on they are told")
    kinds: int = param(3, "kinds", "of broken rules; so many different ones look like somebody who tries things out")
    window_s: float = param(60.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts by sender, receiver and protocol."""
    seen: Bounded[tuple[str, str, str], Rate] = Bounded(lambda: Rate(params.window_s, 2 * params.messages), 2_000)
    kinds: Bounded[tuple[str, str, str], Recent[str]] = Bounded(lambda: Recent(params.window_s, 32), 2_000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            key = (who, whom, spoken) = row["id.orig_h"], row["id.resp_h"], protocol(row["protocol"])
            count = int(row["count"])
            total = seen.at(key).add(int(row["ts"]), count)
            names = kinds.at(key)
            names.add(int(row["ts"]), row["name"])
            if not total - count < params.messages <= total:
                continue
            grave = spoken in CONTROL and known.is_field(whom) and len(names) >= params.kinds
            yield Finding(
                row,
                f"{known.name(who)} and {known.name(whom)} exchange {spelled(spoken)} messages that break its rules:"
                f" {total} within {params.window_s:.0f} s.",
                key,
                why=(f"rules: {', '.join(names.things()[:5])}", f"role of the target: {known.role(whom)}"),
                severity=Severity.MEDIUM if grave else Severity.LOW if spoken in OT else Severity.INFO,
                count=total,
                confidence=0.5,
            )

    return look


def _broken(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "id.resp_p": 502, "protocol": "modbus",
         "name": "modbus_framing_lost", "count": 2}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Many messages that break their protocol",
    severity=Severity.LOW,
    attack=("T0814", "T0866"),
    meaning="Devices fail over messages that nobody expected: it is how they are made to hang, and how weaknesses are"
    " searched for. A broken device or cable looks the same.",
    runbook=(
        "See whether the device that was addressed still works as it should.",
        "Open the packets: is it one message again and again (a fault), or always another one (somebody tries)?",
        "If somebody tries: take the sending machine off the network at the switch.",
    ),
    benign="A device whose maker reads the standard in his own way, a cut capture, or a tap that loses packets.",
    # Without a protocol it is the network or the tap: cut packets, checksums. What we had no time to read is no fault.
    needs={"weird": pl.col("protocol").is_not_null() & ~pl.col("name").str.contains(UNREAD, literal=True)},
    watch=watch,
    fires=Case({"weird": _broken(10)}),
    quiet=Case({"weird": _broken(9)}),
    params=Params(),
)
