"""More devices that only announce themselves than any network has: a flood of made-up addresses, or a broken sender.

An address is *silent* if it took part in no conversation: nobody answered its frames, which are below IP (LLDP,
DCP, STP), or it was merely mentioned. A plant has some hundreds of them (the real mix of `make bench`: 247). The
first `MOST` are kept; the rest is counted, so that neither time nor memory grows with what somebody makes up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from linewarden.plant.rows import BindingRow, ConnRow, IdentityRow

NOBODY = "00:00:00:00:00:00"
"""The sensor sums the frames of made-up senders in a conversation of this address (`engine/sensor/src/crowd.rs`)."""
SUMMED = "lone_conversations_summed"
"""The weird that says of how many."""
LEFT_OUT = "announcements_left_out"
"""The weird that says how many of their announcements were only counted (`engine/sensor/src/beyond.rs`)."""
MOST = 1_024
"""Silent addresses that are kept: more than a network of this kind has, since a switch learns 8,192 in all, most of
which talk."""


@dataclass(slots=True)
class Crowd:
    """What is looked at further, and what was left out: `addresses` of them, with the `unseen` conversations."""

    conns: list[ConnRow]
    bindings: list[BindingRow]
    identities: list[IdentityRow]
    addresses: int = 0
    unseen: list[ConnRow] = field(default_factory=list)
    first: tuple[int, str, int] = (0, "", 0)


def thin(conns: list[ConnRow], bindings: list[BindingRow], identities: list[IdentityRow]) -> Crowd:
    """Leave out the silent addresses beyond the first `MOST`, by the time of their first packet."""
    summed = [c for c in conns if c.orig == c.resp == NOBODY]
    if summed:
        conns = [c for c in conns if not c.orig == c.resp == NOBODY]
    crowd = Crowd(conns, bindings, identities, unseen=summed)
    if len(identities) + len(bindings) + len(conns) <= MOST:
        return crowd
    silent = _silent(conns, bindings, identities)
    if len(silent) <= MOST:
        return crowd
    ranked = sorted(silent, key=lambda address: (silent[address], address))
    gone = set(ranked[MOST:])
    crowd.addresses, crowd.first = len(gone), silent[ranked[MOST]]
    crowd.unseen += [c for c in conns if c.orig in gone or c.resp in gone]
    crowd.conns = [c for c in conns if c.orig not in gone and c.resp not in gone]
    crowd.bindings = [b for b in bindings if b.mac not in gone]
    crowd.identities = [i for i in identities if i.address not in gone]
    return crowd


def _silent(
    conns: list[ConnRow], bindings: list[BindingRow], identities: list[IdentityRow]
) -> dict[str, tuple[int, str, int]]:
    """Silent addresses with the first packet that shows them."""
    first: dict[str, tuple[int, str, int]] = {}
    heard: set[str | None] = set()
    for c in conns:
        if c.proto == "eth" and not (c.orig_pkts and c.resp_pkts):
            _earliest(first, c.orig if c.orig_pkts else c.resp, c)
        else:
            heard.update((c.orig, c.resp, c.orig_mac, c.resp_mac))
    for b in bindings:
        if b.ip:
            heard.update((b.mac, b.ip))
        else:
            _earliest(first, b.mac, b)
    for i in identities:
        _earliest(first, i.address, i)
    return {address: at for address, at in first.items() if address not in heard}


def _earliest(first: dict[str, tuple[int, str, int]], address: str, row: ConnRow | BindingRow | IdentityRow) -> None:
    at = (row.ts, row.capture, row.frame)
    if address not in first or at < first[address]:
        first[address] = at
