"""Netlogon authentication with a credential of zeros (CVE-2020-1472)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate
from linewarden.detections.settings import Settings, param


class Params(Settings):
    """How many."""

    tries: int = param(3, "calls", "with a credential of zeros: one in 2^64 honest ones is so, the attack needs 256")
    window_s: float = param(3600.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts calls with zeros, by the two hosts."""
    seen: Bounded[tuple[str, str], Rate] = Bounded(lambda: Rate(params.window_s))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            pair = (row["id.orig_h"], row["id.resp_h"])
            if seen.at(pair).add(int(row["ts"])) == params.tries:
                yield Finding(
                    row,
                    f"{known.name(pair[0])} signs in to {known.name(pair[1])} with zeros (Zerologon).",
                    pair,
                    why=(
                        f"{row['operation']} with a client credential of zeros",
                        f"account {row['object'] or 'unknown'}",
                    ),
                )

    return look


CALL = {
    "operation": "NetrServerAuthenticate3", "zero_credential": True, "object": "DC01$", "id.orig_h": "10.0.0.66",
    "id.resp_h": "10.0.0.2",
}  # fmt: skip

DETECTION = Detection(
    title="Zerologon against a domain controller",
    severity=Severity.CRITICAL,
    attack=("T0866", "T0890"),
    meaning="If it works, the sender owns the Windows domain within seconds: every station that trusts it, HMI and "
    "SCADA included.",
    runbook=(
        "Cut the sending machine off the network now.",
        "Look for NetrServerPasswordSet2 from it that was answered with ok: then the domain is lost.",
        "Install the updates of CVE-2020-1472 on every domain controller, and enforce secure RPC.",
    ),
    benign="A penetration test that was announced.",
    needs={"dcerpc": pl.col("zero_credential").fill_null(False)},
    watch=watch,
    fires=Case({"dcerpc": [{**CALL, "ts": i} for i in range(3)]}),
    quiet=Case({"dcerpc": [{**CALL, "zero_credential": False, "ts": i} for i in range(9)]}),
    params=Params(),
)
