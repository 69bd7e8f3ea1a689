"""What a detection may ask: who is who. A frozen snapshot, so that a run over history can be repeated."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from linewarden.plant.model import Asset, Plant, Role

__all__ = ["Knowledge", "Role", "is_public", "knowledge_of"]

FIELD = frozenset(
    {
        Role.CONTROLLER, Role.SAFETY_CONTROLLER, Role.IO, Role.DRIVE, Role.SENSOR, Role.RTU, Role.GATEWAY,
        Role.BUILDING_CONTROLLER,
    }
)  # fmt: skip
"""Roles of what moves the process."""
EXAMPLES = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
SURE = 0.5
"""A role of less confidence is a guess."""
STATIONS = frozenset({Role.SCADA, Role.HMI, Role.HISTORIAN, Role.ENGINEERING})
"""Roles that have a reason to speak to controllers."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Roles, levels, zones and names by address (IP or MAC, lower case). All empty: nothing is known yet."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    levels: Mapping[str, float] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    """Address -> id of its asset."""
    masters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Address of a controller -> ids of the assets that read or wrote it before this run."""
    approved: tuple[tuple[str, str, str], ...] = ()
    """What people approved: pattern of a device, pattern of a block or program, sha256 of its content."""
    guessed: frozenset[str] = frozenset()
    """Addresses whose role is only a guess, for instance from what they write."""

    def role(self, address: str | None) -> Role:
        """What the device at this address is for."""
        return self.roles.get(address or "", Role.UNKNOWN)

    def is_field(self, address: str | None) -> bool:
        """True for controllers, I/O, drives and the like."""
        return self.role(address) in FIELD

    def is_station(self, address: str | None) -> bool:
        """True for SCADA, HMI, historian and engineering stations."""
        return self.role(address) in STATIONS

    def is_safety(self, address: str | None) -> bool:
        """True for a safety controller."""
        return self.role(address) is Role.SAFETY_CONTROLLER

    def is_ot(self, address: str | None) -> bool:
        """True for what stands at Purdue level 3 or below."""
        return self.is_field(address) or self.levels.get(address or "", 9.0) <= 3

    def is_outside(self, address: str | None) -> bool:
        """True for an address of the internet, and for what the plant's fold put there."""
        return self.levels.get(address or "") == 5 or is_public(address)

    def zone(self, address: str | None) -> str | None:
        """The zone, if somebody named it."""
        return self.zones.get(address or "")

    def approved_hashes(self, address: str, block: str) -> frozenset[str]:
        """sha256 of what may be in this block of this device; empty if nobody said."""
        called = {address, self.asset(address), self.names.get(address, address)}
        return frozenset(
            sha256 for device, name, sha256 in self.approved
            if fnmatchcase(block, name) and any(fnmatchcase(c, device) for c in called)
        )  # fmt: skip

    def asset(self, address: str | None) -> str:
        """The asset's id; the address itself if there is none."""
        return self.ids.get(address or "", address or "")

    def name(self, address: str | None) -> str:
        """How to call it in a sentence: 'plc-1 (10.0.0.1)', or the address."""
        name = self.names.get(address or "")
        return f"{name} ({address})" if name and name != address else address or "unknown"


def knowledge_of(plant: Plant) -> Knowledge:
    """A snapshot of what the plant's fold concluded."""
    places = [(address, a) for a in plant.assets for address in _addresses(a)]
    return Knowledge(
        {p: a.role for p, a in places if a.role is not Role.UNKNOWN},
        {p: a.level for p, a in places if a.level is not None},
        {p: a.zone for p, a in places if a.zone},
        {p: a.name for p, a in places if a.name},
        {p: a.id for p, a in places},
        {p: frozenset(a.masters) for p, a in places if a.masters},
        guessed=frozenset(p for p, a in places if a.role is not Role.UNKNOWN and a.role_confidence < SURE),
    )


def _addresses(asset: Asset) -> Iterable[str]:
    return {asset.id, *asset.ips, *asset.macs}


@lru_cache(4096)
def is_public(address: str | None) -> bool:
    """True for an address of the internet, False for private, local and group ones, and for MAC addresses.

    Addresses for examples (RFC 5737) stand for the internet on practice plants, and are nobody's otherwise.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return (found.is_global and not found.is_multicast) or any(found in net for net in EXAMPLES)
