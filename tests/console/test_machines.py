"""The pages of machines, maintenance and collectors in the browser, with something in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.axe import violations
from tests.console.house import Served
from tests.console.works import works


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Takes the place of the one that all share."""
    with works(tmp_path_factory.mktemp("works")) as found:
        yield found


def open_machine(open_as: Callable[..., Any], role: str, **options: Any) -> Any:
    page = open_as(role, "/machines?q=live-tap", **options)
    page.locator("tbody a.row").first.click()
    page.locator("#odd-title").wait_for()
    return page


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_a_machine_is_accessible(open_as: Callable[..., Any], theme: str) -> None:
    page = open_machine(open_as, "engineer")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    page.reload()
    assert violations(page) == []


@pytest.mark.parametrize("width", [1280, 1024, 820])
def test_a_machine_fits_the_window(open_as: Callable[..., Any], width: int) -> None:
    page = open_machine(open_as, "engineer", viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_trend_shows_the_tag_that_is_the_reason(open_as: Callable[..., Any]) -> None:
    page = open_machine(open_as, "viewer")
    page.locator("text=See the trend").last.click()
    expect(page.locator("#legend li").first).to_be_visible()
    assert page.locator("#points tbody tr").count() > 0


def test_who_may_not_change_it_is_offered_nothing(open_as: Callable[..., Any]) -> None:
    page = open_machine(open_as, "viewer")
    assert page.locator("main form").count() == 0


def test_an_engineer_lets_it_learn_anew(open_as: Callable[..., Any]) -> None:
    page = open_machine(open_as, "engineer")
    page.locator("summary", has_text="Learn anew").click()
    page.locator("button.danger").click()
    expect(page.locator("[role=status].ok")).to_contain_text("learns anew")
    expect(page.locator("main")).to_contain_text("not judged yet")


def test_remaining_lives_stand_there_with_when_they_were_scored(served: Served) -> None:
    with served.client("viewer") as client:
        shown = client.get("/machines").text
        worn, away = client.get("/api/v1/maintenance/units").json()
    assert "press 3" in shown and "below its limit of 72 h" in shown and 'datetime="2026-03-05T12:00:03Z"' in shown
    assert (worn["unit"], worn["is_below"], worn["last"]["model"]) == ("press 3", True, "press 2")
    assert worn["course"] == [{"scored": "2026-03-05T12:00:03Z", "left": 31.4}]
    assert (away["last"], away["wrong"]) == (None, "tags: heat: no value")


def test_a_planner_declines_with_a_reason(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("planner", "/maintenance")
    expect(page.locator("tbody tr", has_text="press 3")).to_contain_text("4.2 d (1.3 d")
    page.fill("[name=reason]", "the line runs through until Friday")
    page.click("button[value=declined]")
    expect(page.locator("[role=status].ok")).to_contain_text("Declined")
    row = page.locator("tbody tr", has_text="press 3")
    expect(row).to_contain_text("the line runs through until Friday")
    assert violations(page) == []
    with served.client("viewer") as client:
        assert "STATUS:CANCELLED" in client.get(page.locator("a[download]").first.get_attribute("href")).text


def test_collectors_without_a_service_say_so(open_as: Callable[..., Any]) -> None:
    page = open_as("owner", "/collectors")
    expect(page.locator("#now")).to_contain_text("not known")
    page.locator("details.set summary").last.click()
    expect(page.locator("details.set").last).to_contain_text("***")
    assert violations(page) == []
