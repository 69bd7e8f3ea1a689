"""A German reader's pages: what detections say is German, what was recorded is English and marked so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from gettext import NullTranslations
from html import escape
from typing import Any

import httpx
import pytest

from linewarden.cases.model import Case
from linewarden.console.rendering import environment
from linewarden.plant.role_reasons import taken_apart
from linewarden.reports.language import case_title, role_reason, said, translations
from tests.console.axe import violations
from tests.console.house import Served

GERMAN = translations("de")


@pytest.fixture
def reader(served: Served) -> Iterator[httpx.Client]:
    """Whose browser asks for German."""
    with served.client("engineer") as client:
        client.headers["accept-language"] = "de-DE,de;q=0.9,en;q=0.5"
        yield client


@pytest.fixture
def case(served: Served) -> Case:
    """The most urgent case."""
    return served.place.follower.view.cases[0][1]


def shown(text: str, how: Callable[[str, NullTranslations], str] = said) -> str:
    """As it stands in a page: in German, escaped."""
    assert how(text, GERMAN) != text
    return escape(how(text, GERMAN)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def test_the_page_of_a_case(reader: httpx.Client, case: Case) -> None:
    page = reader.get(f"/cases/{case.id}").text
    assert f"<h1>{case_title(case.title, GERMAN)}</h1>" in page
    assert f'<p class="first-meaning">{shown(case.worst.meaning)}</p>' in page
    for event in case.events:
        for text in (event.title, event.benign, *(event.runbook if event.expected is None else ())):
            assert shown(text) in page
            assert escape(text) not in page, "English beside the German"
    assert '<p class="msg" lang="en">' in page
    assert '<option value="write">schreibt Werte</option>' in page
    assert not re.search(r'<p class="msg">', page)


@pytest.mark.parametrize("path", ["/", "/cases?show=all", "/notices"])
def test_lists_say_it_in_german(reader: httpx.Client, case: Case, path: str) -> None:
    page = reader.get(path).text
    assert shown(case.worst.title) in page
    assert not re.search(rf">{re.escape(case.worst.title)}\b", page)


def test_the_page_of_an_asset(reader: httpx.Client, case: Case) -> None:
    page = reader.get(f"/assets/{case.assets[0]}").text
    assert f"<b>{case_title(case.title, GERMAN)}</b>" in page
    assert shown(case.worst.runbook[0]) in page


def test_why_a_device_is_what_it_is(reader: httpx.Client, served: Served) -> None:
    every = served.place.follower.view.assets.values()
    most = max(every, key=lambda a: len([r for r in a.role_reasons if taken_apart(r)]))
    page = reader.get(f"/assets/{most.id}").text
    reasons = [reason for reason in most.role_reasons[:12] if taken_apart(reason)]
    assert reasons
    for reason in reasons:
        assert f"<div>{shown(reason, role_reason)}</div>" in page


def test_others_read_english(served: Served, case: Case) -> None:
    with served.client("engineer") as client:
        page = client.get(f"/cases/{case.id}").text
    assert f"<h1>{case.title}</h1>" in page and escape(case.worst.runbook[0], quote=False) in page.replace("&#39;", "'")


def test_either_language_finds_a_case(reader: httpx.Client, case: Case) -> None:
    for title in (case.worst.title, said(case.worst.title, GERMAN)):
        for path, key in (("/api/v1/cases", case.id), ("/api/v1/notices", case.worst.notice_id)):
            assert key in {found["id"] for found in reader.get(path, params={"q": title}).json()["items"]}


def test_a_tick_holds_in_both_languages(served: Served, case: Case) -> None:
    """A step is known by its English, so that who reads it in another language sees that it was done."""
    with served.client("operator") as client:
        step = client.get(f"/api/v1/cases/{case.id}").json()["steps"][0]
        path = f"/cases/{case.id}/steps/{step['step']}"
        headers = {"accept-language": "de", "origin": served.url}
        for done in ("yes", "no"):
            form = {"done": done, "csrf": served.csrf(client)}
            assert client.post(path, data=form, headers=headers).status_code == 303
            page = client.get(f"/cases/{case.id}", headers=headers).text
            assert (re.search(rf'aria-checked="true" aria-labelledby="step-{step["step"]}"', page) is None) == (
                done == "no"
            )


def test_downloads_for_people_are_german_and_those_for_programs_are_not(reader: httpx.Client, case: Case) -> None:
    page = reader.get(f"/cases/{case.id}").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/api/v1/cases/[^"]*/file\?[^"]*)"', page)]
    files = {re.findall(r"format=(\w+)", link)[0]: reader.get(link) for link in links if "pdf" not in link}
    assert set(files) == {"json", "stix", "ocsf", "ecs", "cef", "csv", "html"}
    assert '<html lang="de">' in files["html"].text and shown(case.worst.meaning) in files["html"].text
    assert any("format=pdf&language=de" in link for link in links)
    for form in set(files) - {"html"}:
        assert said(case.worst.title, GERMAN) not in files[form].text, form
    assert files["json"].json()["title"] == case.title
    assert reader.get(f"/api/v1/cases/{case.id}").json()["title"] == case.title


def test_titles_beside_a_trend_are_in_the_language_that_is_asked_for(reader: httpx.Client, case: Case) -> None:
    devices = {t["device"]: t["id"] for t in reader.get("/api/v1/tags").json()["items"]}
    titles: dict[str, list[str]] = {"en": [], "de": []}
    for tag in devices.values():
        for language, found in titles.items():
            asked = {"tag": tag, "language": language}
            events = reader.get("/api/v1/tags/events", params=asked).json()["items"]
            found += [e["title"] for e in events if e["kind"] in ("notice", "case")]
    assert titles["en"]
    assert titles["de"] == [case_title(title, GERMAN) for title in titles["en"]] != titles["en"]


def test_titles_of_a_sites_own_rules_stay_text() -> None:
    """They are anybody's words: no markup, no place for values, and never taken for one of ours."""
    template = environment("de").from_string("{{ t|said }} {{ t|case_title }}")
    assert template.render(t="<b>100 % %(x)s</b>") == " ".join(["&lt;b&gt;100 % %(x)s&lt;/b&gt;"] * 2)


def test_a_rules_own_title_is_not_marked_as_english() -> None:
    template = environment("de").from_string('{% import "parts.html.j2" as p with context %}<p{{ p.english(n) }}>')
    common = {"language": "de", "with_query": None, "query": None}
    assert template.render(n={"meaning": ""}, **common) == "<p>"
    assert template.render(n={"meaning": "It is bad."}, **common) == '<p lang="en">'


def test_a_report_of_cases_is_in_the_language_of_who_ordered_it(open_as: Callable[..., Any], case: Case) -> None:
    page = open_as("engineer", "/reports", locale="de-DE")
    page.check("input[value=cases]")
    page.click("button.primary")
    ready = page.locator("#made a.row").first
    ready.wait_for(timeout=60_000)
    with page.expect_download() as download:
        ready.click()
    assert shown(case.worst.meaning) in download.value.path().read_text("utf-8")


@pytest.mark.parametrize("path", ["/cases", "case"])
def test_german_pages_are_accessible(open_as: Callable[..., Any], case: Case, path: str) -> None:
    page = open_as("analyst", f"/cases/{case.id}" if path == "case" else path, locale="de-DE")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
