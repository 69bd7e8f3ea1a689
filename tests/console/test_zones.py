"""Zones as people keep them: dragged with the mouse or a finger, or moved with keys and forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.axe import violations
from tests.console.conftest import open_as
from tests.console.house import Served, make_lake, served_lake

__all__ = ["open_as"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console of its own: these tests change it."""
    folder: Path = tmp_path_factory.mktemp("zones")
    with served_lake(make_lake(folder / "lake"), folder) as found:
        yield found


def zone_of(served: Served, asset: str) -> str:
    return served.place.follower.view.zone(asset)


def first(page: Any, zone: str) -> Any:
    return page.locator(f"[data-zone='{zone}'] li[data-drag]").first


def drop(page: Any, item: Any, zone: str) -> str:
    """Drags it with the mouse."""
    asset: str = item.get_attribute("data-asset")
    item.scroll_into_view_if_needed()
    item.locator("svg").hover()
    page.mouse.down()
    box = page.locator(f"[data-zone='{zone}'] h2").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 20, steps=4)
    page.mouse.move(box["x"] + 44, box["y"] + 10)
    page.mouse.up()
    return asset


def test_an_asset_is_dragged_and_the_move_is_undone(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("engineer", "/zones", viewport={"width": 1600, "height": 1400})
    asset = drop(page, first(page, "utilities"), "cell")
    page.wait_for_selector(f"[data-zone='cell'] [data-asset='{asset}']")
    assert zone_of(served, asset) == "cell"
    assert "cell" in page.inner_text("#zones-said")
    page.click(".undo button")
    page.wait_for_selector(f"[data-zone='utilities'] [data-asset='{asset}']")
    assert zone_of(served, asset) == "utilities"


def test_assets_that_are_chosen_go_together_by_keys(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("engineer", "/zones")
    assets = [b.get_attribute("value") for b in page.locator("[data-zone='cell'] input[name=assets]").all()[:2]]
    for asset in assets:
        page.focus(f"input[value='{asset}']")
        page.keyboard.press("Space")
    assert page.inner_text("[data-chosen]").startswith("2 ")
    page.select_option("#moving select[name=zone]", "utilities")
    page.focus("#moving button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice-box.ok")
    assert {zone_of(served, a) for a in assets} == {"utilities"}


def test_a_finger_that_stays_drags_and_one_that_moves_scrolls(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("engineer", "/zones", viewport={"width": 1024, "height": 1400}, has_touch=True)
    item = first(page, "office")
    asset = item.get_attribute("data-asset")
    box = item.locator("svg").bounding_box()
    start = {"x": box["x"] + 5, "y": box["y"] + 5}
    goal = page.locator("[data-zone='cell'] h2").bounding_box()
    touch = page.context.new_cdp_session(page)

    def send(kind: str, x: float = 0, y: float = 0) -> None:
        points = [{"x": x, "y": y}] if kind != "touchEnd" else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", **start)
    send("touchMove", start["x"], start["y"] + 40)
    send("touchEnd")
    assert page.locator(".ghost").count() == 0
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    send("touchStart", **start)
    page.wait_for_timeout(400)
    send("touchMove", goal["x"] + 30, goal["y"] + 20)
    send("touchMove", goal["x"] + 34, goal["y"] + 12)
    send("touchEnd")
    page.wait_for_selector(f"[data-zone='cell'] [data-asset='{asset}']")
    assert zone_of(served, asset) == "cell"


def test_a_zone_is_made_changed_and_removed(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("engineer", "/zones")
    page.click(".making summary")
    page.fill(".making [name=name]", "Welding <b>1")
    page.select_option(".making [name=security_level]", "3")
    page.click(".making button.primary")
    page.click("h2 a:has-text('Welding <b>1')")
    page.wait_for_selector("h1:has-text('Welding <b>1')")
    assert "SL-T 3" in page.inner_text(".head")
    assert violations(page) == []
    page.fill(".form [name=name]", "Welding")
    page.click(".form button.primary")
    page.wait_for_selector("h1:text-is('Welding')")
    page.click(".remove summary")
    page.click(".remove button")
    page.wait_for_selector(".notice-box.ok")
    assert page.locator("[data-zone='Welding']").count() == 0


def test_who_may_only_look_is_offered_nothing(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("viewer", "/zones")
    assert page.locator("input[name=assets], .making, [data-drag]").count() == 0
    with served.client("viewer") as client:
        headers = {"Origin": served.url, "X-CSRF-Token": served.csrf(client)}
        asset = served.place.follower.view.plant.assets[0].id
        answer = client.post("/zones/move", data={"assets": asset, "zone": "cell"}, headers=headers)
    assert answer.status_code == 403


def test_the_matrix_leads_to_the_conversations(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer", "/zones/conduits")
    cell = page.locator(".matrix td a").first
    count = int(cell.inner_text().strip("+ \n"))
    assert violations(page) == []
    cell.click()
    page.wait_for_selector("#talks tbody tr")
    assert page.locator("#talks tbody tr").count() == count
