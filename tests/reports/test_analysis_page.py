"""The report on an export, from the command to the browser and to paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from linewarden.reports.html import render_analysis
from linewarden.service.surveying.analysis import Analysis, analysed
from linewarden.service.surveying.export import load
from linewarden.service.surveying.telling import view_of

MONDAY = 1_767_571_200
HOSTILE = "<b onload=x>Oven</b> [kW]"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Two weeks by the quarter of an hour, with a tag that calls itself markup."""
    dice = np.random.default_rng(4)
    n = 14 * 96
    at = MONDAY + np.arange(n) * 900
    runs = ((at % 86400) / 3600 >= 6) & ((at % 86400) / 3600 < 22)
    power = 12 + 60 * runs + dice.normal(0, 0.5, n)
    oven = 20 + 2.5 * power + dice.normal(0, 0.5, n)
    oven[900:920] += 30
    table = pl.DataFrame({"time": at * 1000, HOSTILE: power, "Oven_degC": oven, "Mode": runs.astype(float)})
    path = tmp_path_factory.mktemp("export") / "line.parquet"
    table.with_columns(pl.col("time").cast(pl.Datetime("ms"))).write_parquet(path)
    return analysed(load(path))


def page_of(found: Analysis, *, paper: bool = False) -> str:
    return render_analysis(view_of(found), MONDAY * 10**9, "0.1.0", "line.parquet", paper=paper)


def test_names_are_text_and_nothing_is_loaded(found: Analysis) -> None:
    page = page_of(found)
    assert "<b onload" not in page and "&lt;b onload=x&gt;Oven" in page
    assert "style=" not in page and "http://" not in page and "https://" not in page
    assert "Money is an example" in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_a_complaint_and_fits_a_phone(
    found: Analysis, browser: Any, tmp_path: Path, scheme: str
) -> None:
    (tmp_path / "a.html").write_text(page_of(found))
    page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(f"file://{tmp_path / 'a.html'}")
    assert page.locator("h2").all_inner_texts()[0].startswith("Moments")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not said
    assert page.locator("#moment-1 svg[role=img]").count() >= 1
    page.close()


def test_it_goes_on_paper(found: Analysis) -> None:
    pytest.importorskip("weasyprint", reason="WeasyPrint is not installed: pip install 'linewarden[pdf]'")
    from linewarden.reports.pdf import render_pdf

    assert render_pdf(page_of(found, paper=True)).startswith(b"%PDF")


def test_plots_thin_long_series_and_break_at_gaps() -> None:
    from datetime import timedelta, timezone

    from linewarden.reports.plots import Axis, plot, stamp

    at = [float(k) for k in range(100_000)]
    values = [float("nan") if 40_000 <= k < 60_000 else 0.0 for k in range(100_000)]
    values[12_345] = 9.0
    drawn = plot("x", at, values, Axis(0.0, 99_999.0))
    assert len(drawn.path) < 20_000 and drawn.path.count("M") == 2
    assert drawn.ups[0].text == "9", "the one spike is drawn"
    flat = plot("x", at[:10], [5.0] * 10, Axis(0.0, 9.0))
    assert [t.text for t in flat.ups] == ["5"]
    zone = timezone(timedelta(hours=-5))
    assert stamp(MONDAY, 86_400 * 30, zone=zone) == "2026-01-04"
    assert [t.text for t in Axis(MONDAY, MONDAY + 3600.0, zone=zone).ticks(2)] == ["01-04 19:00", "01-04 20:00"]
    assert stamp(MONDAY, 86_400 * 30) == "2026-01-05" and stamp(12.0, 100.0, counted=True) == "12"
