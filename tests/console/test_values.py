"""Process values in the browser: tick tags, see how they ran and what happened, zoom, and take it along as a link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from linewarden.service.tag_dictionary.editing import say
from linewarden.service.values import Ask, Names
from tests.console.axe import violations
from tests.console.house import Served


def drawn(page: Any, many: int) -> None:
    """Waits until so many tags are."""
    expect(page.locator("#legend select")).to_have_count(many)


def tick(page: Any, many: int = 2) -> None:
    for place in range(many):
        page.locator("#tag-list input[name=tag]").nth(place).check()
    drawn(page, many)


def test_ticked_tags_are_drawn_with_the_same_values_in_a_table(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer", "/values")
    assert page.locator("#choose").is_visible()
    tick(page)
    assert page.locator("#trend canvas").count() == 1
    assert not page.locator("#choose").is_visible()
    page.locator("#table-card summary").click()
    expect(page.locator("#points tbody tr")).not_to_have_count(0)
    assert any(map(str.isdigit, page.locator("#legend .now").first.text_content()))


def test_a_link_shows_the_same(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("viewer", "/values")
    tick(page)
    page.click("[data-move=in]")
    page.wait_for_url("**from=**")
    first = page.locator("#legend .name").all_text_contents()
    other = open_as("viewer", page.url.removeprefix(served.url))
    drawn(other, 2)
    assert other.locator("#legend .name").all_text_contents() == first
    assert other.locator("#tag-list input:checked").count() == 2


def test_a_tag_is_called_and_measured_as_people_said(open_as: Callable[..., Any], served: Served) -> None:
    tag = served.place.values.find(Ask(limit=1), Names()).tags[0]
    say(served.place.lake, {tag.key: {"ucum": "m3/h", "alias": "Feed pump flow", "description": "measured behind it"}})
    try:
        served.place.values.soon()
        page = open_as("viewer", "/values?q=feed+pump")
        row = page.locator("#tag-list tbody tr")
        expect(row).to_have_count(1)
        expect(row.locator("label")).to_have_text("Feed pump flow")
        expect(row.locator("td.number")).to_contain_text("m³/h")
        row.locator("input").check()
        expect(page.locator("#legend .name")).to_contain_text("Feed pump flow (m³/h)")
    finally:
        say(served.place.lake, {tag.key: {"ucum": "", "alias": "", "description": ""}})
        served.place.values.soon()


def test_searching_the_list_keeps_what_is_ticked(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer", "/values")
    tick(page, 1)
    label = page.locator("#legend .name").text_content()
    page.fill("#values [name=q]", "no such value anywhere")
    page.wait_for_selector("#tag-list .empty")
    assert page.locator("#legend .name").text_content() == label


def test_a_tag_is_taken_away_and_gets_another_axis(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer", "/values")
    tick(page)
    page.locator("#legend select").nth(1).select_option("C")
    assert page.locator("#legend select").nth(1).input_value() == "C"
    page.locator("#legend button").first.click()
    drawn(page, 1)
    assert page.locator("#tag-list input:checked").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_accessible_with_a_trend(open_as: Callable[..., Any], theme: str) -> None:
    page = open_as("viewer", "/values")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    page.reload()
    tick(page, 3)
    page.locator("#table-card summary").click()
    page.wait_for_selector("#points tbody tr")
    assert violations(page) == []


def test_what_was_chosen_is_in_the_page_without_scripts(served: Served) -> None:
    with served.client("viewer") as client:
        tag = client.get("/api/v1/tags").json()["items"][0]
        page = client.get("/values", params={"tag": tag["id"]})
    assert tag["label"] in page.text
    assert page.text.count('<td class="number">') > 4


@pytest.mark.parametrize("width", [1280, 1024, 820])
def test_drawn_values_fit_the_window(open_as: Callable[..., Any], width: int) -> None:
    page = open_as("viewer", "/values", viewport={"width": width, "height": 900})
    tick(page, 3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#legend").evaluate("e => e.scrollWidth <= e.clientWidth")
