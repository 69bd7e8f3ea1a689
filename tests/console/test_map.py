"""The map as people use it: with the mouse, with keys, as a list, and played back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.console.axe import violations
from tests.console.house import Served

READY = "() => document.querySelector('#map').dataset.ready === 'true'"


def opened(open_as: Callable[..., Any], path: str = "/map", **options: Any) -> Any:
    page = open_as("engineer", path, **options)
    page.wait_for_function(READY)
    return page


def busiest(served: Served) -> Any:
    """An asset that talks to several."""
    return max((a for a in served.place.follower.view.plant.assets if not a.public), key=lambda a: len(a.peers))


def test_an_asset_is_found_and_its_conversations_are_listed(open_as: Callable[..., Any], served: Served) -> None:
    asset = busiest(served)
    page = opened(open_as)
    page.fill("#map-search", asset.name)
    page.press("#map-search", "Enter")
    page.wait_for_selector(f"#map-side h2:has-text('{asset.name}')")
    assert f"asset={asset.id.replace(':', '%3A')}" in page.url
    with served.client("engineer") as client:
        talks = client.get("/api/v1/conversations", params={"asset": asset.id, "limit": 1000}).json()
    assert page.locator("#map-side .talks li").count() == talks["total"]
    peer = page.locator("#map-side .talks button").first
    name = peer.inner_text()
    peer.click()
    page.wait_for_selector(f"#map-side h2:has-text('{name}')")


def test_the_focus_comes_back_with_the_address(open_as: Callable[..., Any], served: Served) -> None:
    asset = busiest(served)
    page = opened(open_as, f"/map?asset={asset.id}&does=change")
    assert asset.name in page.inner_text("#map-side h2")
    assert page.input_value("[data-filter=does]") == "change"


def test_keys_go_from_asset_to_asset(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    page.focus("#map canvas")
    page.keyboard.press("ArrowDown")
    first = page.inner_text("#map-said")
    page.keyboard.press("ArrowDown")
    second = page.inner_text("#map-said")
    assert first and second and first != second
    page.keyboard.press("Enter")
    page.wait_for_selector("#map-side .facts")
    page.keyboard.press("n")
    assert page.inner_text("#map-said") != second
    page.keyboard.press("Escape")
    page.wait_for_selector("#map-side h2:has-text('Choose an asset')")


def test_a_click_on_the_map_chooses_what_stands_there(open_as: Callable[..., Any], served: Served) -> None:
    page = opened(open_as)
    box = page.locator("#map canvas").bounding_box()
    names = {a.name for a in served.place.follower.view.plant.assets}
    title = ""
    for step in range(8, 60, 2):  # somewhere down the picture there is a box
        page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * step / 60)
        page.wait_for_timeout(60)
        if (title := page.inner_text("#map-side h2").strip()) in names:
            break
    assert title in names


def test_a_time_is_played_back(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    page.click("[data-do=playback]")
    page.wait_for_selector("#playback .packets", state="attached")
    slider = page.locator("#playback input[type=range]")
    slider.focus()
    before = page.inner_text("[data-moment]")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("[data-moment]") != before
    assert slider.get_attribute("aria-valuetext") == page.inner_text("[data-moment]")
    page.select_option("[data-speed]", "20")
    page.click("[data-play]")
    assert page.get_attribute("[data-play]", "aria-pressed") == "true"
    page.wait_for_function("() => Number(document.querySelector('#playback input').value) > 4")
    page.click("#playback summary")
    assert page.locator("#playback tbody tr").count() == 120
    assert violations(page) == []


def test_the_list_has_what_the_map_has(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("viewer", "/map/list?does=change&protocol=&severity=&q=")
    with served.client("viewer") as client:
        talks = client.get("/api/v1/conversations", params={"does": "change"}).json()
    assert page.locator("#talks tbody tr").count() == talks["total"] > 0
    assert violations(page) == []


@pytest.mark.parametrize("query", ["severity=bad", "limit=0", "does=nothing"])
def test_a_filter_that_is_none_is_refused(served: Served, query: str) -> None:
    with served.client("viewer") as client:
        assert client.get(f"/map/list?{query}").status_code == 422


def test_what_is_new_comes_without_losing_the_place(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    page.evaluate("""() => {
      const real = window.fetch;
      window.fetch = async (url, options) => {
        if (!String(url).endsWith('/api/v1/map')) return real(url, options);
        const map = await (await real(url)).json();
        map.nodes.push({...map.nodes[0], id: 'aa:bb:cc:00:00:01', name: 'newcomer', x: 9000, y: 9000});
        return new Response(JSON.stringify(map), {headers: {ETag: '"other"'}});
      };
      document.body.dispatchEvent(new CustomEvent('now', {detail: {}}));
    }""")
    page.wait_for_function("() => document.querySelector('#map-said').textContent.includes('1')", timeout=8_000)
    page.fill("#map-search", "newcomer")
    assert page.locator("#map-found li").count() == 1
