"""A device is flooded with conversations or packets, or a whole network with broadcasts."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import brief, in_time
from linewarden.detections.settings import Settings, param

CYCLIC = ("cip_io", "sv", "goose", "ethercat", "powerlink", "profinet_rt", "ptp")
"""Services that send hundreds or thousands of packets a second by nature."""
GROUP = pl.col("id.resp_h").str.contains(r"^(2(2[4-9]|3\d)\.|255\.255\.255\.255|ff|.*\.255$)")
ALL = ("ff:ff:ff:ff:ff:ff", "255.255.255.255")
"""To everybody; groups are left out, since cyclic I/O goes to them."""
TRIED = pl.col("conn_state").fill_null("").is_in(["S0", "REJ", "RSTO", "RSTOS0", "RSTR", "SH"]) | (
    pl.col("conn_state").is_null() & (pl.col("resp_pkts") == 0)
)


COLUMNS = ("ts", "id.resp_h", "id.resp_p", "proto", "orig_pkts", "duration", "tried")


class Params(Settings):
    """How many, how fast."""

    # A controller keeps 8 to 32 connections; a client that tries again each 100 ms begins 100 in ten seconds.
    begun: int = param(400, "conversations", "with one port of one device that led to nothing: no client tries so fast")
    window_s: float = param(10.0, "s", "within so long")
    packets_s: float = param(2000.0, "packets/s", "toward one device, over a whole conversation")
    # A cell of a hundred devices hears a few broadcasts a second; small controllers begin to suffer at some hundreds.
    storm_s: float = param(200.0, "packets/s", "to everybody, from one sender, over a whole conversation")
    least_s: float = param(3.0, "s", "a conversation that counts: shorter ones are one burst of data")
    times: float = param(10.0, "", "how much more than the busiest conversation before, with the same port")


class _Load:
    """Of one port of one device: packets a second of the busiest conversation so far, and what was begun lately.

    Two numbers for what was begun, not a list: under a flood there are many, of many addresses.
    """

    __slots__ = ("begun", "busiest", "since")

    def __init__(self) -> None:
        self.busiest, self.since, self.begun = 0.0, 0, 0

    def begin(self, ts: int, window_ns: float) -> int:
        """Notes a conversation and gives how many there were in this stretch of time."""
        if ts - self.since > window_ns:
            self.since, self.begun = ts, 0
        self.begun += 1
        return self.begun


def watch(params: Params) -> Watch:
    """Counts beginnings by target and port: a scan has one or two of each port, a flood has all on one."""
    loads: Bounded[tuple[str, str, int], _Load] = Bounded(_Load)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        rows = in_time(rows).with_columns(TRIED.alias("tried"))
        for number, ts, whom, port, proto, packets, duration, tried in brief(rows, COLUMNS):
            if whom in ALL:
                pace = packets / max(duration, params.least_s)
                if pace >= params.storm_s:
                    yield _storm(rows.row(number, named=True), pace, known)
                continue
            load = loads.at((whom, proto, port or 0))
            if tried and load.begin(ts, params.window_s * 1e9) == params.begun:
                yield _many(rows.row(number, named=True), params, known)
            if duration >= params.least_s:
                pace = packets / duration
                if pace >= max(params.packets_s, params.times * load.busiest):
                    yield _fast(rows.row(number, named=True), pace, load.busiest, known)
                else:
                    load.busiest = max(load.busiest, pace)

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


def _storm(row: Row, pace: float, known: Knowledge) -> Finding:
    who = row["id.orig_h"]
    return Finding(
        row,
        f"{known.name(who)} floods its network with {pace:.0f} broadcasts a second ({row['service'] or row['proto']}).",
        (who, "storm"),
        why=(f"{row['orig_pkts']} packets in {row['duration']:.0f} s", f"role of the sender: {known.role(who)}"),
        confidence=0.9,
    )


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

_ARP = {
    "id.orig_h": "02:00:00:00:00:01", "id.resp_h": "ff:ff:ff:ff:ff:ff", "proto": "eth", "service": "arp",
    "duration": 10.0,
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
        "If nobody means harm: look for a loop, a broken network card, or a client that begins anew without end.",
    ),
    benign="A load test that was announced; a client with a mistake; a copy of much data.",
    needs={
        "conn": ~pl.col("service").fill_null("").is_in(CYCLIC) & (
            (pl.col("proto").is_in(["tcp", "udp", "icmp"]) & ~GROUP
             & (TRIED | ((pl.col("duration") > 1.0) & (pl.col("orig_pkts") > 100))))
            | (pl.col("id.resp_h").is_in(ALL) & (pl.col("orig_pkts") > 100))
        )
    },
    watch=watch,
    fires=Case({"conn": [*_begun(400), {**_ARP, "orig_pkts": 4000}]}),
    quiet=Case({"conn": [*_begun(399), {**_USUAL, "orig_pkts": 15_000}, {**_ARP, "orig_pkts": 900}]}),
    params=Params(),
)  # fmt: skip
