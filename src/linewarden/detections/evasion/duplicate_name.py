"""Two machines answer to the same station name."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded


def watch(_params: object) -> Watch:
    """Keeps which MAC address answered to each name."""
    owners: Bounded[str, tuple[str, int]] = Bounded(lambda: ("", 0))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            mac, name = row["mac"] or row["address"], row["name"]
            owner, frame = owners.at(name)
            owners.put(name, (mac, row["frame"]))
            if owner and owner != mac and known.asset(owner) != known.asset(mac):
                yield Finding(
                    row,
                    f"{known.name(owner)} and {known.name(mac)} both call themselves {name}.",
                    (name,),
                    why=(f"{row['evidence']} of {owner} and of {mac}",),
                    frames=(frame, row["frame"]),
                    orig=mac,
                    resp=owner,
                )

    return look


def _answer(mac: str) -> dict[str, object]:
    return {"protocol": "profinet_dcp", "evidence": "DCP identify", "name": "pump-io", "mac": mac, "address": mac}


DETECTION = Detection(
    title="One station name, two machines",
    severity=Severity.MEDIUM,
    attack=("T0849", "T0830"),
    meaning="PROFINET finds its devices by name. With two of them the controller may run the line with the wrong "
    "one, or cannot start.",
    runbook=(
        "Find both machines by their MAC addresses in the switches' tables.",
        "See which of the two is the right one, and unplug the other.",
        "Look at what the other did before it took the name.",
    ),
    benign="A spare part that was named before the old one was unplugged.",
    needs={"identity": (pl.col("protocol") == "profinet_dcp") & (pl.col("name").fill_null("") != "")},
    watch=watch,
    fires=Case({"identity": [_answer("00:00:00:00:00:01"), _answer("00:00:00:00:00:66")]}),
    quiet=Case({"identity": [_answer("00:00:00:00:00:01"), _answer("00:00:00:00:00:01")]}),
)
