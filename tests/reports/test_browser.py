"""The page in a real browser: its policy lets it run, and tables, map and cards do what a person expects."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import factory
import pytest
from factory import HOSTILE, called

from linewarden.plant.diff import diff
from linewarden.plant.model import Role
from linewarden.reports.html import render_diff, render_plant

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
AT = factory.START + 3 * factory.HOUR


def names(page: Any) -> list[str]:
    return [str(n) for n in page.locator("#asset-table tbody tr:not([hidden]) .name").all_inner_texts()]


def head(page: Any, title: str) -> Any:
    return page.locator("#asset-table thead th").filter(has_text=title)


def test_sorting_says_which_way_and_counts_as_people_do(open_page: Open, bottling_html: str) -> None:
    page = open_page(bottling_html)
    head(page, "Name").get_by_role("button").click()
    up = names(page)
    assert head(page, "Name").get_attribute("aria-sort") == "ascending"
    head(page, "Name").get_by_role("button").click()
    assert head(page, "Name").get_attribute("aria-sort") == "descending"
    assert names(page) == up[::-1]
    head(page, "Firmware").get_by_role("button").click()
    assert head(page, "Name").get_attribute("aria-sort") is None
    cells = page.locator("#asset-table tbody tr td:nth-child(6)").all_inner_texts()
    assert cells.index("") > cells.index("V2.9.4"), "what is not known goes last"


def test_times_say_their_zone_and_columns_without_a_value_are_hidden(open_page: Open) -> None:
    panel = factory.asset(1, "panel", Role.SENSOR)
    page = open_page(render_plant(factory.plant([panel], []), AT, "0.1.0", "a"))
    assert page.locator("#zone").inner_text().startswith("GMT")
    heads = page.locator("#asset-table thead th:visible").all_inner_texts()
    assert "Vendor" in " ".join(heads) and "Firmware" not in " ".join(heads)


def test_search_and_filters_narrow_the_table(open_page: Open, bottling_html: str) -> None:
    page = open_page(bottling_html)
    page.fill("#q", "siemens 516")
    page.locator("#shown", has_text="1 of 13 rows").wait_for()
    assert names(page) == ["Labeller PLC"]
    page.click("#clear")
    page.select_option("[data-filter=level]", "1 Control")
    page.select_option("[data-filter=protocol]", "Modbus")
    assert names(page) == ["Line safety"]
    page.click("#clear")
    assert len(names(page)) == 13


def test_a_device_opens_its_card_with_evidence_by_mouse_and_keys(open_page: Open, bottling_html: str) -> None:
    page = open_page(bottling_html)
    page.locator("button.open", has_text="Filler PLC").focus()
    page.keyboard.press("Enter")
    card = page.locator("#card")
    assert card.is_visible()
    text = card.inner_text()
    assert "SZL 0x001C index 2" in text and "line-a.pcapng, frame" in text and "ENG-LAPTOP" in text
    page.keyboard.press("Escape")
    assert not card.is_visible()
    page.locator("#exposures a.asset", has_text="MES-APP").click()
    assert "Apache 2.4.29" in card.inner_text()


def test_the_map_highlights_opens_zooms_and_filters(open_page: Open, bottling_html: str) -> None:
    page = open_page(bottling_html)
    node = page.locator(".node[aria-label^='ENG-LAPTOP']")
    node.hover()
    lit = page.locator(".node.on title").all_text_contents()
    assert {t.split(" (")[0] for t in lit} == {"ENG-LAPTOP", "Filler PLC", "203.0.113.9"}
    node.focus()
    page.keyboard.press("ArrowDown")
    assert "ENG-LAPTOP" not in page.evaluate("document.activeElement.getAttribute('aria-label')")
    whole = page.locator("#map").get_attribute("viewBox")
    page.keyboard.press("+")
    assert page.locator("#map").get_attribute("viewBox") != whole
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    assert page.locator("#card").is_visible()
    page.keyboard.press("Escape")
    page.uncheck("[data-kind=change]")
    assert page.locator(".line.change[data-a]").first.is_hidden()


def test_csv_has_the_rows_shown_and_defuses_formulas(open_page: Open, tmp_path: Path) -> None:
    page = open_page(render_plant(called("=1+2"), AT, "0.1.0", "a.pcap"))
    with page.expect_download() as waiting:
        page.click("#csv")
    path = tmp_path / "out.csv"
    waiting.value.save_as(path)
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert len(rows) == 2
    assert all(row["Name"] == "'=1+2" for row in rows)
    assert rows[0]["First seen"].endswith("Z")


def test_times_are_in_the_readers_zone(open_page: Open, bottling_html: str) -> None:
    page = open_page(bottling_html, timezone_id="Asia/Tokyo", locale="en-GB")
    stamp = page.locator("#captures time").first
    assert "14:00" in stamp.inner_text()
    assert "05:00:00 UTC" in stamp.get_attribute("title")


def test_without_a_script_everything_is_there(open_page: Open, bottling_html: str) -> None:
    page = open_page(bottling_html, java_script_enabled=False)
    assert page.locator("#asset-table tbody tr").count() == 13
    assert page.locator("#map .node").count() == 13
    assert not page.locator("#filters").is_visible()
    assert "UTC" in page.locator("#captures time").first.inner_text()


def test_two_thousand_devices_stay_quick(open_page: Open, site_html: str) -> None:
    page = open_page(site_html)
    assert len(names(page)) == 100
    began = time.monotonic()
    page.fill("#q", "cont-03")
    page.locator("#shown", has_text="8 of 2000 rows").wait_for()
    head(page, "Name").get_by_role("button").click()
    assert names(page)[0] == "CONT-03-00"
    assert time.monotonic() - began < 5
    page.click("#clear")
    page.get_by_role("button", name="Show 100 more").first.click()
    page.locator(".node.many").first.press("Enter")
    assert page.locator("#card .members li").count() > 10


@pytest.mark.parametrize("width", [390, 820, 1300])
def test_the_page_never_scrolls_sideways(open_page: Open, bottling_html: str, width: int) -> None:
    page = open_page(bottling_html)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("text", HOSTILE[:6])
def test_hostile_names_stay_text(open_page: Open, text: str) -> None:
    page = open_page(render_plant(called(text), AT, "0.1.0", text))
    page.on("dialog", lambda d: pytest.fail(f"a script of the wire ran: {d.message}"))
    page.locator("button.open").first.click()
    assert page.locator("#card").is_visible()
    assert page.locator("img, main script, #card script").count() == 0


def test_the_diff_page_runs_too(open_page: Open) -> None:
    page = open_page(render_diff(diff(factory.bottling(), factory.works()), AT, "0.1.0", "a, b"))
    table = page.locator("#asset_new table")
    table.locator("thead button", has_text="Change").click()
    texts = table.locator("tbody td:nth-child(2)").all_inner_texts()
    assert len(texts) > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(open_page: Open, bottling_html: str, scheme: str) -> None:
    page = open_page(bottling_html, color_scheme=scheme)
    pairs = [
        ("ink", "card"),
        ("soft", "card"),
        ("soft", "bg"),
        ("soft", "faint"),
        ("accent", "card"),
        ("accent", "faint"),
    ]
    pairs += [(s, f"{s}-soft") for s in ("critical", "high", "medium", "low", "info", "ok")]
    for text, ground in pairs:
        assert contrast(colour(page, text), colour(page, ground)) >= 4.5, (text, ground)


def colour(page: Any, name: str) -> list[float]:
    value = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")
    return [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def contrast(a: list[float], b: list[float]) -> float:
    """Ratio of WCAG 2.2, relative luminance."""

    def light(rgb: list[float]) -> float:
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
