"""Reports in the browser: made by a form, there when they are ready, and taken away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.axe import violations
from tests.console.house import Served


def test_a_report_is_made_and_taken_away(open_as: Callable[..., Any]) -> None:
    page = open_as("engineer", "/reports")
    page.check("input[value=cases]")
    page.click("button.primary")
    ready = page.locator("#made a.row").first
    expect(ready).to_be_visible(timeout=20_000)
    with page.expect_download() as download:
        ready.click()
    assert download.value.suggested_filename.endswith(".html")
    assert download.value.path().read_text("utf-8").startswith("<!doctype html>")


def test_what_changed_needs_a_time(open_as: Callable[..., Any]) -> None:
    page = open_as("engineer", "/reports")
    page.check("input[value=changes]")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_be_visible()


def test_who_may_not_make_one_sees_those_that_are_there(open_as: Callable[..., Any]) -> None:
    page = open_as("viewer", "/reports")
    assert page.locator("#made").is_visible()
    assert page.locator("button.primary").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_accessible(open_as: Callable[..., Any], theme: str) -> None:
    page = open_as("owner", "/reports")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    page.reload()
    assert violations(page) == []


def test_a_time_is_seen_and_written_in_the_readers_zone(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("engineer", "/reports", timezone_id="Asia/Tokyo")
    field = page.locator("[name=at]")
    with served.client("engineer") as client:
        first = client.get("/reports").text.split('name="at"')[1].split('min="')[1][:19]
    shown = datetime.fromisoformat(field.get_attribute("min"))
    assert shown == datetime.fromisoformat(first) + timedelta(hours=9)
    sent = page.evaluate("""() => {
        const field = document.querySelector("[name=at]");
        field.value = field.min;
        return new FormData(field.form).get("at");
    }""")
    assert sent == first + ".000Z"
