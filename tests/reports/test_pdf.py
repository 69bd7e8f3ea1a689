"""Reports as PDF: what a reader's program and a screen reader find in it, and what is never fetched."""

from __future__ import annotations

import re
import sys
import zlib
from pathlib import Path

import factory
import pytest

from linewarden.errors import ConfigError, StoreError
from linewarden.plant.model import Plant
from linewarden.reports.html import render_cases, render_plant
from linewarden.reports.pdf import needs_pdf, render_pdf
from linewarden.service.pdf_apart import pdf_apart
from linewarden.service.report import report_file

MADE_AT = factory.START + 3 * factory.HOUR


def read(pdf: bytes) -> str:
    """All objects of a PDF as text, its streams unpacked."""
    parts = [re.sub(rb"stream\r?\n.*?endstream", b"", pdf, flags=re.DOTALL)]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            parts.append(found[1])
    return b"\n".join(parts).decode("latin-1")


@pytest.fixture(scope="module")
def bottling_pdf() -> str:
    pytest.importorskip("weasyprint", reason="WeasyPrint is not installed: pip install 'linewarden[pdf]'")
    page = render_plant(factory.bottling(), MADE_AT, "0.1.0", "line-a.pcapng", paper=True)
    return read(render_pdf(page))


def test_it_can_be_read_by_a_screen_reader(bottling_pdf: str) -> None:
    assert "pdfuaid" in bottling_pdf
    assert "/StructTreeRoot" in bottling_pdf
    assert re.search(r"/Marked true", bottling_pdf)
    assert re.search(r"/Lang ?\(en\)", bottling_pdf)
    assert "/DisplayDocTitle true" in bottling_pdf
    assert {"/TH", "/TD", "/H1", "/H2", "/Figure"} <= set(re.findall(r"/S ?(/\w+)", bottling_pdf))
    assert "/Alt (Network map by Purdue level)" in bottling_pdf


def test_it_has_bookmarks_by_its_headings(bottling_pdf: str) -> None:
    titles = re.findall(r"/Title \(([^)]*)\)", bottling_pdf)
    assert any(t.startswith("Devices") for t in titles)
    assert any(t.startswith("Network map") for t in titles)
    assert "Plant report: 12 devices" in titles


def test_nothing_in_it_runs_or_leads_out(bottling_pdf: str) -> None:
    assert not re.search(r"/JavaScript|/JS\b|/Launch|/URI|/EmbeddedFile", bottling_pdf)


def test_a_page_for_paper_has_no_script_and_nothing_to_press(bottling: Plant) -> None:
    page = render_plant(bottling, MADE_AT, "0.1.0", "line-a.pcapng", paper=True)
    assert not re.search(r"<script|<button|<input|<dialog|<form", page)
    assert "<script" in render_plant(bottling, MADE_AT, "0.1.0", "line-a.pcapng")


@pytest.mark.parametrize(
    "text", [*factory.HOSTILE, "</style><link rel=stylesheet href=http://127.0.0.1:1/x>", "url(file:///etc/passwd)"],
    ids=lambda text: ascii(text[:20]),
)  # fmt: skip
def test_what_devices_say_is_text_and_nothing_else(text: str) -> None:
    pytest.importorskip("weasyprint")
    found = read(render_pdf(render_plant(factory.called(text), MADE_AT, "0.1.0", text, paper=True)))
    assert "/StructTreeRoot" in found
    assert not re.search(r"/JavaScript|/JS\b|/Launch|/URI|/EmbeddedFile", found)


@pytest.mark.parametrize(
    "asked", ["http://127.0.0.1:1/x.png", "file:///etc/passwd", "https://example.com/a.css", "ftp://127.0.0.1/a"]
)
def test_nothing_is_fetched_from_anywhere(asked: str) -> None:
    pytest.importorskip("weasyprint")
    with pytest.raises(RuntimeError, match="a report must need nothing"):
        render_pdf(f'<html lang="en"><title>x</title><img alt="x" src="{asked}"></html>')
    with pytest.raises(RuntimeError, match="a report must need nothing"):
        render_pdf(f'<html lang="en"><title>x</title><link rel="stylesheet" href="{asked}"></html>')


def test_without_the_library_it_is_said_what_to_install_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ConfigError, match=r"linewarden\[pdf\].*libpango-1\.0-0"):
        needs_pdf()
    with pytest.raises(ConfigError, match="WeasyPrint"), report_file(tmp_path / "Plant.PDF"):
        pass
    assert list(tmp_path.iterdir()) == []
    with report_file(tmp_path / "plant.html") as file:
        assert file is not None


def test_it_can_be_made_in_a_process_with_bounds(bottling: Plant) -> None:
    pytest.importorskip("weasyprint")
    page = render_plant(bottling, MADE_AT, "0.1.0", "line-a.pcapng", paper=True)
    assert pdf_apart(page).startswith(b"%PDF-1.7")
    with pytest.raises(StoreError, match="within 60 s and 60 MB"):
        pdf_apart(page, 60, 60)
    with pytest.raises(StoreError, match=r"within 1 s|not ready after 2 s"):
        pdf_apart(render_plant(factory.site(), MADE_AT, "0.1.0", "", paper=True), 1)


def test_a_report_without_cases_says_so() -> None:
    assert "Nothing that needs somebody was found" in render_cases([], {}, MADE_AT, "0.1.0", "lake", paper=True)
