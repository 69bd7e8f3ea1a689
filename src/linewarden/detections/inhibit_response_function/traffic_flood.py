"""A device is flooded: conversations begun by the hundred, or packets far beyond what it is used to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate

CYCLIC = ("cip_io", "sv", "goose", "ethercat", "powerlink", "profinet_rt", "ptp")
"""Services that send hundreds or thousands of packets a second by nature."""
GROUP = pl.col("id.resp_h").str.contains(r"^(2(2[4-9]|3\d)\.|255\.255\.255\.255|ff|.*\.255$)")
TRIED = pl.col("conn_state").fill_null("").is_in(["S0", "REJ", "RSTO", "RSTOS0", "RSTR", "SH"]) | (
    pl.col("conn_state").is_null() & (pl.col("resp_pkts") == 0)
)


@dataclass(frozen=True, slots=True)
class Params:
    """How many, how fast."""

    # A controller keeps 8 to 32 connections; a client that tries again each 100 ms begins 100 in ten seconds.
    begun: int = param(400, "conversations", "with one port of one device that led to nothing: no client tries so fast")
    window_s: float = param(10.0, "s", "within so long")
    packets_s: float = param(2000.0, "packets/s", "toward one device, over a whole conversation")
    least_s: float = param(3.0, "s", "a conversation that counts: shorter ones are one burst of data")
    times: float = param(10.0, "", "how much more than the busiest conversation before, with the same port")


class _Usual:
    """Packets a second of the busiest conversation so far with one port of one device."""

    busiest = 0.0


def watch(params: Params) -> Watch:
    """Counts beginnings by target and port: a scan has one or two of each port, a flood has all on one."""
    begun: Bounded[tuple[str, str, int], Rate] = Bounded(lambda: Rate(params.window_s, 2 * params.begun))
    usual: Bounded[tuple[str, str, int], _Usual] = Bounded(_Usual)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").with_columns(TRIED.alias("tried")).iter_rows(named=True):
            key = (row["id.resp_h"], row["proto"], int(row["id.resp_p"] or 0))
            if row["tried"]:
                total = begun.at(key).add(int(row["ts"]))
                if total == params.begun:
                    yield _many(row, params, known)
            if row["duration"] >= params.least_s:
                pace, before = row["orig_pkts"] / row["duration"], usual.at(key)
                if pace >= max(params.packets_s, params.times * before.busiest):
                    yield _fast(row, pace, before.busiest, known)
                else:
                    before.busiest = max(before.busiest, pace)

    return look


def _many(row: Row, params: Params, known: Knowledge) -> Finding:
    whom, port = row["id.resp_h"], f"{row['proto']}/{row['id.resp_p'] or ''}".rstrip("/")
    return Finding(
        row,
        f"{known.name(whom)} is flooded on {port}: {params.begun} or more conversations within"
        f" {params.window_s:.0f} s that led to nothing, the last from {known.name(row['id.orig_h'])}.",
        (whom, port),
        why=(f"state of the last: {row['conn_state'] or 'no answer'}", f"role of the target: {known.role(whom)}"),
        severity=_severity(whom, known),
        count=params.begun,
        confidence=0.8,
    )


def _fast(row: Row, pace: float, before: float, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    return Finding(
        row,
        f"{known.name(who)} sends {known.name(whom)} {pace:.0f} packets a second ({row['service'] or row['proto']}).",
        (who, whom, "packets"),
        why=(f"{row['orig_pkts']} packets in {row['duration']:.0f} s, {row['resp_pkts']} back",
             f"most before: {before:.0f} a second", f"role of the target: {known.role(whom)}"),
        severity=_severity(whom, known),
        confidence=0.7,
    )  # fmt: skip


def _severity(whom: str, known: Knowledge) -> Severity | None:
    if known.is_safety(whom):
        return Severity.CRITICAL
    return Severity.HIGH if known.is_field(whom) else None if known.is_ot(whom) else Severity.LOW


def _begun(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**7, "id.orig_h": f"10.0.{i % 250}.66", "id.resp_h": "10.0.0.1", "id.resp_p": 502, "proto": "tcp",
         "conn_state": "S0", "orig_pkts": 1, "resp_pkts": 0}
        for i in range(n)
    ]  # fmt: skip


_USUAL = {
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "id.resp_p": 502, "proto": "tcp", "conn_state": "SF",
    "duration": 10.0, "orig_pkts": 20_000, "resp_pkts": 20_000,
}  # fmt: skip

DETECTION = Detection(
    title="Flood",
    severity=Severity.MEDIUM,
    attack=("T0814",),
    meaning="Controllers have little time for their network: under a flood they answer nobody, and some stop. Operators"
    " then see old values.",
    runbook=(
        "See whether the device still answers its operators, and whether its program still runs.",
        "Find the port of the switch from which it comes, and close it: the sending addresses may be false.",
        "Look for a loop in the network, or a client that begins anew without end, if nobody means harm.",
    ),
    benign="A load test that was announced; a client with a mistake; a copy of much data.",
    needs={
        "conn": pl.col("proto").is_in(["tcp", "udp", "icmp"]) & ~GROUP & ~pl.col("service").fill_null("").is_in(CYCLIC)
        & (TRIED | ((pl.col("duration") > 1.0) & (pl.col("orig_pkts") > 100)))
    },
    watch=watch,
    fires=Case({"conn": _begun(400)}),
    quiet=Case({"conn": [*_begun(399), {**_USUAL, "orig_pkts": 15_000}]}),
    params=Params(),
)  # fmt: skip
