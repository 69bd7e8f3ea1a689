"""Ground truth of a recorded exercise: who did what to whom and when, and which frames show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from linewarden.exercises.line import DEVICES, ROUTER, ROUTER_MACS, ZONES, Device
from linewarden.exercises.pcapng import frames
from linewarden.exercises.scenario import Scenario, Step

FORMAT = "linewarden-exercise-truth/1"


@dataclass(frozen=True)
class Done:
    """What came of a step; times are plant time, ns since 1970. `impact`: when it began to do harm, if it did."""

    step: Step
    begin: int
    end: int
    outcome: str
    result: str
    impact: int | None = None


def utc(stamp: int) -> str:
    """ISO 8601 with microseconds."""
    return datetime.fromtimestamp(stamp / 1e9, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def describe_device(device: Device) -> dict[str, Any]:
    """What a device is, for who scores an inventory."""
    return {
        "name": device.name, "address": device.address, "mac": device.mac, "zone": device.zone, "role": device.role,
        "purdue_level": device.level, "vendor": device.vendor, "model": device.model, "firmware": device.firmware,
        "serial": device.serial, "tcp_ports": list(device.listens), "recorded": ZONES[device.zone].mirrored,
    }  # fmt: skip


def describe_step(done: Done, shown: dict[str, Any] | None) -> dict[str, Any]:
    """One entry of the timeline."""
    step = done.step
    who = DEVICES[step.device]
    return {
        "step": step.name, "what": step.what, "hostile": step.hostile,
        "impact": step.impact, "impact_ns": done.impact, "looks_normal": step.looks_normal,
        "who": {"device": who.name, "address": who.address, "mac": who.mac},
        "via": list(step.via),
        "targets": [{"device": t, "address": DEVICES[t].address, "mac": DEVICES[t].mac} for t in step.targets],
        "attack_ics_techniques": list(step.techniques),
        "begin": utc(done.begin), "end": utc(done.end), "begin_ns": done.begin, "end_ns": done.end,
        "outcome": done.outcome, "result": done.result, "frames": shown,
    }  # fmt: skip


def describe_scenario(scenario: Scenario) -> dict[str, Any]:
    """Name, kind and sources."""
    return {
        "name": scenario.name, "title": scenario.title, "kind": scenario.kind, "summary": scenario.summary,
        "sources": [{"title": s.title, "url": s.url} for s in scenario.sources],
    }  # fmt: skip


def devices_as_dicts() -> list[dict[str, Any]]:
    """All devices, and the firewall's legs."""
    legs = [
        {"name": ROUTER, "address": zone.address(1), "mac": ROUTER_MACS[name], "zone": name, "role": "firewall"}
        for name, zone in ZONES.items()
    ]
    return [*map(describe_device, DEVICES.values()), *legs]


class _Watch:
    """Counts the frames of one step: between its device and its targets, while it lasted."""

    def __init__(self, done: Done) -> None:
        self.done = done
        self.actor = {end for name in (done.step.device, *done.step.via) for end in _ends(DEVICES[name])}
        self.targets = {end for name in done.step.targets for end in _ends(DEVICES[name])}
        self.numbers: list[int] = []
        self.first_ns: int | None = None

    def see(self, number: int, stamp: int, frame: bytes) -> None:
        """`number` is the frame's place in the file, from 1, as Wireshark counts."""
        if self.done.step.observes or not self.done.begin <= stamp <= self.done.end:
            return
        to, source, ends = frame[0:6], frame[6:12], _addresses(frame)
        ours = source in self.actor or to in self.actor or bool(ends & self.actor)
        group = bool(to[0] & 1)  # broadcast and multicast reach every target
        theirs = not self.targets or group or source in self.targets or to in self.targets or bool(ends & self.targets)
        if ours and theirs:
            self.numbers.append(number)
            self.first_ns = self.first_ns or stamp

    def shown(self) -> dict[str, Any]:
        """First, last and count, when the first was (ns); and the numbers, as ranges of neighbours."""
        ranges: list[list[int]] = []
        for number in self.numbers:
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        first, last = (self.numbers[0], self.numbers[-1]) if self.numbers else (None, None)
        return {
            "count": len(self.numbers), "first": first, "last": last, "first_ns": self.first_ns, "ranges": ranges,
        }  # fmt: skip


def _ends(device: Device) -> frozenset[bytes]:
    return frozenset({bytes.fromhex(device.mac.replace(":", "")), IPv4Address(device.address).packed})


def _addresses(frame: bytes) -> frozenset[bytes]:
    """IPv4 addresses of a frame: of the IP header, or asked for by ARP."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= 34:
        return frozenset({frame[26:30], frame[30:34]})
    if kind == b"\x08\x06" and len(frame) >= 42:
        return frozenset({frame[28:32], frame[38:42]})
    return frozenset()


def frames_of(capture: Path, steps: Sequence[Done]) -> list[dict[str, Any]]:
    """For each step, which frames of the capture show it."""
    watches = [_Watch(done) for done in steps]
    for number, (stamp, frame) in enumerate(frames(capture), 1):
        for watch in watches:
            watch.see(number, stamp, frame)
    return [watch.shown() for watch in watches]
