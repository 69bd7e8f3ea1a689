"""Uploads in the browser: how far it is, and what is wrong with a file, without leaving the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.console.axe import violations
from tests.console.house import Served


def choose(page: Any, form: str, name: str, content: bytes) -> None:
    where = page.locator(f"section[aria-labelledby={form}-title]")
    where.locator("[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    where.locator("button").click()


def test_what_is_wrong_with_a_file_is_said_beside_it(open_as: Callable[..., Any]) -> None:
    page = open_as("engineer", "/uploads", answers="status of 400")
    choose(page, "names", "liste.csv", b"address,name\nnonsense,PLC\n")
    said = page.locator("section[aria-labelledby=names-title] [role=status] span")
    expect(said).to_contain_text("liste.csv, line 2")
    expect(page.locator("section[aria-labelledby=names-title] button")).to_be_enabled()
    assert violations(page) == []


def test_a_capture_that_is_none_stands_in_the_list_as_failed(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/uploads")
    assert page.locator("section[aria-labelledby=names-title]").count() == 0
    choose(page, "capture", "notes.pcap", b"just text, and no capture")
    row = page.locator("#sent tbody tr", has_text="notes.pcap").first
    expect(row).to_contain_text("no capture", timeout=20_000)
    assert violations(page) == []


def test_only_who_may_sees_the_page(served: Served) -> None:
    with served.client("viewer") as client:
        assert 'href="/uploads"' not in client.get("/").text
        assert client.get("/uploads", headers={"Accept": "text/html"}).status_code == 403
