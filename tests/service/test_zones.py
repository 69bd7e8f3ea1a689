"""What the network suggests as zones, and which conversations cross without need."""

from __future__ import annotations

import pytest

from linewarden.plant.model import Asset, Role
from linewarden.service.zones.conduits import conduits_of, needless
from linewarden.service.zones.suggestions import suggested
from tests.reports.factory import asset, talk

PLC = asset(1, "plc", Role.CONTROLLER, zone="cell")
SIS = asset(2, "sis", Role.SAFETY_CONTROLLER, zone="safety")
HMI = asset(3, "hmi", Role.HMI, zone="cell")
HISTORIAN = asset(4, "historian", Role.HISTORIAN, zone="site")
OFFICE = asset(5, "pc", Role.WORKSTATION, zone="office")
BROKER = asset(6, "broker", Role.SERVER, zone="dmz", level=3.5)
OUTSIDE = asset(7, "cloud", Role.UNKNOWN, level=5.0, public=True)
LOOSE = asset(8, "loose", Role.UNKNOWN)


@pytest.mark.parametrize(
    ("source", "target", "verbs", "why"),
    [
        (OFFICE, PLC, {"read": 3}, "skips"),
        (PLC, OFFICE, {}, "skips"),
        (OFFICE, BROKER, {}, ""),
        (OFFICE, HISTORIAN, {}, ""),
        (HISTORIAN, PLC, {"read": 3}, ""),
        (OUTSIDE, PLC, {}, "outside"),
        (HISTORIAN, OUTSIDE, {}, "outside"),
        (OUTSIDE, BROKER, {}, ""),
        (OUTSIDE, OFFICE, {}, ""),
        (HMI, SIS, {"read": 2}, ""),
        (HMI, SIS, {"write": 2}, "safety"),
        (LOOSE, PLC, {}, ""),
        (LOOSE, LOOSE, {}, ""),
    ],
)
def test_what_crosses_without_need(source: Asset, target: Asset, verbs: dict[str, int], why: str) -> None:
    assert needless(talk(source, target, "modbus", **verbs), source, target) == why


def test_conduits_add_up_in_each_direction() -> None:
    talks = [
        talk(HISTORIAN, PLC, "modbus", 4000, read=5), talk(HISTORIAN, HMI, "opcua", 2000, write=1),
        talk(PLC, HISTORIAN, "mqtt", 1000), talk(HMI, PLC, "modbus", 9000, write=7), talk(LOOSE, PLC, "arp"),
    ]  # fmt: skip
    known = {a.id: a for a in (PLC, HMI, HISTORIAN, LOOSE)}
    found = {(c.source, c.target): c for c in conduits_of(talks, known.get)}
    assert set(found) == {("site", "cell"), ("cell", "site"), ("", "cell")}
    down = found["site", "cell"]
    assert (len(down.conversations), down.changing, down.bytes) == (2, 1, 6000)
    assert (down.asking, down.asked) == ({HISTORIAN.id}, {PLC.id, HMI.id})
    assert dict(down.verbs) == {"read": 5, "write": 1}


def test_a_line_is_a_zone_and_safety_stands_apart() -> None:
    line = [asset(n, f"plc {n}", Role.CONTROLLER, line="Line 1") for n in (1, 2)]
    sis = asset(3, "sis", Role.SAFETY_CONTROLLER, line="Line 1")
    found = suggested([*line, sis, OUTSIDE])
    assert [(s.name, len(s.assets)) for s in found] == [("Line 1", 2), ("Safety Line 1", 1)]


def test_a_network_is_parted_by_what_stands_there() -> None:
    plain = {"vlans": ()}
    plant = [asset(1, "plc", Role.CONTROLLER, **plain), asset(2, "hmi", Role.HMI, **plain)]
    office = asset(3, "pc", Role.WORKSTATION, **plain)
    unknown = asset(4, "?", Role.UNKNOWN, **plain)
    found = {s.tier: set(s.assets) for s in suggested([*plant, office, unknown])}
    assert found == {"control": {plant[0].id, plant[1].id, unknown.id}, "office": {office.id}}


def test_who_is_left_over_fits_into_the_zone_of_the_others() -> None:
    inside = [asset(n, f"plc {n}", Role.CONTROLLER, zone="filling") for n in (1, 2)]
    left = asset(3, "plc 3", Role.CONTROLLER)
    (found,) = suggested([*inside, left])
    assert (found.name, found.joins, found.assets) == ("filling", True, (left.id,))


def test_what_is_in_a_zone_already_needs_none() -> None:
    assert suggested([PLC, HMI, OFFICE, OUTSIDE]) == []
