"""The sample plants, rendered once, and a real browser where the machine has one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import factory

from linewarden.plant.model import Plant
from linewarden.reports.html import render_plant

MADE_AT = factory.START + 3 * factory.HOUR


@pytest.fixture(scope="session")
def bottling() -> Plant:
    """12 devices and one public address."""
    return factory.bottling()


@pytest.fixture(scope="session")
def bottling_html(bottling: Plant) -> str:
    """The bottling line's report."""
    return render_plant(bottling, MADE_AT, "0.1.0", "line-a.pcapng")


@pytest.fixture(scope="session")
def site_html() -> str:
    """The report of 2,000 devices."""
    return render_plant(factory.site(), MADE_AT, "0.1.0", "line-a.pcapng")


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a report; the test fails if the page logs an error or asks the network for anything."""
    trouble: list[str] = []
    contexts: list[Any] = []

    def opened(html: str, **options: Any) -> Any:
        path = tmp_path / f"report-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": 1300, "height": 900}, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on("request", lambda r: trouble.append(r.url) if not r.url.startswith(("file:", "blob:")) else None)
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []
