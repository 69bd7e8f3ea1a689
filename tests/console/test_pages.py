"""Every page in the list opens for everybody who sees it there, and the frame does what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linewarden.console.entries import modules
from tests.console.house import PASSWORD, ROLES, Served

PATHS = sorted(m.ENTRY.path for m in modules() if hasattr(m, "ENTRY"))


@pytest.mark.parametrize("role", ROLES)
def test_pages_in_the_list_open(served: Served, role: str) -> None:
    with served.client(role) as client:
        home = client.get("/")
        assert home.status_code == 200
        shown = [p for p in PATHS if f'href="{p}"' in home.text]
        assert shown
        for path in shown:
            assert client.get(path).status_code == 200, path


def test_keys_of_pages_are_different() -> None:
    keys = [m.ENTRY.key for m in modules() if hasattr(m, "ENTRY")]
    assert len(keys) == len(set(keys))


def test_who_is_not_signed_in_is_led_to_the_door_and_back(browser: Any, served: Served) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(served.url + "/assets?role=controller")
    assert page.url.startswith(served.url + "/sign-in?to=")
    page.fill("[name=login]", "viewer")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(served.url + "/assets?role=controller")
    context.close()


def test_times_are_in_the_zone_of_the_reader(open_as: Callable[..., Any]) -> None:
    berlin = open_as("viewer", "/assets").locator("time").first.get_attribute("title")
    tokyo = open_as("viewer", "/assets", timezone_id="Asia/Tokyo").locator("time").first.get_attribute("title")
    assert berlin != tokyo
    assert "GMT+9" in tokyo


def test_a_theme_is_kept(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("viewer")
    page.click("summary[title=Colours]")
    page.click("[data-set-theme=dark]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto(served.url + "/cases")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_german(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer", locale="de-DE")
    assert page.evaluate("document.documentElement.lang") == "de"


def test_live_events_arrive(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer")
    page.locator("body[data-live=on]").wait_for(timeout=5_000)


def test_a_browser_with_a_session_that_is_over_can_sign_in(browser: Any, served: Served) -> None:
    context = browser.new_context(ignore_https_errors=True)
    old = {"name": "__Host-linewarden", "value": "B" * 43, "url": served.url, "secure": True, "httpOnly": True}
    context.add_cookies([old])
    page = context.new_page()
    page.goto(served.url)
    page.fill("[name=login]", "operator")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(served.url + "/")
    context.close()


def test_single_keys_can_be_switched_off(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("viewer")
    page.keyboard.press("?")
    page.uncheck("#keys-on")
    page.click("#keys button")
    page.goto(served.url + "/cases")
    page.keyboard.press("?")
    assert not page.locator("#keys").is_visible()
    page.click("summary:has-text('Viewer')")
    page.click("#show-keys")
    page.check("#keys-on")
    page.click("#keys button")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url(served.url + "/assets")


def test_a_page_says_whose_zone_its_times_are_in(open_as: Callable[..., Any]) -> None:
    shown = open_as("viewer", timezone_id="Asia/Tokyo").locator("[data-zone-name]")
    assert shown.text_content() == "GMT+9"
    assert "Asia/Tokyo" in shown.get_attribute("title")


def test_a_planner_sees_first_what_is_to_be_decided(open_as: Callable[..., Any]) -> None:
    first = open_as("planner").locator("main section:has(h2)").first
    assert "Maintenance" in first.text_content()
    assert "to decide" in first.text_content()
