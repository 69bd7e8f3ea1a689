"""What facts are about: who is there, who talks to whom, what is done, and what has a range."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from linewarden.baseline.entry import RANGED, key_of
from linewarden.plant.addresses import is_group, is_link_local, is_public, oui_vendor, usable_ip, usable_mac
from linewarden.records import Verb

INTERNET = "internet"
"""All public addresses are one peer: which of a cloud's servers answers today is not a habit of the plant."""
ANYBODY = "*"
"""In the place of an address: whoever it was, the network was active."""
NETWORK = key_of("network", "network")
READS = frozenset({Verb.READ, Verb.BROWSE, Verb.SUBSCRIBE, Verb.DIAGNOSE, Verb.PROGRAM_UPLOAD, Verb.AUTHENTICATE})
"""Verbs that leave the device as it is."""
MASTERS = frozenset({Verb.WRITE, Verb.FORCE})
AREAS = frozenset({*MASTERS, Verb.READ, Verb.PROGRAM_UPLOAD, Verb.PROGRAM_DOWNLOAD, Verb.CONFIGURE})
"""Verbs of which the targets are learned."""
DYNAMIC = 49_152
"""From this port on ports are handed out at random (RFC 6335), and tell nothing."""

REMEMBERED = 4_096
"""What records tell of is made once, as long as it comes again."""


@dataclass(slots=True)
class Thing:
    """What a fact is about; most are seen minute for minute, and are made once a batch.

    `parents`: keys of entries, of which one must be ripe for this to be news. `under`: if that entry was news in this
    minute, this is part of it. `once`: only the first fact of a minute is looked at.
    """

    kind: str
    subject: str
    peer: str = ""
    protocol: str = ""
    what: str = ""
    parents: tuple[str, ...] = ()
    under: str = ""
    once: bool = False
    key: str = ""
    """The key of its entry."""

    def __post_init__(self) -> None:
        self.key = key_of(self.kind, self.subject, self.peer, self.protocol, self.what)

    @property
    def above(self) -> tuple[str, ...]:
        """Keys of entries, one of which there must be for it to be learned; none for what hangs on nothing."""
        return (self.under,) if self.kind == "rhythm" else () if self.ranged else self.parents

    @property
    def ranged(self) -> bool:
        """True for what has a range, which each fact may leave."""
        return self.kind in RANGED


@lru_cache(REMEMBERED)
def peers(orig: str, resp: str, service: str) -> tuple[Thing, ...]:
    """Who is there, who serves what, and to whom."""
    if orig == ANYBODY:
        return (Thing("network", "network"),)
    orig, resp = peer_of(orig), peer_of(resp)
    if not orig or not resp:
        return ()
    served = Thing("service", resp, "", service, parents=(key_of("subject", resp),))
    above = (served.key, key_of("subject", orig))
    return (
        Thing("network", "network"),
        *(Thing("subject", end) for end in (orig, resp) if end != INTERNET),
        *((served,) if resp != INTERNET else ()),
        Thing("peer", resp, orig, service, parents=above, under=served.key),
    )


@lru_cache(REMEMBERED)
def peers_by_port(orig: str, resp: str, proto: str, service: str | None, port: int | None) -> tuple[Thing, ...]:
    """The same of a conversation; where the service is not known the port stands for it."""
    named = proto if port is None else f"{proto}/{'dynamic' if port >= DYNAMIC else port}"
    return peers(orig, resp, service or named)


@lru_cache(REMEMBERED)
def done(
    orig: str, resp: str, protocol: str, verb: str, function: str, area: str, hour: int | None, beats: bool
) -> tuple[Thing, ...]:
    """What was done, with which function, to which target, how often; logins with the hour of the day."""
    orig, resp = peer_of(orig), peer_of(resp)
    if not orig or not resp or orig == ANYBODY:
        return ()
    above = key_of("peer", resp, orig, protocol)
    part_of = key_of("master", resp, orig) if verb in MASTERS else key_of("login", resp, orig, protocol)
    verbs, whole = key_of("verb", resp, orig, protocol, verb), f"{verb} {function}"
    things = []
    if verb in MASTERS:
        things += [Thing("written", resp), Thing("master", resp, orig, parents=(key_of("written", resp),))]
    if hour is not None:
        known = (key_of("subject", resp), key_of("subject", orig))
        things.append(Thing("login", resp, orig, protocol, parents=known))
        things.append(Thing("hour", resp, orig, protocol, f"{hour:02d}", parents=(part_of,)))
    things.append(Thing("verb", resp, orig, protocol, verb, (above,), part_of))
    things.append(Thing("verb", resp, orig, protocol, whole, (verbs,)))
    if area and verb in AREAS:
        how = key_of("verb", resp, orig, protocol, whole)
        things.append(Thing("target", resp, orig, protocol, f"{verb} {area}", (verbs,), how))
    if beats:
        things.append(
            Thing("rhythm", resp, orig, protocol, whole, (key_of("rhythm", resp, orig, protocol, whole),), above)
        )
    return tuple(things)


@lru_cache(REMEMBERED)
def written(resp: str, protocol: str, unit: int | None, target: str | None, places: int) -> tuple[Thing, ...]:
    """Numbers that were written to a target, each place by itself; none if it was something else."""
    subject = peer_of(resp)
    return (_ranged(subject, protocol, f"written {_unit(unit)}{target or ''}", places),) if subject and places else ()


@lru_cache(REMEMBERED)
def shown(
    source: str, protocol: str, unit: int | None, area: str | None, start: int | None, name: str | None, places: int
) -> tuple[Thing, ...]:
    """Values that a block of points showed; `places`: 0 for what are no numbers."""
    what = _unit(unit) + (name or f"{area or ''} {'' if start is None else start}".strip())
    return (_ranged(source, protocol, what, places, once=True),) if places else ()


def _ranged(subject: str, protocol: str, what: str, places: int, *, once: bool = False) -> Thing:
    """Values of a block, each place of which has a range."""
    what = f"{what} x{places}" if places > 1 else what
    own = key_of("value", subject, "", protocol, what)
    return Thing("value", subject, "", protocol, what, (own,), once=once)


def _unit(unit: int | None) -> str:
    return f"unit {unit} " if unit else ""


@lru_cache(REMEMBERED)
def devices(mac: str, ip: str | None) -> tuple[Thing, ...]:
    """Who is there: devices by MAC, and the addresses of each (behind a router's MAC there are many)."""
    if not usable_mac(mac):
        return ()
    vendor = oui_vendor(mac) or ""
    maker = Thing("vendor", "network", what=vendor, parents=(NETWORK,))
    own = Thing("asset", mac, what=vendor, parents=(NETWORK,), under=maker.key if vendor else "")
    things = (Thing("network", "network"), *((maker,) if vendor else ()), own)
    if ip and usable_ip(ip) and not is_public(ip) and not is_link_local(ip):
        return (*things, Thing("asset", mac, ip, parents=(own.key,)))
    return things


def peer_of(address: str) -> str:
    """The address as a peer; empty if it is nobody's own."""
    return "" if is_group(address) else INTERNET if is_public(address) else address
