"""What detections say, in the reader's language: whole, in step with their files, and without a loss on the way."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from hypothesis import given, strategies as st
from tests.reports.test_cases_page import BASE
from tests.reports.test_html import AT, Reader

from linewarden.cases.model import Case, split_title, title_of
from linewarden.detections.catalogue import detections
from linewarden.detections.detection import Detection
from linewarden.reports.html import render_cases
from linewarden.reports.language import (
    case_title,
    compiled,
    folder_of,
    in_other_languages,
    po_files,
    said,
    translations,
)

ROOT = Path(__file__).resolve().parents[2]
GERMAN = translations("de")


def texts(detection: Detection) -> tuple[str, ...]:
    return (detection.title, detection.meaning, *detection.runbook, detection.benign)


@pytest.mark.parametrize("detection", detections(), ids=lambda d: d.name)
def test_all_that_a_detection_says_has_german(detection: Detection) -> None:
    known: dict[object, str] = GERMAN._catalog  # type: ignore[attr-defined]
    assert [text for text in texts(detection) if not known.get(text)] == []
    assert said(detection.meaning, GERMAN) != detection.meaning
    for text in texts(detection):
        german = said(text, GERMAN)
        for kept in set(re.findall(r"\d+|`[^`]*`|\[\[.*?\]\]|%\(\w+\)[sd]|\{\w*\}", text)):
            assert kept in german, (text, kept)
        assert len(german) < 2 * len(text) + 20, "too long to stand where the English does"


def test_the_catalogues_are_in_step_with_the_detections() -> None:
    """What this prints is what a detection's author has to translate."""
    done = subprocess.run(
        [sys.executable, "scripts/make_words.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_words", ROOT / "scripts/make_words.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_text_that_changed_is_named_and_keeps_the_old_german_to_look_at(script: Any, tmp_path: Path) -> None:
    known = script.known_in(Path(str(folder_of("de"))) / "detections")
    del known.by_text["Controller stopped"]
    written, missing = script.catalogues("de", known)
    assert missing == ["execution.po, controller_stopped: title: Controller stopped"]
    unsure = '#. controller_stopped: title\n#, fuzzy\nmsgid "Controller stopped"\nmsgstr "Steuerung gestoppt"\n'
    assert unsure in written["execution.po"]
    (tmp_path / "execution.po").write_text(written["execution.po"], "utf-8")
    assert compiled("de", [tmp_path]).gettext("Controller stopped") == "Controller stopped"
    again, still = script.catalogues("de", script.known_in(tmp_path))
    assert missing[0] in still and unsure in again["execution.po"]


def test_a_text_that_is_new_is_named(script: Any) -> None:
    written, missing = script.catalogues("de", script.Known())
    assert len(missing) == len({text for _, _, text in script.said()})
    assert "fuzzy" not in "".join(written.values())


def test_no_translation_is_unsure() -> None:
    for place in po_files(folder_of("de")):
        with place.open("rb") as file:
            assert [m.id for m in read_po(file) if m.fuzzy and m.id] == [], place.name


TITLES = st.sampled_from([d.title for d in detections()[:9]]) | st.text(max_size=40)


@given(TITLES, st.integers(0, 200))
def test_a_title_is_taken_apart_as_it_was_put_together(worst: str, more: int) -> None:
    title = title_of(worst, more)
    assert title_of(*split_title(title)) == title
    if more:
        assert split_title(title) == (worst, more)


@given(TITLES, st.integers(0, 200))
def test_what_is_in_a_title_comes_through(worst: str, more: int) -> None:
    """Titles of a site's own rules are anybody's text, with % and {title} in them."""
    english = case_title(title_of(worst, more), translations("en"))
    assert english == title_of(worst, more)
    if more:
        assert said(worst, GERMAN) in case_title(english, GERMAN)


def test_a_title_in_german() -> None:
    title = "Controller stopped"
    assert case_title(title, GERMAN) == "Steuerung gestoppt"
    assert case_title(title_of(title, 1), GERMAN) == "Steuerung gestoppt und ein weiterer Befund"
    assert case_title(title_of(title, 4), GERMAN) == "Steuerung gestoppt und 4 weitere Arten von Befunden"
    assert case_title(title_of("100 % {num} {title}", 2), GERMAN).startswith("100 % {num} {title} und 2 weitere")
    assert list(in_other_languages(title)) == ["Steuerung gestoppt"]
    assert said("", GERMAN) == ""


def detected(name: str) -> Case:
    found = {d.name: d for d in detections()}[name]
    event = replace(
        BASE, title=found.title, meaning=found.meaning, runbook=found.runbook, benign=found.benign, count=1_200
    )
    return Case("a", (event,))


def test_a_report_of_cases_is_german_but_for_what_was_recorded() -> None:
    case = detected("program_download")
    page = render_cases([(78, case)], {}, AT, "0.1.0", "a.pcap", language="de")
    shown = " ".join(Reader(page).words)
    assert '<html lang="de">' in page
    assert case.title not in shown and case.worst.meaning not in shown and case.worst.runbook[0] not in shown
    for text in (case.title, case.worst.meaning, case.worst.runbook[0]):
        assert said(text, GERMAN) in shown
    for text in ("1 Fall; der dringendste:", "Priorität 78 von 100", "T0843 Program Download", "(1.200-mal)", "Hoch"):
        assert text in shown
    assert len(re.findall(r'<(p|span) lang="en">eng wrote DB1 into plc\.</\1>', page)) == 2
    assert not re.search(r"\b(the|and|is|of the)\b", shown.replace("eng wrote DB1 into plc.", "")), shown


def test_a_report_of_cases_is_english_unless_somebody_asks() -> None:
    shown = " ".join(Reader(render_cases([(78, detected("program_download"))], {}, AT, "0.1.0", "a.pcap")).words)
    assert "Priority 78 of 100" in shown and "(1,200 times)" in shown and "Priorität" not in shown


def test_hostile_words_stay_text_in_every_language() -> None:
    hostile = replace(BASE, title="<b>%(x)s 100 %</b>", msg='<script>alert("x")</script>', expected="<i>%s</i>")
    cases = [(2, Case("a", (replace(hostile, expected=None),))), (1, Case("b", (BASE, hostile)))]
    for language in ("en", "de"):
        page = render_cases(cases, {}, AT, "0.1.0", "<img src=x>", language=language)
        assert not re.search(r"<b>%|<script>alert|<i>%s|<img src=x", page)
        assert "&lt;b&gt;%(x)s 100 %&lt;/b&gt;" in page
