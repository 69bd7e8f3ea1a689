"""A machine asks all for the same two neighbours again and again, as programs do that poison ARP.

Whoever stands between two machines must tell each of them, every few seconds, that he is the other one. Those answers
go to one port each and are seldom heard elsewhere. The programs that send them often ask for both addresses first, each
time, and that goes to everybody: an ordinary host asks once, keeps the answer for half a minute or more, and then asks
the owner alone (RFC 1122, 2.3.2.1; Linux, arp(7)).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate, Recent
from linewarden.detections.series import brief, in_time
from linewarden.detections.settings import Settings, param

EVERYBODY = "ff:ff:ff:ff:ff:ff"
COLUMNS = ("ts", "src_mac", "src_ip", "dst_ip", "operation", "id.resp_h", "resp_frame")


class Params(Settings):
    """How many, how fast."""

    questions: int = param(6, "questions", "to all for one address, though its owner is there")
    targets: int = param(2, "addresses", "that are asked for so; a pair is what somebody stands between")
    most: int = param(8, "addresses", "asked for at all; who asks for more searches, and is told as a sweep")
    window_s: float = param(60.0, "s", "within so long")


class _Asker:
    """What one machine asked all for lately."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._asked: Bounded[str, Rate] = Bounded(lambda: Rate(params.window_s, 2 * params.questions), 64)
        self._often: Recent[str] = Recent(params.window_s, 64)
        self._all: Recent[str] = Recent(params.window_s, 64)

    def ask(self, ts: int, target: str) -> list[str]:
        """The addresses that are asked for anew; empty as long as they are too few, or too many."""
        every = self._all.add(ts, target)
        if self._asked.at(target).add(ts) >= self._params.questions:
            self._often.add(ts, target)
        often = self._often.things()
        return often if len(often) >= self._params.targets and every <= self._params.most else []


def watch(params: Params) -> Watch:
    """By the asking machine; at least one of those that it asks for must be there."""
    askers: Bounded[str, _Asker] = Bounded(lambda: _Asker(params), 2_000)
    heard: Bounded[str, list[int]] = Bounded(lambda: [0])

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        rows = in_time(rows)
        for number, ts, mac, ip, target, operation, whom, answer in brief(rows, COLUMNS):
            heard.at(ip)[0] = ts
            if operation != "request" or whom != EVERYBODY or target == ip:
                continue
            if answer is not None:
                heard.at(target)[0] = ts
            pair = askers.at(mac).ask(ts, target)
            there = [p for p in pair if ts - (heard.get(p) or [0])[0] <= params.window_s * 1e9]
            if there:
                yield _finding(rows.row(number, named=True), mac, pair, there, known, params)

    return look


def _finding(row: Row, mac: str, pair: list[str], there: list[str], known: Knowledge, params: Params) -> Finding:
    return Finding(
        row,
        f"{known.name(mac)} asks all again and again for {' and '.join(map(known.name, sorted(pair)))}: it may stand"
        " between them.",
        (mac, *sorted(pair)),
        why=(f"{params.questions} questions and more for each within {params.window_s:.0f} s",
             f"there it is: {', '.join(sorted(there))}", "a host keeps the first answer"),
        orig=mac,
        resp=there[0],
        confidence=0.5,
    )  # fmt: skip


def _asked(n: int) -> list[dict[str, object]]:
    base = {"opcode": 1, "operation": "request", "is_orig": True, "id.resp_h": EVERYBODY}
    us = {**base, "id.orig_h": "00:00:00:00:00:66", "src_mac": "00:00:00:00:00:66", "src_ip": "10.0.0.66"}
    there = {**base, "id.orig_h": "00:00:00:00:00:02", "src_mac": "00:00:00:00:00:02", "src_ip": "10.0.0.2",
             "dst_ip": "10.0.0.9", "ts": 0}  # fmt: skip
    return [there] + [{**us, "ts": i * 10**9, "dst_ip": f"10.0.0.{1 + i % 2}"} for i in range(n)]


DETECTION = Detection(
    title="Neighbours asked for anew",
    severity=Severity.MEDIUM,
    attack=("T0830",),
    meaning="Somebody may read or change what these two say to each other, so that operators see a plant that is not"
    " there. Only his questions are heard at this place.",
    runbook=(
        "Look at the ARP tables of both machines: do they have the right MAC addresses for each other?",
        "Find the asking machine's MAC address in the switch's table, and who uses it.",
        "If nobody answers for it: unplug that port, and see that the tables become right again.",
    ),
    benign="A device without a memory for ARP, or one whose questions are answered on another way and do not reach it.",
    needs={
        "arp": pl.col("src_ip").is_not_null() & pl.col("dst_ip").is_not_null() & ~pl.col("src_ip").str.starts_with("0.")
    },
    watch=watch,
    fires=Case({"arp": _asked(12)}),
    quiet=Case({"arp": [*_asked(10), *({**row, "dst_ip": f"10.0.1.{i}"} for i, row in enumerate(_asked(60)))]}),
    params=Params(),
)
