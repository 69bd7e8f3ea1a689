"""What is there: the plant as plain, frozen values.

    Plant
      |-- assets         Asset: one device, with who it serves, uses and talks to
      |-- conversations  Conversation: who talks to whom, in which protocols, saying what
      |-- protocols      ProtocolUse
      |-- tap            Finding: is the tap right?
      |-- exposures      Finding: weaknesses that anyone on the wire could read
      |-- names          NamesReport: the user's names against what was seen
      `-- captures       Capture: what was looked at

Times are ns since the epoch, UTC; 0 where nothing was seen. Sizes are bytes on the wire. Everything is sorted, so that
the same records give an equal `Plant` whatever order they came in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple


class Role(StrEnum):
    """What a device is for. The closed list; `unknown` where the evidence does not say."""

    CONTROLLER = "controller"
    SAFETY_CONTROLLER = "safety_controller"
    IO = "io"
    DRIVE = "drive"
    SENSOR = "sensor"
    RTU = "rtu"
    GATEWAY = "gateway"
    BUILDING_CONTROLLER = "building_controller"
    HMI = "hmi"
    SCADA = "scada"
    HISTORIAN = "historian"
    MES = "mes"
    ENGINEERING = "engineering"
    SERVER = "server"
    WORKSTATION = "workstation"
    SWITCH = "switch"
    ROUTER = "router"
    ACCESS_POINT = "access_point"
    PRINTER = "printer"
    CAMERA = "camera"
    PHONE = "phone"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a finding matters; `ok` and `info` ask for nothing."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    OK = "ok"

    @property
    def order(self) -> int:
        """0 for the worst, for sorting."""
        return _ORDER[self]


_ORDER = {severity: order for order, severity in enumerate(Severity)}


class Evidence(NamedTuple):
    """How we know one thing: `what` (a field of Asset, or a fact) is `value`, because `source` said so.

    `source` is a protocol (s7comm, lldp), a file (names), or a rule (oui, conn). `capture` and `frame` name one packet
    that shows it; empty and 0 if no packet does. `confidence` is 0..1. Some ten are made for each asset, hence a tuple.
    """

    what: str
    value: str
    source: str
    detail: str = ""
    capture: str = ""
    frame: int = 0
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service that an asset answers on. `port` is None for protocols without ports; `clients` counts assets."""

    protocol: str
    port: int | None
    transport: str
    clients: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One device, with everything that was said by it and about it.

    `id` is stable: the lowest MAC address that is its own, else its lowest IP address. `name` is the one to show (never
    empty: the id if nothing better is known), `names` all of them. `level` is the Purdue level: 0, 1, 2, 3, 3.5 (DMZ),
    4, 5 (public), or None if unknown. `uses` are protocols in which it is the client. `masters` are ids of assets that
    read or write it through an OT protocol, `writers` those that change something in it.
    `criticality` is what a person said of it (`plant.criticality`).
    `seen` is False for a device that was only asked for or mentioned, and never sent a frame itself.
    """

    id: str
    name: str
    names: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    vlans: tuple[int, ...] = ()
    vendor: str | None = None
    model: str | None = None
    order_number: str | None = None
    hardware: str | None = None
    firmware: str | None = None
    serial: str | None = None
    os: str | None = None
    software: str | None = None
    location: str | None = None
    description: str | None = None
    role: Role = Role.UNKNOWN
    role_confidence: float = 0.0
    role_reasons: tuple[str, ...] = ()
    level: float | None = None
    zone: str | None = None
    line: str | None = None
    criticality: str | None = None
    public: bool = False
    seen: bool = True
    serves: tuple[Service, ...] = ()
    uses: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    masters: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    first_seen: int = 0
    last_seen: int = 0
    packets: int = 0
    bytes: int = 0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that one asset (the one that asks) says to another and is answered.

    `source` is an asset id; `target` an asset id, or the group address itself where `group` is True (broadcast,
    multicast). `ports` are those of the target. `verbs` are (verb, requests) pairs, most frequent first; `packets` and
    `bytes` count both directions, `answers` the packets of the target alone. `frame` is its first packet in `capture`.
    """

    source: str
    target: str
    protocols: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    packets: int = 0
    bytes: int = 0
    answers: int = 0
    verbs: tuple[tuple[str, int], ...] = ()
    first_seen: int = 0
    last_seen: int = 0
    capture: str = ""
    frame: int = 0
    group: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the tap or an exposure, in words for a person.

    `kind` is snake_case and stable; `detail` says what was seen and what it means, `next_step` what to do.
    `assets` are ids.
    """

    kind: str
    severity: Severity
    title: str
    detail: str
    next_step: str
    assets: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ProtocolUse:
    """How much of the traffic one protocol is; `assets` counts those that speak it, `conversations` pairs of them."""

    protocol: str
    conversations: int
    packets: int
    bytes: int
    assets: int


@dataclass(frozen=True, slots=True)
class NamesReport:
    """The user's names file against the wire.

    `matched` are (address, asset id) pairs, `not_seen` (address, name) pairs of the file that no frame showed,
    `unnamed` ids of assets that the file does not have, `corrected` are (asset id, field, what we thought,
    what the file says).
    """

    matched: tuple[tuple[str, str], ...] = ()
    not_seen: tuple[tuple[str, str], ...] = ()
    unnamed: tuple[str, ...] = ()
    corrected: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture file or interface, as far as conversations show it. `conns` counts conversations."""

    name: str
    packets: int = 0
    bytes: int = 0
    conns: int = 0
    first_ts: int = 0
    last_ts: int = 0


@dataclass(frozen=True, slots=True)
class Plant:
    """All of it. `as_dict` gives plain values for JSON."""

    assets: tuple[Asset, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    protocols: tuple[ProtocolUse, ...] = ()
    tap: tuple[Finding, ...] = ()
    exposures: tuple[Finding, ...] = ()
    names: NamesReport | None = None
    captures: tuple[Capture, ...] = ()
    first_seen: int = 0
    last_seen: int = 0
    packets: int = 0
    bytes: int = 0

    def asset(self, id_or_address: str) -> Asset | None:
        """The asset of an id, IP or MAC address (lower case); None if there is none."""
        return next((a for a in self.assets if id_or_address in (a.id, *a.ips, *a.macs)), None)


def as_dict(value: Any) -> Any:
    """A plant, or any value of this module, as dicts, lists, str, int, float, bool and None, ready for JSON."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return [as_dict(v) for v in value]
    if (names := _field_names(value.__class__)) is not None:
        return {name: as_dict(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(k): as_dict(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_dict(v) for v in value]
    return str(value) if isinstance(value, StrEnum) else value


_PLAIN = frozenset({str, int, float, bool, type(None)})


@cache
def _field_names(kind: type) -> tuple[str, ...] | None:
    named: tuple[str, ...] | None = getattr(kind, "_fields", None)
    return tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else named
