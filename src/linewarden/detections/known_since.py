"""What became known between two moments, as records; and from such records what was known at each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from linewarden.detections.knowledge import Knowledge, Role
from linewarden.records import Known


class About(NamedTuple):
    """All that is known of an address."""

    asset: str | None = None
    role: str | None = None
    level: float | None = None
    zone: str | None = None
    name: str | None = None
    masters: str | None = None
    guessed: bool | None = None


def told_apart(before: Knowledge, after: Knowledge, run: int, serial: int) -> list[Known]:
    """A record for each address of which something else is known now; `run` and `serial` as in `judged`."""
    addresses = sorted(_addresses(before) | _addresses(after))
    now = {address: about(after, address) for address in addresses}
    return [Known(run, serial, a, *now[a]) for a in addresses if now[a] != about(before, a)]


def _addresses(known: Knowledge) -> set[str]:
    maps = (known.ids, known.roles, known.levels, known.zones, known.names, known.masters)
    return {address for kept in maps for address in kept}


def about(known: Knowledge, address: str) -> About:
    """What is known of an address; of one that nobody knows, nothing."""
    role = known.roles.get(address)
    return About(
        known.ids.get(address), str(role) if role else None, known.levels.get(address), known.zones.get(address),
        known.names.get(address), " ".join(sorted(known.masters.get(address, ()))) or None,
        address in known.guessed if role else None,
    )  # fmt: skip


def knowledge_from(rows: Iterable[tuple[str, About]]) -> Knowledge:
    """What was known, of an address and what it was last said to be each."""
    found = dict(rows)
    return Knowledge(
        {a: Role(f.role) for a, f in found.items() if f.role},
        {a: f.level for a, f in found.items() if f.level is not None},
        {a: f.zone for a, f in found.items() if f.zone},
        {a: f.name for a, f in found.items() if f.name},
        {a: f.asset for a, f in found.items() if f.asset},
        {a: frozenset(f.masters.split()) for a, f in found.items() if f.masters},
        guessed=frozenset(a for a, f in found.items() if f.guessed),
    )
