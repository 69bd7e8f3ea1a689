"""One host asks for many others, on the same port or by ARP or ping."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.series import brief, in_time
from linewarden.detections.settings import Settings, param

UNHEARD = (pl.col("resp_bytes") == 0) & (
    pl.col("conn_state").is_in(["S0", "REJ", "RSTOS0"]) | (pl.col("resp_pkts") == 0)
)
GROUP = pl.col("id.resp_h").str.contains(r"^(2(2[4-9]|3\d)\.|255\.255\.255\.255|ff|01:|33:33|ff:ff)")


class Params(Settings):
    """How many, how fast."""

    hosts: int = param(6, "addresses", "different targets that did not accept, from which on it is a sweep (TCP)")
    others: int = param(16, "addresses", "the same of UDP and ping, where silence is more usual")
    window_s: float = param(86_400.0, "s", "within so long: the careful ones take hours")
    arp: int = param(24, "addresses", "of which one machine asks by ARP, and nobody has them")
    arp_s: float = param(60.0, "s", "within so long: who misses its partners asks for them all day, but for few")


def watch(params: Params) -> Watch:
    """Counts targets that gave no payload back, by sender and port, and addresses that nobody has."""
    seen: Bounded[tuple[str, str], Recent[str]] = Bounded(lambda: Recent(params.window_s, 4 * params.others))
    asked: Bounded[str, Recent[str]] = Bounded(lambda: Recent(params.arp_s, 4 * params.arp))

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        if stream == "arp":
            yield from by_arp(rows, known)
            return
        rows = in_time(rows)
        columns = ("ts", "id.orig_h", "id.resp_h", "id.resp_p", "proto")
        for number, ts, who, whom, service, proto in brief(rows, columns):
            port = f"{proto}/{service or ''}".rstrip("/")
            recent, most = seen.at((who, port)), params.hosts if proto == "tcp" else params.others
            if recent.add(ts, whom) == most:
                some = ", ".join(recent.things()[:5])
                yield Finding(
                    rows.row(number, named=True),
                    f"{known.name(who)} tried {most} or more addresses on {port}, and none of them accepted.",
                    (who, port),
                    why=(f"targets: {some}, ...", f"port: {port}"),
                    confidence=0.9,
                )

    def by_arp(rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        rows = in_time(rows)
        for number, ts, mac, ip, target in brief(rows, ("ts", "src_mac", "src_ip", "dst_ip")):
            who = ip or mac
            recent = asked.at(mac)
            if recent.add(ts, target) == params.arp:
                yield Finding(
                    rows.row(number, named=True),
                    f"{known.name(who)} asks for {params.arp} or more addresses by ARP that nobody has.",
                    (who, "arp"),
                    why=(f"targets: {', '.join(recent.things()[:5])}, ...", f"within {params.arp_s:.0f} s"),
                    orig=who,
                    confidence=0.9,
                )

    return look


def _tries(n: int, **more: object) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "id.orig_h": "10.0.0.66", "id.resp_h": f"10.0.0.{i}", "id.resp_p": 445, "proto": "tcp",
         "conn_state": "S0", "orig_pkts": 1, "resp_pkts": 0, **more}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Sweep of addresses",
    severity=Severity.MEDIUM,
    attack=("T0846",),
    meaning="Somebody looks for machines. In a plant they are known and nobody needs to search; a sweep is most often "
    "the first thing that malware or an intruder does, and old controllers can fail under it.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "Look at what it spoke to afterwards: logins, file shares, controllers.",
        "If nobody answers for it, take it off the network at the switch, not at the machine, and keep it running.",
    ),
    benign="An inventory or monitoring tool that is known, from its own address.",
    needs={
        "conn": pl.col("proto").is_in(["tcp", "udp", "icmp"]) & UNHEARD & ~GROUP,
        "arp": (pl.col("operation") == "request")
        & pl.col("resp_frame").is_null()
        & pl.col("dst_ip").is_not_null()
        & (pl.col("src_ip") != pl.col("dst_ip")),
    },
    watch=watch,
    fires=Case({"conn": _tries(6)}),
    quiet=Case({"conn": _tries(5)}),
    params=Params(),
)
