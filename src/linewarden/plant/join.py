"""Which addresses are one device: MACs and IPs joined on what a host claims, never on what merely passed a router.

A MAC *owns* an IP if the host said so (ARP, DHCP, neighbour discovery, or an identity that names both), or if it is the
only IP that this MAC ever carried and its TTL shows no router between. A MAC that carries several IPs without claiming
them is a router (or proxy, or NAT): what is behind it are devices of their own, without a MAC. When in doubt, two
assets: a false merge hides a device, a false split is seen and corrected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from linewarden.plant import addresses as ad
from linewarden.plant.rows import BindingRow, ConnRow, IdentityRow

_CLAIMS = frozenset({"arp", "dhcp", "nd"})
_SELF = frozenset({"lldp", "cdp", "pn_dcp", "profinet_dcp", "dcp", "stp"})
"""Protocols in which a device speaks of itself below IP."""

_PROXY_ARP = 16
"""A router that answers ARP for more IPs than this answers for others."""

OVERLAP_NS = 5_000_000_000
"""Two MACs on one IP are rivals if both used it within this time: shorter is a hand-over (failover, DHCP)."""


@dataclass(slots=True)
class Use:
    """How one MAC used one IP."""

    first: int
    last: int
    frames: int
    ttl: int | None
    claimed: bool
    sources: set[str]
    capture: str
    frame: int


@dataclass(slots=True)
class Joined:
    """The result: `root` of each address, IPs `behind` each router, `rivals` for an IP, when each MAC `spoke`."""

    root: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    behind: dict[str, list[str]] = field(default_factory=dict)
    rivals: dict[str, list[str]] = field(default_factory=dict)
    moved: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, dict[str, Use]] = field(default_factory=dict)
    meaningless: frozenset[str] = frozenset()
    virtual_ips: dict[str, str] = field(default_factory=dict)
    vlans: dict[str, set[int]] = field(default_factory=dict)
    spoke: dict[str, tuple[int, int]] = field(default_factory=dict)
    ends: dict[tuple[str, str, str | None, str | None], tuple[str | None, str | None, bool]] = field(
        default_factory=dict
    )

    def resolve(self, address: str, mac: str | None) -> str | None:
        """The asset of an endpoint; the MAC decides where several devices used the IP, or where there is none."""
        found = self.root.get(address)
        if found is None:
            usable = ad.is_mac(address) or ad.usable_ip(address)
            return None if usable or mac is None else self.root.get(mac)
        if mac is not None and (mac in self.rivals.get(address, ()) or mac in self.moved.get(address, ())):
            return self.root.get(mac, found)
        return found


class Union:
    """Disjoint sets of addresses; the lowest address (see `addresses.order`) is the root."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def add(self, item: str) -> None:
        """Make `item` known, as a set of its own if it is new."""
        self._parent.setdefault(item, item)

    def __contains__(self, item: str) -> bool:
        return item in self._parent

    def find(self, item: str) -> str:
        """The root of the set."""
        self.add(item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def merge(self, a: str, b: str) -> None:
        """Make one set of two."""
        one, other = self.find(a), self.find(b)
        if one != other:
            low, high = (one, other) if ad.order(one) <= ad.order(other) else (other, one)
            self._parent[high] = low

    def sets(self) -> dict[str, list[str]]:
        """root: sorted members."""
        out: dict[str, list[str]] = defaultdict(list)
        for item in self._parent:
            out[self.find(item)].append(item)
        return {root: sorted(members, key=ad.order) if len(members) > 1 else members for root, members in out.items()}


def join(
    conns: list[ConnRow],
    bindings: list[BindingRow],
    identities: list[IdentityRow],
    merges: Iterable[tuple[str, str]] = (),
    splits: Iterable[str] = (),
) -> Joined:
    """Addresses to devices. `merges` are pairs that a person said are one, `splits` addresses that stand alone."""
    joined = Joined(meaningless=_meaningless(conns))
    _gather(joined, bindings, conns)
    union = Union()
    for mac in _macs(joined, conns, bindings, identities):
        union.add(mac)
    for ip in _live_ips(joined, conns, identities):
        union.add(ip)
    owners = _owners(joined)
    for ip, mac in owners.items():
        union.merge(ip, mac)
    _join_identities(joined, union, identities, owners)
    _join_virtual(joined, union)
    _correct(union, merges)
    _freeze(joined, union, frozenset(splits))
    return joined


def _meaningless(conns: list[ConnRow]) -> frozenset[str]:
    """MACs at both ends of a conversation of two IPs: the capture was rewritten, or made without Ethernet."""
    return frozenset(
        c.orig_mac
        for c in conns
        if c.orig_mac and c.orig_mac == c.resp_mac and c.orig != c.resp and c.proto != "eth" and not c.tunnel
    )


def _gather(joined: Joined, bindings: list[BindingRow], conns: list[ConnRow]) -> None:
    for b in bindings:
        first, last = joined.spoke.get(b.mac, (b.ts, b.until))
        joined.spoke[b.mac] = (min(first, b.ts), max(last, b.until))
        if b.vlan:
            joined.vlans.setdefault(b.mac, set()).add(b.vlan)
            joined.vlans.setdefault(b.ip, set()).add(b.vlan)
        if not ad.usable_ip(b.ip) or ad.is_loopback(b.ip) or b.mac in joined.meaningless:
            continue
        if ad.is_virtual(b.mac):
            joined.virtual_ips[b.ip] = b.mac
        elif ad.usable_mac(b.mac):
            _note_use(joined.users.setdefault(b.ip, {}), b)
    _gather_unseen(joined, conns)


def _note_use(uses: dict[str, Use], b: BindingRow) -> None:
    u = uses.get(b.mac)
    claimed = b.source in _CLAIMS
    if u is None:
        uses[b.mac] = Use(b.ts, b.until, b.frames, b.ttl, claimed, {b.source}, b.capture, b.frame)
        return
    u.first, u.last, u.frames = min(u.first, b.ts), max(u.last, b.until), u.frames + b.frames
    u.claimed = u.claimed or claimed
    u.sources.add(b.source)
    if b.ttl is not None:
        u.ttl = b.ttl if u.ttl is None else max(u.ttl, b.ttl)


def _gather_unseen(joined: Joined, conns: list[ConnRow]) -> None:
    """With a tap that hears one side, the MAC that frames are sent *to* is all there is to know of the other."""
    senders = {m for uses in joined.users.values() for m in uses}
    towards: dict[str, dict[str, ConnRow]] = defaultdict(dict)
    for c in conns:
        if not c.tunnel and c.resp_mac and ad.usable_mac(c.resp_mac) and ad.usable_ip(c.resp):
            towards[c.resp_mac].setdefault(c.resp, c)
    for mac, ips in towards.items():
        if len(ips) != 1 or mac in senders or mac in joined.meaningless:
            continue
        ((ip, c),) = ips.items()
        if ip not in joined.users and not ad.is_public(ip):
            joined.users[ip] = {mac: Use(c.ts, c.until, 0, None, False, {"destination"}, c.capture, c.frame)}


def _macs(joined: Joined, conns: list[ConnRow], bindings: list[BindingRow], identities: list[IdentityRow]) -> set[str]:
    """MACs that are devices: they sent a frame (if only from 0.0.0.0), or said who they are."""
    macs = {m for uses in joined.users.values() for m in uses} | {b.mac for b in bindings}
    for c in conns:
        if c.proto == "eth":
            macs.update(m for m, n in ((c.orig, c.orig_pkts), (c.resp, c.resp_pkts)) if n)
        elif c.orig_mac and not c.tunnel and not ad.usable_ip(c.orig) and ad.parse_ip(c.orig):
            macs.add(c.orig_mac)
    macs.update(i.address for i in identities)
    return {m for m in macs if ad.usable_mac(m) and m not in joined.meaningless}


def _live_ips(joined: Joined, conns: list[ConnRow], identities: list[IdentityRow]) -> set[str]:
    """IPs that are devices: they sent something, or were spoken to in a way that nobody speaks to nothing."""
    ips = set(joined.users) | {i.address for i in identities} | set(joined.virtual_ips)
    for c in conns:
        if c.orig_pkts or c.one_way:
            ips.add(c.orig)
        directed = c.resp_mac is not None and ad.is_group(c.resp_mac)
        if c.resp_pkts or (c.one_way and not directed):
            ips.add(c.resp)
    return {ip for ip in ips if ad.usable_ip(ip)}


def _owners(joined: Joined) -> dict[str, str]:
    """IP: the MAC that owns it. Also finds routers, rivals and addresses that moved."""
    carried: dict[str, set[str]] = defaultdict(set)
    claims: dict[str, set[str]] = defaultdict(set)
    for ip, uses in joined.users.items():
        for mac, use in uses.items():
            (claims if use.claimed else carried)[mac].add(ip)
    routers = {mac for mac, ips in carried.items() if _routes(joined, mac, ips)}
    for mac in routers:
        joined.behind[mac] = sorted((ip for ip in carried[mac] if not ad.is_link_local(ip)), key=ad.order)
    owners: dict[str, str] = {}
    for ip in joined.users:
        candidates = _candidates(joined, ip, routers, carried, claims)
        if candidates:
            owners[ip] = _settle(joined, ip, candidates)
    for mac, ips in list(joined.behind.items()):
        joined.behind[mac] = [ip for ip in ips if owners.get(ip) != mac]
        if not joined.behind[mac]:
            del joined.behind[mac]
    return owners


def _routes(joined: Joined, mac: str, ips: set[str]) -> bool:
    """True if a MAC carries what it does not own: several IPv4, or an IP from beyond a router."""
    far = [ip for ip in ips if not ad.is_link_local(ip)]
    v4 = [ip for ip in far if ":" not in ip]
    networks = {ip.rsplit(":", 4)[0] for ip in far if ":" in ip}
    beyond = [
        ip for ip in far if joined.users[ip][mac].ttl is not None and not ad.is_neighbour(joined.users[ip][mac].ttl)
    ]
    return len(v4) > 1 or len(networks) > 1 or bool(beyond)


def _candidates(
    joined: Joined, ip: str, routers: set[str], carried: dict[str, set[str]], claims: dict[str, set[str]]
) -> list[str]:
    uses = joined.users[ip]
    claimants = [m for m, u in uses.items() if u.claimed and not _proxy(m, u, routers, claims)]
    if claimants:
        return claimants
    if ad.is_link_local(ip):
        return list(uses)
    return [m for m, u in uses.items() if not u.claimed and _sole(joined, m, ip, u, routers, carried, claims)]


def _proxy(mac: str, use: Use, routers: set[str], claims: dict[str, set[str]]) -> bool:
    """True if a claim is proxy ARP: the packets came from afar, or a router claims a whole network."""
    afar = use.ttl is not None and not ad.is_neighbour(use.ttl)
    return (afar and mac in routers) or (mac in routers and len(claims[mac]) > _PROXY_ARP)


def _sole(
    joined: Joined,
    mac: str,
    ip: str,
    use: Use,
    routers: set[str],
    carried: dict[str, set[str]],
    claims: dict[str, set[str]],
) -> bool:
    """True if an IP that was only carried is still the MAC's own."""
    if use.ttl is not None and not ad.is_neighbour(use.ttl):
        return False
    if ad.is_public(ip) and use.ttl is None:
        return False
    family = [i for i in carried[mac] if (":" in i) == (":" in ip) and not ad.is_link_local(i)]
    if mac in routers:
        direct = [i for i in family if ad.is_neighbour(joined.users[i][mac].ttl)]
        return direct == [ip] and not any((":" in c) == (":" in ip) for c in claims[mac])
    return ":" in ip or not any(":" not in c and not ad.is_link_local(c) for c in claims[mac])


def _settle(joined: Joined, ip: str, macs: list[str]) -> str:
    """One owner of several claimants: the latest; those that used it at the same time are rivals."""
    uses = joined.users[ip]
    ranked = sorted(macs, key=lambda m: (-uses[m].last, -uses[m].frames, m))
    if len(ranked) == 1:
        return ranked[0]
    at_once = [m for m in ranked if any(_overlap(uses[m], uses[o]) for o in ranked if o != m)]
    if at_once and not ad.is_link_local(ip):
        joined.rivals[ip] = sorted(at_once)
        ranked.sort(key=lambda m: (m not in at_once, -uses[m].frames, m))
    joined.moved[ip] = sorted(m for m in ranked if m not in at_once or ad.is_link_local(ip))
    return ranked[0]


def _overlap(a: Use, b: Use) -> bool:
    return min(a.last, b.last) - max(a.first, b.first) > OVERLAP_NS


def _join_identities(joined: Joined, union: Union, identities: list[IdentityRow], owners: dict[str, str]) -> None:
    owning = set(owners.values())
    for i in identities:
        mac = i.address if ad.is_mac(i.address) else (i.mac or "")
        ip = i.ip if ad.is_mac(i.address) else i.address
        itself = i.protocol in _SELF
        if ad.usable_mac(mac) and mac not in joined.meaningless:
            if ip and ad.usable_ip(ip) and _may_own(joined, mac, ip, itself, owners.get(ip), owning):
                owning.add(owners.setdefault(ip, mac))
                union.merge(mac, ip)
            if (
                i.mac
                and i.mac != mac
                and ad.usable_mac(i.mac)
                and (i.protocol in ("lldp", "cdp") or ad.near(i.mac, mac))
            ):
                union.merge(mac, i.mac)
    _join_ports(union, identities, owners)


def _may_own(joined: Joined, mac: str, ip: str, itself: bool, owner: str | None, owning: set[str]) -> bool:
    """Whether a statement that binds MAC and IP may join them: it must not take a claimed IP from its owner."""
    if owner is not None:
        return owner == mac or (mac not in owning and (itself or ad.near(owner, mac)))
    return itself or mac not in joined.behind or ip not in joined.behind[mac]


def _join_ports(union: Union, identities: list[IdentityRow], owners: dict[str, str]) -> None:
    """Port MACs of one box: near each other, and saying the same name, serial number or chassis."""
    owning = set(owners.values())
    said: dict[str, set[str]] = defaultdict(set)
    for i in identities:
        mac = i.address if ad.is_mac(i.address) else owners.get(i.address, i.mac or "")
        if ad.usable_mac(mac):
            said[mac].update(x.casefold() for x in (i.name, i.serial, i.mac) if x)
    macs = sorted((m for m in said if m in union), key=ad.mac_number)
    for k, a in enumerate(macs):
        for b in macs[k + 1 : k + 65]:
            if not ad.near(a, b):
                break  # they are sorted: none that follows is nearer
            if said[a] & said[b] and not (a in owning and b in owning):
                union.merge(a, b)


def _join_virtual(joined: Joined, union: Union) -> None:
    """A virtual router's address goes to the router that was seen to speak with the virtual MAC, if just one was."""
    real: dict[str, set[str]] = defaultdict(set)
    for ip, mac in joined.virtual_ips.items():
        if ip in joined.users:
            real[mac].add(union.find(ip))
    for ip, mac in joined.virtual_ips.items():
        if ip not in joined.users and len(real[mac]) == 1:
            union.merge(ip, next(iter(real[mac])))


def _correct(union: Union, merges: Iterable[tuple[str, str]]) -> None:
    for a, b in merges:
        if a in union and b in union:
            union.merge(a, b)


def _freeze(joined: Joined, union: Union, splits: frozenset[str]) -> None:
    for members in union.sets().values():
        if len(members) == 1:
            joined.members[members[0]] = members
            joined.root[members[0]] = members[0]
            continue
        together = [m for m in members if m not in splits]
        for group in [together] + [[m] for m in members if m in splits]:
            if group:
                joined.members[group[0]] = group
                joined.root.update((m, group[0]) for m in group)
