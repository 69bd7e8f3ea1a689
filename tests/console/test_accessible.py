"""Every page in the list, in each theme, without a violation of WCAG 2.2 A or AA that axe can find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.console.axe import COLOURS, EVERYTHING, violations
from tests.console.test_pages import PATHS


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_pages(open_as: Callable[..., Any], served: Any, theme: str) -> None:
    page = open_as("owner", "/")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    asked = EVERYTHING if theme == "light" else COLOURS
    found: dict[str, list[str]] = {}
    for path in (*PATHS, f"/assets/{next(iter(served.place.follower.view.assets))}"):
        page.goto(served.url + path)
        if wrong := violations(page, asked):
            found[path] = wrong
    assert not found


@pytest.mark.parametrize("path", ["/sign-in", "/welcome"])
def test_the_door(browser: Any, served: Any, path: str) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(served.url + path)
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (768, 1024), (3840, 2160)])
def test_nothing_is_wider_than_the_window(open_as: Callable[..., Any], served: Any, width: int, height: int) -> None:
    page = open_as("owner", "/", viewport={"width": width, "height": height})
    for path in PATHS:
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
