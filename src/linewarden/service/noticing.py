"""The notices of a lake that a person asks for."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.cases.model import Event

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which ones: nothing that is left out limits them. `since`: ns UTC; `asset`: name, id or address."""

    severity: str = "info"
    notes: tuple[str, ...] = ()
    since: int | None = None
    assets: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notices:
    """Those that were asked for, by time; of how many; names of assets by id."""

    events: tuple[Event, ...]
    of: int
    names: Mapping[str, str]


def notices_of(path: Path, wanted: Wanted) -> Notices:
    """Reads them; a lake without any gives none. Raises StoreError if it is no lake, ConfigError for a wrong wish."""
    from linewarden.service.casing import events, known_of
    from linewarden.service.lake import open_lake
    from linewarden.service.lake_files import reading

    networks_of(wanted)
    lake = open_lake(path)
    if "notice" not in lake.streams:
        return Notices((), 0, {})
    known = known_of(lake)
    names = {known.ids[a]: n for a, n in known.names.items() if a in known.ids}
    with reading(path):
        found = events(lake, known.ids)
    return fitting(found, wanted, names)


def fitting(found: Sequence[Event], wanted: Wanted, names: Mapping[str, str]) -> Notices:
    """Those of these that were asked for. Raises ConfigError for a wrong wish."""
    networks = networks_of(wanted)
    return Notices(tuple(e for e in found if _fits(e, wanted, networks, names)), len(found), names)


def networks_of(wanted: Wanted) -> list[_Network | str]:
    """The addresses that were asked for. Raises ConfigError for what is none."""
    return [_network(a) for a in wanted.addresses]


def _fits(event: Event, wanted: Wanted, networks: list[_Network | str], names: Mapping[str, str]) -> bool:
    from linewarden.plant.model import Severity

    if Severity(event.severity).order > Severity(wanted.severity).order:
        return False
    if wanted.notes and event.note not in wanted.notes:
        return False
    if wanted.since is not None and event.until < wanted.since:
        return False
    ids = (event.orig, event.resp)
    said = {*ids, event.orig_h, event.resp_h, *(names[i] for i in ids if i in names)}
    if wanted.assets and not {a.casefold() for a in wanted.assets} & {s.casefold() for s in said}:
        return False
    return not networks or any(_is_in(h, n) for n in networks for h in (event.orig_h, event.resp_h))


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network | str:
    """An address, a network such as 10.0.0.0/24, or a MAC."""
    if re.fullmatch(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}", text):
        return text.lower().replace("-", ":")
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ConfigError(f"--address {text}: is no address; use 10.0.0.5, 10.0.0.0/24 or a MAC") from None


def _is_in(address: str, network: _Network | str) -> bool:
    if isinstance(network, str):
        return address.lower() == network
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def since(text: str, now: datetime | None = None) -> int:
    """The ns UTC of `24h` ago, or of a time such as `2026-11-26T08:00` by this machine's clock. Raises ConfigError."""
    if found := re.fullmatch(r"(\d{1,5})([mhdw])", text):
        at = (now or datetime.now(UTC)) - timedelta(**{UNITS[found[2]]: int(found[1])})
    else:
        try:
            at = datetime.fromisoformat(text).astimezone()
        except (ValueError, OverflowError, OSError):
            raise ConfigError(f"--since {text}: use 30m, 24h, 7d, or a time such as 2026-11-26T08:00") from None
    return int(at.timestamp()) * 10**9 + at.microsecond * 1000
