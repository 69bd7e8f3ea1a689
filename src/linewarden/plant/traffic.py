"""Who talks to whom: conversations, services and masters, from conn and command rows and the joined addresses."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from linewarden.plant import addresses as ad, vocabulary as words
from linewarden.plant.join import Joined
from linewarden.plant.model import Conversation, ProtocolUse, Service
from linewarden.plant.rows import CommandRow, ConnRow

_PLAIN = frozenset({"tcp", "udp", "icmp", "icmp6", "eth", "arp"})
"""No protocols to list as used: everybody does, or nobody knows what it was."""

Packet = tuple[int, str, int]
"""(ts, capture, frame): which packet, earliest first."""


@dataclass(slots=True)
class Talk:
    """One conversation while it is added up."""

    protocols: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    packets: int = 0
    bytes: int = 0
    answers: int = 0
    verbs: dict[str, int] = field(default_factory=dict)
    first: Packet | None = None
    last: int = 0
    group: bool = False

    def saw(self, packet: Packet, until: int) -> None:
        """Widen the time it covers."""
        if self.first is None or packet < self.first:
            self.first = packet
        if until > self.last:
            self.last = until


@dataclass(slots=True)
class Part:
    """What one asset takes part in, while it is added up."""

    first: int = 0
    last: int = 0
    packets: int = 0
    bytes: int = 0
    sent: int = 0
    sent_unicast: int = 0
    vlans: set[int] = field(default_factory=set)
    services: dict[tuple[str, int | None, str], set[str]] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)
    sends: set[str] = field(default_factory=set)
    peers: set[str] = field(default_factory=set)
    polls: set[str] = field(default_factory=set)
    masters: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    verbs: set[str] = field(default_factory=set)

    def saw(self, ts: int, until: int) -> None:
        """Widen the time it was seen."""
        if not self.first or ts < self.first:
            self.first = ts
        if until > self.last:
            self.last = until

    def service_list(self) -> tuple[Service, ...]:
        """What it answers, sorted."""
        keys = sorted(self.services, key=lambda k: (k[0], k[1] or 0, k[2]))
        return tuple(Service(p, port, transport, len(self.services[p, port, transport])) for p, port, transport in keys)


@dataclass(slots=True)
class _Use:
    pairs: set[tuple[str, str]] = field(default_factory=set)
    assets: set[str] = field(default_factory=set)
    packets: int = 0
    bytes: int = 0


Order = dict[tuple[str, str, str], int | None]
"""(client, server, protocol): the server's port, from commands: who asks is known, whatever the ports say."""


@dataclass(slots=True)
class Traffic:
    """The result, still open for reading by the tap and exposure checks. Keys are asset ids."""

    talks: dict[tuple[str, str], Talk] = field(default_factory=lambda: defaultdict(Talk))
    parts: dict[str, Part] = field(default_factory=lambda: defaultdict(Part))
    uses: dict[str, _Use] = field(default_factory=lambda: defaultdict(_Use))
    silent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def count_unseen(self, conns: list[ConnRow]) -> None:
        """Packets of addresses that were left out (see `crowd.py`) still are traffic."""
        for c in conns:
            use = self.uses[words.protocol(c.service) or c.proto]
            use.packets += c.orig_pkts + c.resp_pkts
            use.bytes += c.orig_wire + c.resp_wire

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, sorted by source and target."""
        out = []
        for source, target in sorted(self.talks):
            t = self.talks[source, target]
            first = t.first or (0, "", 0)
            verbs = tuple(sorted(t.verbs.items(), key=lambda vn: (-vn[1], vn[0]))) if t.verbs else ()
            out.append(
                Conversation(
                    source, target, tuple(sorted(t.protocols)), tuple(sorted(t.ports)), t.packets, t.bytes, t.answers,
                    verbs, first[0], t.last, first[1], first[2], t.group,
                )
            )  # fmt: skip
        return tuple(out)

    def protocols(self) -> tuple[ProtocolUse, ...]:
        """All protocols, most packets first."""
        rows = [ProtocolUse(p, len(u.pairs), u.packets, u.bytes, len(u.assets)) for p, u in self.uses.items()]
        return tuple(sorted(rows, key=lambda r: (-r.packets, r.protocol)))


def fold_traffic(conns: list[ConnRow], commands: list[CommandRow], joined: Joined) -> Traffic:
    """Add everything up."""
    traffic = Traffic()
    order = _order(commands, joined)
    for c in conns:
        _add_conn(traffic, c, joined, order)
    for command in commands:
        _add_command(traffic, command, joined)
    return traffic


def endpoints(c: ConnRow, joined: Joined) -> tuple[str | None, str | None, bool]:
    """(source, target, target is a group) of a conversation; None for what is no device."""
    key = (c.orig, c.resp, None, None) if c.tunnel is not None else (c.orig, c.resp, c.orig_mac, c.resp_mac)
    found = joined.ends.get(key)
    if found is None:
        found = joined.ends[key] = _endpoints(joined, *key)
    return found


def _endpoints(
    joined: Joined, orig: str, resp: str, orig_mac: str | None, resp_mac: str | None
) -> tuple[str | None, str | None, bool]:
    source = joined.resolve(orig, orig_mac)
    if ad.is_group(resp) or (resp_mac is not None and ad.is_group(resp_mac)):
        return source, resp, True
    target = joined.resolve(resp, resp_mac)
    return (source, resp, True) if target is None and resp.endswith(".255") else (source, target, False)


def _order(commands: list[CommandRow], joined: Joined) -> Order:
    order: Order = {}
    for c in commands:
        client, server = joined.resolve(c.orig, None), joined.resolve(c.resp, None)
        if client and server:
            key = (client, server, words.protocol(c.protocol))
            order[key] = c.port if order.get(key) is None else order[key]
    return order


def _add_conn(traffic: Traffic, c: ConnRow, joined: Joined, order: Order) -> None:
    source, target, group = endpoints(c, joined)
    protocol = words.protocol(c.service) or c.proto
    if source is None:
        return
    if target is None:
        if c.unanswered and ad.usable_ip(c.resp):
            traffic.silent[c.resp].add(source)
        _count(traffic, source, c, c.orig_pkts, 0)
        return
    forward, backward = c.orig_pkts, c.resp_pkts
    port = c.port
    if order and (target, source, protocol) in order and (source, target, protocol) not in order:
        port = order[target, source, protocol]
        source, target, forward, backward = target, source, backward, forward
    _count(traffic, source, c, forward, 0 if group else forward)
    talk = traffic.talks[source, target]
    talk.group = group
    talk.protocols.add(protocol)
    talk.packets += forward + backward
    talk.bytes += c.orig_wire + c.resp_wire
    talk.answers += backward
    if port is not None:
        talk.ports.add(port)
    talk.saw((c.ts, c.capture, c.frame), c.until)
    _count_protocol(traffic, protocol, source, target, group, c)
    traffic.parts[source].sends.add(protocol)
    if group:
        return
    if target != source:
        _count(traffic, target, c, backward, backward)
        traffic.parts[source].peers.add(target)
        traffic.parts[target].peers.add(source)
    if c.two_way or c.one_way:
        _serve(traffic, source, target, protocol, port, c.proto, order)


def _count(traffic: Traffic, asset: str, c: ConnRow, sent: int, unicast: int) -> None:
    part = traffic.parts[asset]
    part.saw(c.ts, c.until)
    part.packets += c.orig_pkts + c.resp_pkts
    part.bytes += c.orig_wire + c.resp_wire
    part.sent += sent
    part.sent_unicast += unicast
    if c.vlan:
        part.vlans.add(c.vlan)


def _count_protocol(traffic: Traffic, protocol: str, source: str, target: str, group: bool, c: ConnRow) -> None:
    use = traffic.uses[protocol]
    use.pairs.add((source, target))
    use.assets.add(source)
    if not group:
        use.assets.add(target)
    use.packets += c.orig_pkts + c.resp_pkts
    use.bytes += c.orig_wire + c.resp_wire


def _serve(
    traffic: Traffic, client: str, server: str, protocol: str, port: int | None, transport: str, order: Order
) -> None:
    unknown = protocol in ("tcp", "udp")
    if protocol in _PLAIN and not (unknown and port is not None and port < (49_152 if transport == "tcp" else 1024)):
        return
    part = traffic.parts[server]
    part.services.setdefault((protocol, port, transport), set()).add(client)
    if not unknown:
        traffic.parts[client].uses.add(protocol)
    if protocol in words.CONTROL and (client, server, protocol) not in order:
        _master(traffic, client, server, protocol)


def _master(traffic: Traffic, client: str, server: str, protocol: str) -> None:
    if client == server:
        return
    traffic.parts[server].masters.add(client)
    if protocol not in words.FIELDBUS:
        traffic.parts[client].polls.add(server)


def _add_command(traffic: Traffic, c: CommandRow, joined: Joined) -> None:
    client, server = joined.resolve(c.orig, None), joined.resolve(c.resp, None)
    if client is None:
        return
    protocol = words.protocol(c.protocol)
    group = server is None and (ad.is_group(c.resp) or c.resp.endswith(".255"))
    target = c.resp if group else server
    if target is None:
        traffic.silent[c.resp].add(client)
        return
    talk = traffic.talks[client, target]
    talk.group = group
    talk.verbs[c.verb] = talk.verbs.get(c.verb, 0) + c.n
    talk.protocols.add(protocol)
    if not talk.packets:
        talk.saw((c.ts, c.capture, c.frame), c.until)
    part = traffic.parts[client]
    part.verbs.add(c.verb)
    part.uses.add(protocol)
    if group or server is None or server == client:
        return
    answered = bool(c.answered or c.errors)
    if answered and not any(p == protocol for p, _, _ in traffic.parts[server].services):
        traffic.parts[server].services[protocol, c.port, "tcp" if c.port else "eth"] = {client}
    if protocol in words.OT and c.verb in words.POLLING:
        _master(traffic, client, server, protocol)
    if c.verb in words.CHANGING and protocol in words.OT:
        traffic.parts[server].writers.add(client)
