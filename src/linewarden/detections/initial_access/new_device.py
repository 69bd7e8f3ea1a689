"""A device, or one of a vendor that was never seen, is on the network for the first time."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Rate
from linewarden.detections.novelties import example, facts
from linewarden.detections.settings import Settings, param


class Params(Settings):
    """How sure, and how many one by one."""

    # A network has devices that speak once an hour; before the baseline is this sure, they would all be told.
    confidence: float = param(0.6, "", "how sure the baseline must be that it knows all devices")
    crowd: int = param(10, "devices", "more within window_s are told as one: a flood, or the tap was moved")
    window_s: float = param(300.0, "s", "time in which they are counted")


def watch(params: Params) -> Watch:
    """One by one, until there are too many."""
    lately = Rate(params.window_s)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.filter(pl.col("confidence") >= params.confidence).iter_rows(named=True):
            many = lately.add(int(row["ts"])) > params.crowd
            yield _crowd(row, params) if many else _one(row, known)

    return look


def _one(row: Row, known: Knowledge) -> Finding:
    mac, ip = row["subject"], row["peer"]
    if ip:
        return Finding(
            row, f"{known.name(mac)} uses the address {ip} for the first time.", (mac, ip),
            facts(row, f"MAC {mac} is known, {ip} was never seen with it"), severity=Severity.INFO,
            confidence=row["confidence"],
        )  # fmt: skip
    of = f" of {row['what']}" if row["what"] else ""
    new_vendor = row["kind"] == "vendor"
    words = ", and of a vendor that was never seen" if new_vendor else ""
    return Finding(
        row, f"A device{of} is new on the network: {known.name(mac)}{words}.", (mac,),
        facts(row, f"MAC {mac}", f"vendor {row['what'] or 'unknown'} by the IEEE list"),
        severity=Severity.MEDIUM if new_vendor else None, confidence=row["confidence"],
    )  # fmt: skip


def _crowd(row: Row, params: Params) -> Finding:
    return Finding(
        row, f"More than {params.crowd} devices are new on the network within {params.window_s:.0f} s.", ("many",),
        facts(row, f"the latest: {row['subject']}"), severity=Severity.MEDIUM, confidence=row["confidence"],
    )  # fmt: skip


DETECTION = Detection(
    title="New device or vendor",
    severity=Severity.LOW,
    attack=("T0864",),
    meaning="Somebody plugged something in. Laptops of service people bring malware into plants more often than the "
    "internet does.",
    runbook=(
        "Find the switch port of the MAC address, and what is plugged in there.",
        "Ask who brought it, and for what.",
        "If it belongs there, name it in the inventory and approve it; else unplug it.",
    ),
    benign="A spare part, a service laptop that was announced, or a device that speaks once a day.",
    needs={"novelty": pl.col("kind").is_in(["asset", "vendor"])},
    watch=watch,
    fires=Case(
        {"novelty": [
            example("asset", subject="00:1b:1b:00:00:09", peer=None, what="Siemens"),
            example("vendor", subject="00:80:f4:00:00:01", peer=None, what="Telemecanique"),
        ]}
    ),
    quiet=Case({"novelty": [example("asset", subject="00:1b:1b:00:00:09", peer=None, confidence=0.5)]}),
    params=Params(),
)  # fmt: skip
