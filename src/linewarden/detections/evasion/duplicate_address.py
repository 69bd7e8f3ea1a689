"""Two machines use the same IP address at the same time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.settings import Settings, param

NOBODY = str(ipaddress.IPv4Address(0))
"""As who has no address yet says."""
SHARED = ("00:00:5e:00:01", "00:00:5e:00:02", "00:00:0c:07:ac", "00:00:0c:9f:f", "00:07:b4:00")
"""MAC addresses that routers share on purpose: VRRP (RFC 9568, 7.3), HSRP, GLBP."""


class Params(Settings):
    """When it counts."""

    frames: int = param(2, "frames", "of each of the two, so that one stray frame is no finding")
    window_s: float = param(60.0, "s", "in which both are heard; a device that was replaced is not heard again")
    back_s: float = param(86_400.0, "s", "in which an address goes to another machine and comes back")


@dataclass(slots=True)
class _Seen:
    first: int
    last: int
    frames: int


@dataclass(slots=True)
class _Claims:
    """Who claimed an address, by MAC."""

    seen: dict[str, _Seen] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def note(self, row: Row) -> None:
        """One more claim; beyond 16 machines nothing new is learned."""
        until = max(int(row["until"] or 0), int(row["ts"]))
        if (seen := self.seen.get(row["mac"])) is not None:
            seen.last, seen.frames = until, seen.frames + int(row["frames"])
        elif len(self.seen) < 16:
            self.seen[row["mac"]] = _Seen(int(row["ts"]), until, int(row["frames"]))

    def conflict(self, row: Row, params: Params) -> tuple[str, str]:
        """Another machine with which this claim cannot be reconciled, and why; '' if there is none."""
        now, mine = int(row["ts"]), self.seen.get(row["mac"])
        for mac, other in self.seen.items():
            if mac == row["mac"]:
                continue
            # A device that was replaced does not come back, and one that moved does not speak at two places.
            if mine is not None and mine.last < other.first and now - other.first <= params.back_s * 1e9:
                return mac, "the address went to the one, to the other, and back"
            several = min(other.frames, int(row["frames"]) + (mine.frames if mine else 0)) >= params.frames
            if several and now - other.last <= params.window_s * 1e9:
                return mac, f"both were heard within {params.window_s:.0f} s"
        return "", ""


def watch(params: Params) -> Watch:
    """Keeps who claimed each address, and when. Two are told once."""
    claims: Bounded[str, _Claims] = Bounded(_Claims)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            mac, ip, claim = row["mac"], row["ip"], claims.at(row["ip"])
            other, why = claim.conflict(row, params)
            claim.note(row)
            if not other or {mac, other} <= claim.told:
                continue
            claim.told |= {mac, other}
            yield Finding(
                row,
                f"{known.name(ip)} is used by two machines: {other} and {mac}.",
                (ip,),
                why=(why, f"by {row['source']}"),
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
