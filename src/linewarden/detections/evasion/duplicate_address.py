"""Two machines use the same IP address at the same time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded

NOBODY = str(ipaddress.IPv4Address(0))
"""As who has no address yet says."""
SHARED = ("00:00:5e:00:01", "00:00:5e:00:02", "00:00:0c:07:ac", "00:00:0c:9f:f", "00:07:b4:00")
"""MAC addresses that routers share on purpose: VRRP (RFC 9568, 7.3), HSRP, GLBP."""


@dataclass(frozen=True, slots=True)
class Params:
    """When it counts."""

    frames: int = param(2, "frames", "of each of the two, so that one stray frame is no finding")
    window_s: float = param(60.0, "s", "in which both are heard; a device that was replaced is not heard again")


@dataclass(slots=True)
class _Claims:
    """MAC -> time of the last frame, and how many."""

    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


def watch(params: Params) -> Watch:
    """Keeps what claimed each address, what was claimed by whom in turn is told once."""
    claims: Bounded[str, _Claims] = Bounded(_Claims)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            mac, ip = row["mac"], row["ip"]
            claim = claims.at(ip)
            first, count = int(row["ts"]), int(row["frames"]) + claim.seen.get(mac, (0, 0))[1]
            others = [
                other for other, (last, frames) in claim.seen.items()
                if other != mac and frames >= params.frames and first - last <= params.window_s * 1e9
            ]  # fmt: skip
            if len(claim.seen) < 16 or mac in claim.seen:
                claim.seen[mac] = (max(int(row["until"] or 0), first), count)
            if count < params.frames or not others or not claim.told.isdisjoint({mac, *others}):
                continue
            claim.told |= {mac, *others}
            yield Finding(
                row,
                f"{known.name(ip)} is used by two machines: {others[0]} and {mac}.",
                (ip,),
                why=(f"both were heard within {params.window_s:.0f} s, by {row['source']}",),
                orig=mac,
                resp=ip,
                confidence=0.8,
            )

    return look


def _claim(mac: str, second: int) -> dict[str, object]:
    at = second * 10**9
    return {"mac": mac, "ip": "10.0.0.7", "source": "arp", "frames": 3, "ts": at}


DETECTION = Detection(
    title="One address, two machines",
    severity=Severity.MEDIUM,
    attack=("T0849", "T0830"),
    meaning="Answers come from one machine or the other. Connections break, and values may be those of a machine "
    "that pretends.",
    runbook=(
        "Find both machines by their MAC addresses in the switches' tables.",
        "See which of the two is the right one: compare with the asset list.",
        "Unplug the other, and read a value at the machine itself.",
    ),
    benign="A device that was replaced or has two cards; a laptop with a fixed address that is in use; a failover.",
    needs={
        "binding": pl.col("source").is_in(["arp", "dhcp", "nd"])
        & ~pl.col("ip").is_in(["", NOBODY, "::"])
        & ~pl.any_horizontal(*(pl.col("mac").str.starts_with(mac) for mac in SHARED))
    },
    watch=watch,
    fires=Case({"binding": [_claim("00:00:00:00:00:01", 0), _claim("00:00:00:00:00:66", 5)]}),
    quiet=Case({"binding": [_claim("00:00:00:00:00:01", 0), _claim("00:00:00:00:00:66", 500)]}),
    params=Params(),
)
