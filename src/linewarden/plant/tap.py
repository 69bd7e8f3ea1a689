"""Is my tap right? What the records say of the place where they were captured, in plain words, worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from linewarden.plant import addresses as ad
from linewarden.plant.crowd import LEFT_OUT, MOST, SUMMED, Crowd
from linewarden.plant.join import Joined
from linewarden.plant.model import Asset, Evidence, Finding, Severity
from linewarden.plant.rows import BindingRow, ConnRow, FactRow, Left, WeirdRow
from linewarden.plant.traffic import Traffic, endpoints

_SHOWN = 20
_LOSS_WORDS = ("drop", "gap", "missed", "lost", "hole")
_CUT_WORDS = ("truncat", "snaplen", "caplen", "cut_short")
_SHORT_NS = 10 * 60 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the checks look at."""

    conns: list[ConnRow]
    bindings: list[BindingRow]
    weirds: list[WeirdRow]
    facts: list[FactRow]
    joined: Joined
    traffic: Traffic
    assets: Mapping[str, Asset]
    packets: int
    """Of all conversations."""
    crowd: Crowd | None
    left: Mapping[str, Left]

    def ids(self, conns: Iterable[ConnRow], ends: int = 2) -> tuple[str, ...]:
        """The assets of conversations: sources only, or both ends."""
        found = (end for c in conns for end in endpoints(c, self.joined)[:ends])
        return tuple(sorted({str(i) for i in found if i in self.assets}))

    def shown(self, ids: Iterable[str]) -> str:
        """Names of a few assets, for a sentence."""
        names = [self.assets[i].name if i in self.assets else i for i in ids]
        return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def check_tap(
    conns: list[ConnRow],
    bindings: list[BindingRow],
    weirds: list[WeirdRow],
    facts: list[FactRow],
    joined: Joined,
    traffic: Traffic,
    assets: Mapping[str, Asset],
    crowd: Crowd | None = None,
    left: Mapping[str, Left] | None = None,
) -> tuple[Finding, ...]:
    """All findings, worst first; a single `looks_right` if none asks for anything."""
    packets = sum(c.orig_pkts + c.resp_pkts for c in conns)
    seen = Seen(conns, bindings, weirds, facts, joined, traffic, assets, packets, crowd, left or {})
    if not seen.packets and not bindings:
        return (_nothing(),)
    checks = (
        _one_way,
        _twice,
        _lost,
        _cut,
        _no_mirror,
        _vlans_split,
        _vlans_quiet,
        _silent,
        _one_mac,
        _offload,
        _short,
        _crowded,
        _beyond,
    )
    found = [f for check in checks for f in check(seen)]
    if all(f.severity.order >= Severity.INFO.order for f in found):
        found.append(_right(seen))
    return tuple(sorted(found, key=lambda f: (f.severity.order, f.kind)))


def _nothing() -> Finding:
    return Finding(
        "nothing_seen", Severity.HIGH, "Nothing was seen",
        "Not one packet of a conversation came in.",
        "Check that the mirror port is switched on, the cable sits in the right port and the right interface is "
        "chosen.",
    )  # fmt: skip


def _right(seen: Seen) -> Finding:
    both = sum(c.two_way for c in seen.conns)
    return Finding(
        "looks_right", Severity.OK, "The tap looks right",
        f"{both:,} conversations were heard in both directions; no losses, doubled or cut packets stand out.",
        "Nothing to do. Look here again after changes to the network.",
    )  # fmt: skip


def _packet(c: ConnRow, what: str, value: str) -> Evidence:
    return Evidence(what, value, "conn", f"{c.orig} to {c.resp}", c.capture, c.frame)


def _one_way(seen: Seen) -> Iterator[Finding]:
    one = [c for c in seen.conns if c.one_way]
    n_one, n_two = sum(c.one_way for c in one), sum(c.two_way for c in seen.conns if c.proto == "tcp")
    if not n_one or n_one / (n_one + n_two) < 0.02:
        return
    share = n_one / (n_one + n_two)
    ids = seen.ids(one)
    pairs = sorted({f"{c.orig} to {c.resp}" for c in one})
    yield Finding(
        "one_way", Severity.HIGH if share > 0.5 else Severity.MEDIUM if share > 0.1 else Severity.LOW,
        f"{share:.0%} of TCP conversations were heard in one direction only",
        f"{n_one:,} of {n_one + n_two:,} have packets one way and none back, though they went on: "
        f"{'; '.join(pairs[:5])}. The "
        "answers take another way, or the mirror copies only one direction. Who serves whom is less sure there.",
        "Set the mirror port to copy both directions (receive and transmit). If there are two links or a ring, "
        "mirror the second one too.",
        ids, tuple(_packet(c, "one_way", f"{c.one_way} conversations") for c in one[:_SHOWN]),
    )  # fmt: skip


def _twice(seen: Seen) -> Iterator[Finding]:
    doubled = sorted((c for c in seen.conns if c.duplicates), key=lambda c: -c.duplicates)
    n, packets = sum(c.duplicates for c in doubled), max(1, seen.packets)
    if not n or n / packets < 0.01:
        return
    whole = n / packets > 0.3
    ids = seen.ids(doubled)
    meaning = (
        "Nearly every frame comes twice: the mirror copies frames where they enter and again where they leave."
        if whole
        else "Some frames come twice: they pass two mirrored ports or VLANs."
    )
    yield Finding(
        "seen_twice", Severity.MEDIUM if whole else Severity.LOW, f"{n / packets:.0%} of packets were seen twice",
        f"{n:,} of {packets:,} packets. {meaning} Counts and rates are too high by that share; nothing is hidden.",
        "Mirror each port in one direction (receive), or each VLAN once; leave out the uplink between two "
        "mirrored switches.",
        ids, tuple(_packet(c, "duplicates", str(c.duplicates)) for c in doubled[:_SHOWN]),
    )  # fmt: skip


def _lost(seen: Seen) -> Iterator[Finding]:
    holes = sorted((c for c in seen.conns if c.missed > 0), key=lambda c: -c.missed)
    odd = [w for w in seen.weirds if any(word in w.name for word in _LOSS_WORDS)]
    missed = sum(c.missed for c in holes)
    wire = sum(c.orig_wire + c.resp_wire for c in seen.conns)
    if not missed and not odd:
        return
    share = missed / max(1, missed + wire)
    severity = Severity.HIGH if share > 0.05 else Severity.MEDIUM if share > 0.001 else Severity.LOW
    names = ", ".join(sorted({w.name for w in odd}))
    yield Finding(
        "losses", severity, "Packets are missing",
        f"TCP says that {missed:,} bytes were sent which the tap did not see ({share:.1%})"
        + (f"; also noted: {names}" if names else "") + ". What they said is unknown.",
        "Look at the drop counters of the mirror port and the sensor. A mirror of several busy ports overflows a "
        "slower "
        "one: mirror fewer ports, or use a faster port or a network tap.",
        seen.ids(holes),
        tuple(_packet(c, "missed_bytes", str(c.missed)) for c in holes[:_SHOWN])
        + tuple(Evidence("weird", w.name, "weird", w.addl or "", w.capture, w.frame) for w in odd[:_SHOWN]),
    )  # fmt: skip


def _cut(seen: Seen) -> Iterator[Finding]:
    cut = [w for w in seen.weirds if any(word in w.name for word in _CUT_WORDS)]
    if not cut:
        return
    n = sum(w.n for w in cut)
    many = n > 0.05 * seen.packets
    yield Finding(
        "cut_packets", Severity.MEDIUM if many else Severity.LOW, f"{n:,} packets are cut short",
        "The capture kept only the beginning of them, or they came damaged. What stood behind the cut cannot be read.",
        "Capture whole packets: with tcpdump -s 0, with dumpcap without -s; on a switch, turn off truncation of "
        "the mirror.",
        (), tuple(Evidence("weird", w.name, "weird", w.addl or "", w.capture, w.frame) for w in cut[:_SHOWN]),
    )  # fmt: skip


def _no_mirror(seen: Seen) -> Iterator[Finding]:
    local = [a for a in seen.assets.values() if a.seen and a.ips and not a.public and a.id in seen.traffic.parts]
    loud = [a for a in local if not seen.traffic.parts[a.id].sent_unicast and seen.traffic.parts[a.id].sent]
    direct = sum(t.packets for t in seen.traffic.talks.values() if t.answers)
    if len(local) < 4 or len(loud) < 0.6 * len(local) or direct > 0.2 * seen.packets:
        return
    yield Finding(
        "only_broadcast", Severity.HIGH,
        f"From {len(loud)} of {len(local)} devices only broadcast and multicast was heard",
        "That is what an ordinary switch port shows. Conversations between devices do not reach the sensor.",
        "Make the sensor's port a mirror (SPAN) port of the ports or VLANs where controllers are, or put in a "
        "network tap.",
        tuple(sorted(a.id for a in loud)),
    )  # fmt: skip


def _vlans_split(seen: Seen) -> Iterator[Finding]:
    ways: dict[tuple[str, str], dict[bool, set[int | None]]] = defaultdict(lambda: {True: set(), False: set()})
    shown: dict[tuple[str, str], ConnRow] = {}
    for c in seen.conns:
        if c.orig_pkts and c.resp_pkts:
            continue
        source, target, group = endpoints(c, seen.joined)
        if group or source is None or target is None or source == target:
            continue
        low, high = sorted((source, target))
        ways[low, high][(source == low) == bool(c.orig_pkts)].add(c.vlan)
        shown[low, high] = c
    split = [p for p, w in sorted(ways.items()) if w[True] and w[False] and not w[True] & w[False]]
    if not split:
        return
    yield Finding(
        "vlans_split", Severity.MEDIUM, f"{len(split)} pairs talk on one VLAN and are answered on another",
        f"Between {seen.shown(split[0])} and others the two directions carry different VLAN tags. The tap sees "
        "one side "
        "before and the other behind a router, or the mirror tags one direction only.",
        "Mirror the same VLANs in both directions, with tags kept or removed for both.",
        tuple(sorted({i for p in split for i in p})),
        tuple(_packet(shown[p], "vlan", str(shown[p].vlan)) for p in split[:_SHOWN]),
    )  # fmt: skip


def _vlans_quiet(seen: Seen) -> Iterator[Finding]:
    groups: dict[int, int] = defaultdict(int)
    direct: dict[int, int] = defaultdict(int)
    for c in seen.conns:
        if c.vlan:
            side = groups if endpoints(c, seen.joined)[2] else direct
            side[c.vlan] += c.orig_pkts + c.resp_pkts
    quiet = sorted(v for v in groups if not direct[v])
    if not quiet or not any(direct.values()):
        return
    ids = tuple(sorted(a.id for a in seen.assets.values() if a.vlans and set(a.vlans) <= set(quiet)))
    yield Finding(
        "vlan_only_broadcast", Severity.LOW, "On some VLANs only broadcast was heard",
        f"VLAN {', '.join(map(str, quiet))}: broadcast and multicast come through, conversations do not.",
        "Add these VLANs, or the ports of their devices, to the mirror.", ids,
    )  # fmt: skip


def _silent(seen: Seen) -> Iterator[Finding]:
    silent = {ip: set(askers) for ip, askers in seen.traffic.silent.items() if ip not in seen.joined.root}
    for f in seen.facts:
        if f.stream == "arp" and ad.usable_ip(f.value) and f.value not in seen.joined.root:
            silent.setdefault(f.value, set()).update({seen.joined.root[f.orig]} if f.orig in seen.joined.root else ())
    unseen = sorted(a.id for a in seen.assets.values() if not a.seen)
    if not silent and not unseen:
        return
    ips = sorted(silent, key=ad.order)
    askers = sorted({seen.joined.root.get(a, a) for ip in ips for a in silent[ip]})
    detail = f"{len(ips):,} addresses were asked for and never answered" + (f": {', '.join(ips[:5])}" if ips else "")
    if unseen:
        detail += f". {len(unseen)} devices are spoken to or mentioned, but not one packet of theirs was seen"
    yield Finding(
        "never_answered", Severity.LOW, "Some addresses were asked for and never heard",
        detail + ". They are switched off or gone, or their answers do not pass the tap.",
        "Compare with your list of devices. For one that is running, mirror the port it hangs on; for one that "
        "is gone, "
        "take it out of the configuration of whoever asks.",
        tuple(dict.fromkeys([*unseen, *askers])),
        tuple(Evidence("silent", ip, "conn", "asked for by " + seen.shown(sorted(silent[ip]))) for ip in ips[:_SHOWN]),
    )  # fmt: skip


def _one_mac(seen: Seen) -> Iterator[Finding]:
    if not seen.joined.meaningless:
        return
    macs = ", ".join(sorted(seen.joined.meaningless))
    yield Finding(
        "same_mac_both_ends", Severity.INFO, "MAC addresses say nothing here",
        f"Packets go from {macs} to the same address, between different IPs: the capture was rewritten, or taken "
        "inside "
        "one machine. Devices are told apart by IP only.",
        "If you can, capture on the network itself; then vendors are known too.",
    )  # fmt: skip


def _offload(seen: Seen) -> Iterator[Finding]:
    bad = sorted((c for c in seen.conns if c.bad_checksums), key=lambda c: -c.bad_checksums)
    n = sum(c.bad_checksums for c in bad)
    if n < 0.05 * seen.packets or not n:
        return
    senders = seen.ids(bad, 1)
    yield Finding(
        "bad_checksums", Severity.INFO, f"{n:,} packets have a wrong checksum",
        "Most often the capture ran on the sending computer itself, whose network card fills in checksums later. "
        "They are read all the same.",
        "Nothing to do if you captured on a host. On a mirror port, check cable and port for errors.",
        senders, tuple(_packet(c, "bad_checksums", str(c.bad_checksums)) for c in bad[:_SHOWN]),
    )  # fmt: skip


def _short(seen: Seen) -> Iterator[Finding]:
    if not seen.conns:
        return
    span = max(c.until for c in seen.conns) - min(c.ts for c in seen.conns)
    if span >= _SHORT_NS:
        return
    yield Finding(
        "short_capture", Severity.INFO, f"Only {_span(span)} of traffic was looked at",
        "Devices that speak seldom (once an hour, once a shift) are not in it.",
        "Let it run for a day, better a week with a weekend, before you take the inventory as complete.",
    )  # fmt: skip


def _crowded(seen: Seen) -> Iterator[Finding]:
    if seen.crowd is None or not seen.crowd.addresses:
        return
    _, capture, frame = seen.crowd.first
    yield Finding(
        "too_many_addresses", Severity.MEDIUM,
        f"{seen.crowd.addresses + MOST:,} addresses announced themselves and never talked",
        f"No network has so many. Somebody makes them up, or a device is broken. The first {MOST:,} of them are in the "
        "inventory; the rest is only counted as traffic.",
        "Find the switch port that they come from, by the first packet's time and the switch's address table, and "
        "limit the addresses per port there (port security).",
        (), (Evidence("first_packet", "", "conn", "first of those left out", capture, frame),),
    )  # fmt: skip


def _beyond(seen: Seen) -> Iterator[Finding]:
    left = {what: some for what, some in seen.left.items() if some.n}
    counted = {SUMMED: "conversations that were a frame or few", LEFT_OUT: "announcements that were not read"}
    for name, what in counted.items():
        if counts := [Left(w.n, (w.ts, w.capture, w.frame)) for w in seen.weirds if w.name == name]:
            left[what] = reduce(Left.joined, counts)
    if not left:
        return
    _, capture, frame = min(some.first for some in left.values())
    much = ", ".join(f"{some.n:,} {what}" for what, some in left.items())
    yield Finding(
        "too_much_to_follow", Severity.MEDIUM, "There was more than the inventory follows",
        f"Beyond its bounds, and later than those that it shows, came {much}. Their packets are counted; they are not "
        "shown one by one. A scan of the network or a flood of made-up addresses looks so; a very large network may.",
        "Look who sends to so many addresses. If the network really is that large, read its parts one by one.",
        (), (Evidence("first_packet", "", "conn", "first of those left out", capture, frame),),
    )  # fmt: skip


def _span(ns: int) -> str:
    return f"{ns / 60e9:.0f} minutes" if ns >= 120e9 else f"{ns / 1e9:.0f} seconds" if ns >= 2e9 else "a moment"
