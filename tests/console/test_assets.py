"""The table of assets is filtered as its address says; the page of one shows how things are known, and is corrected."""

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
    folder: Path = tmp_path_factory.mktemp("assets")
    with served_lake(make_lake(folder / "lake"), folder) as found:
        yield found


def names(page: Any) -> list[str]:
    return [e.inner_text() for e in page.locator("#asset-list td a.row").all()]


def controller(served: Served) -> Any:
    """The one that most was found of."""
    return max(served.place.follower.view.plant.assets, key=lambda a: (len(a.masters), len(a.evidence)))


def test_filters_are_kept_in_the_address(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("viewer", "/assets")
    everything = names(page)
    page.select_option("select[name=role]", "controller")
    page.wait_for_url("**/assets?*role=controller*")
    page.wait_for_function("n => document.querySelectorAll('#asset-list td a.row').length < n", arg=len(everything))
    some = names(page)
    assert {a.name for a in served.place.follower.view.plant.assets if a.role == "controller"} == set(some)
    page.reload()
    assert names(page) == some
    assert page.locator("select[name=role]").input_value() == "controller"
    page.fill("#asset-words", "nothing is called this")
    page.wait_for_selector(".empty")


def test_a_page_says_how_it_is_known(open_as: Callable[..., Any], served: Served) -> None:
    asset = controller(served)
    page = open_as("viewer", f"/assets/{asset.id}")
    known = page.inner_text(".facts-table")
    assert asset.vendor in known
    assert any(e.source and f"packet {e.frame:,}" in known for e in asset.evidence if e.frame)
    master = served.place.follower.view.name(asset.masters[0])
    assert master in page.inner_text(".asset-side")
    assert master in page.inner_text("section:has(h2:text-is('Whom it talks to'))")
    assert page.locator("#correct").count() == 0
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "contrast"])
def test_its_page_is_accessible_to_who_may_correct(open_as: Callable[..., Any], served: Served, theme: str) -> None:
    page = open_as("engineer", "/")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    page.goto(f"{served.url}/assets/{controller(served).id}")
    assert violations(page) == []


def test_a_correction_is_shown_and_taken_back(open_as: Callable[..., Any], served: Served) -> None:
    asset = controller(served)
    page = open_as("engineer", f"/assets/{asset.id}")
    page.fill("#f-name", "Filler <b>left")
    page.click("#correct button.primary")
    page.wait_for_selector("h1:has-text('Filler <b>left')")
    assert "by hand" in page.inner_text(".facts-table")
    assert page.locator(".notice-box.ok").count() == 1
    page.check("[name=forget-name]")
    page.click("#correct button.primary")
    page.wait_for_selector(f"h1:has-text('{asset.name}')")
    assert "by hand" not in page.inner_text(".facts-table")


def test_an_address_leads_to_the_asset(served: Served) -> None:
    asset = controller(served)
    with served.client("viewer") as client:
        assert asset.name in client.get(f"/assets/{asset.ips[0]}").text
        assert client.get("/assets/192.0.2.200").status_code == 404
