"""ARP answers that nobody asked for, in numbers; or an address that two machines claim in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate
from linewarden.detections.settings import Settings, param

EVERYBODY = "ff:ff:ff:ff:ff:ff"


class Params(Settings):
    """How many, how fast."""

    answers: int = param(60, "answers", "that nobody asked for, of one sender; a fail-over sends a handful")
    window_s: float = param(60.0, "s", "within so long")
    stolen: int = param(3, "answers", "that nobody asked for, to one machine, with the address of another one")
    flips: int = param(3, "changes", "of the machine that claims one address, from which on two fight for it")
    flip_window_s: float = param(600.0, "s", "within so long; a fail-over changes once")


@dataclass(slots=True)
class _Claim:
    rate: Rate
    mac: str = ""
    owner: str = ""
    """Who answered when asked, or told all."""
    macs: set[str] = field(default_factory=set)


def watch(params: Params) -> Watch:
    """Counts unasked answers by sender, and changes of owner by address."""
    unasked: Bounded[str, Rate] = Bounded(lambda: Rate(params.window_s))
    claims: Bounded[str, _Claim] = Bounded(lambda: _Claim(Rate(params.flip_window_s)))
    stolen: Bounded[tuple[str, str], Rate] = Bounded(lambda: Rate(params.window_s))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            ts, mac, ip = int(row["ts"]), row["src_mac"], row["src_ip"]
            if row["is_orig"] and unasked.at(mac).add(ts) == params.answers:
                yield Finding(
                    row,
                    f"{known.name(mac)} sent {params.answers} ARP answers that nobody asked for.",
                    ("unasked", mac),
                    why=(f"it claims {ip}", f"to {row['id.resp_h']}"),
                )
            claim = claims.at(ip)
            # A fail-over tells all; who tells one machine alone that he is another one means to stand between.
            to_one = row["is_orig"] and row["id.resp_h"] != EVERYBODY
            owner = claim.owner or known.ids.get(ip, "")
            other = bool(owner) and owner != mac and (claim.owner != "" or known.asset(mac) != owner)
            if to_one and other and stolen.at((mac, ip)).add(ts) == params.stolen:
                yield Finding(
                    row,
                    f"{known.name(mac)} tells {known.name(row['id.resp_h'])} that it is {known.name(ip)}.",
                    ("stolen", mac, ip),
                    why=(f"the address is that of {owner}", f"{params.stolen} answers that nobody asked for"),
                    confidence=0.9,
                )
            if not to_one:
                claim.owner = mac
            if claim.mac and claim.mac != mac:
                claim.macs |= {claim.mac, mac} if len(claim.macs) < 8 else set()
                if claim.rate.add(ts) == params.flips:
                    yield Finding(
                        row,
                        f"{' and '.join(sorted(claim.macs))} claim the address {ip} in turn.",
                        ("claim", ip),
                        why=(f"{params.flips} changes within {params.flip_window_s:.0f} s",),
                        orig=mac,
                        resp=ip,
                        confidence=0.8,
                    )
            claim.mac = mac

    return look


BASE = {"opcode": 2, "operation": "reply", "is_orig": True, "src_mac": "00:00:00:00:00:66", "src_ip": "10.0.0.1",
        "id.orig_h": "00:00:00:00:00:66", "id.resp_h": "00:00:00:00:00:02"}  # fmt: skip

DETECTION = Detection(
    title="ARP poisoned: somebody puts himself in between",
    severity=Severity.HIGH,
    attack=("T0830",),
    meaning="Traffic goes through a machine that should not have it: values can be read, held back or changed, so "
    "that operators see a plant that is not there.",
    runbook=(
        "Compare a value at the machine itself with what the operators see.",
        "Find the sender's MAC address in the switch's table, and unplug that port.",
        "See that the ARP tables are right again (restart of the hosts, or static entries for controllers).",
    ),
    benign="Two machines with the same address by mistake; a fail-over pair that is badly set up.",
    needs={
        "arp": (pl.col("operation") == "reply")
        & pl.col("src_ip").is_not_null()
        & ~pl.col("src_ip").str.starts_with("0.")
    },
    watch=watch,
    fires=Case({"arp": [{**BASE, "ts": i * 10**8} for i in range(60)]}),
    quiet=Case({"arp": [{**BASE, "ts": i * 10**8} for i in range(59)]}),
    params=Params(),
)
