"""One host tries many ports of another."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.settings import Settings, param


class Params(Settings):
    """How many, how fast."""

    ports: int = param(8, "ports", "different ports of one host that did not accept, from which on it is a scan")
    window_s: float = param(3600.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts ports that did not accept, by the two hosts."""
    seen: Bounded[tuple[str, str], Recent[int]] = Bounded(lambda: Recent(params.window_s, 4 * params.ports))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            pair = (row["id.orig_h"], row["id.resp_h"])
            recent = seen.at(pair)
            if recent.add(int(row["ts"]), int(row["id.resp_p"])) == params.ports:
                some = ", ".join(map(str, sorted(recent.things())[:10]))
                yield Finding(
                    row,
                    f"{known.name(pair[0])} tried {params.ports} or more closed ports of {known.name(pair[1])}.",
                    pair,
                    why=(f"ports: {some}", f"role of the target: {known.role(pair[1])}"),
                    severity=Severity.HIGH if known.is_field(pair[1]) else None,
                    confidence=0.9,
                )

    return look


def _tries(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "id.resp_p": 20 + i, "proto": "tcp",
         "conn_state": "REJ", "orig_pkts": 1, "resp_pkts": 1}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Scan of ports",
    severity=Severity.MEDIUM,
    attack=("T0846",),
    meaning="Somebody asks a machine for everything that it may offer. Controllers have stopped under less; and who"
    " asks so does not know the plant.",
    runbook=(
        "See whether the machine that was asked still works as it should.",
        "Find out what stands at the sending address, and who uses it.",
        "If nobody answers for it, take it off the network at the switch, and keep it running.",
    ),
    benign="A vulnerability scanner that was announced, outside of production.",
    needs={"conn": (pl.col("proto") == "tcp") & pl.col("conn_state").is_in(["S0", "REJ", "RSTOS0", "RSTO", "SH"])
           & (pl.col("resp_bytes") == 0) & (pl.col("orig_bytes") == 0)},
    watch=watch,
    fires=Case({"conn": _tries(8)}),
    quiet=Case({"conn": _tries(7)}),
    params=Params(),
)  # fmt: skip
