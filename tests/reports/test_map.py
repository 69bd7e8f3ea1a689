"""The map: legible at 10, 40, 300 and 2,000 devices, and the same each time."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import factory
import pytest

from linewarden.plant.model import Plant, Role
from linewarden.reports.map_layout import BOX_H, BOX_W, MapView, map_view
from linewarden.reports.view import plant_view

PLANTS: dict[str, Callable[[], Plant]] = {
    "12": factory.bottling, "40": factory.works, "300": lambda: factory.site(300), "2000": factory.site, "none": Plant,
}  # fmt: skip


@pytest.fixture(scope="module", params=PLANTS)
def drawn(request: pytest.FixtureRequest) -> tuple[Plant, MapView]:
    plant = PLANTS[request.param]()
    return plant, map_view(plant, plant_view(plant))


def test_boxes_lie_inside_and_none_covers_another(drawn: tuple[Plant, MapView]) -> None:
    _, picture = drawn
    for box in picture.boxes:
        assert box.x >= 0 and box.x + BOX_W <= picture.width
        assert box.y >= 0 and box.y + BOX_H <= picture.height
    for a, b in itertools.combinations(picture.boxes, 2):
        assert abs(a.x - b.x) >= BOX_W or abs(a.y - b.y) >= BOX_H


def test_every_asset_is_in_exactly_one_box(drawn: tuple[Plant, MapView]) -> None:
    plant, picture = drawn
    members = [m for box in picture.boxes for m in box.node.members]
    assert sorted(members) == list(range(len(plant.assets)))


def test_it_stays_small_enough_to_read(drawn: tuple[Plant, MapView]) -> None:
    plant, picture = drawn
    assert len(picture.boxes) <= max(60, 8 * 14)
    assert picture.height < 1600
    assert picture.folded == (len(plant.assets) > 60)


def test_boxes_stand_in_the_lane_of_their_level(drawn: tuple[Plant, MapView]) -> None:
    plant, picture = drawn
    rows = plant_view(plant).assets
    for box in picture.boxes:
        lane = next(la for la in picture.lanes if la.y <= box.y < la.y + la.h)
        assert {rows[m].level_key for m in box.node.members} == {lane.number}


def test_changes_are_drawn_over_reads_and_those_over_the_rest() -> None:
    plant = factory.bottling()
    kinds = [line.edge.kind for line in map_view(plant, plant_view(plant)).lines]
    assert set(kinds) == {"other", "read", "change"}
    assert kinds == sorted(kinds, key=["other", "read", "change"].index)


def test_order_of_the_records_does_not_move_a_box() -> None:
    plant = factory.bottling()
    talks = list(reversed(plant.conversations))
    again = factory.plant(list(reversed(plant.assets)), talks, exposures=plant.exposures)
    places = [[(b.node.title, b.x, b.y) for b in map_view(p, plant_view(p)).boxes] for p in (plant, again)]
    assert sorted(places[0]) == sorted(places[1])


def test_a_long_line_passes_beside_the_boxes_of_the_lanes_between() -> None:
    top, low = factory.asset(1, "top", Role.ENGINEERING), factory.asset(2, "low", Role.CONTROLLER)
    between = factory.asset(3, "between", Role.HMI)
    plant = factory.plant([top, low, between], [factory.talk(top, low, "s7comm", 9000, 102, write=2)])
    picture = map_view(plant, plant_view(plant))
    box = next(b for b in picture.boxes if b.node.title == "between")
    path = picture.lines[0].path
    upright = [float(part.split("V")[0].split()[-2]) for part in path.split("C")[1:] if "V" in part]
    assert upright and all(not box.x < x < box.x + BOX_W for x in upright)


def test_the_few_that_stand_out_keep_their_box_when_a_lane_is_folded() -> None:
    panels = [factory.asset(i, f"panel {i}", Role.HMI) for i in range(90)]
    plc = factory.asset(200, "plc", Role.CONTROLLER)
    plant = factory.plant([*panels, plc], [factory.talk(panels[7], plc, "modbus", 900, 502, write=3)])
    titles = {b.node.title for b in map_view(plant, plant_view(plant)).boxes}
    assert {"panel 7", "plc", "89 operator panels"} <= titles
