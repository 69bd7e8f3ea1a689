"""The queue and the page of a case in a browser: what somebody at night does there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.axe import violations
from tests.console.house import Served, served_lake

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def served(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console of this file's own, as it is changed here."""
    with served_lake(lake, tmp_path_factory.mktemp("cases")) as found:
        yield found


@pytest.fixture
def path(served: Served) -> str:
    """The page of the most urgent case."""
    return f"/cases/{served.place.follower.view.cases[0][1].id}"


def test_the_queue_leads_to_the_case_and_says_what_to_do_first(open_as: Open, served: Served) -> None:
    case = served.place.follower.view.cases[0][1]
    page = open_as("operator", "/cases")
    row = page.locator(".queue tbody tr").first
    assert case.worst.runbook[0] in row.inner_text()
    row.locator("a.row").click()
    page.wait_for_url(served.url + f"/cases/{case.id}")
    meaning = page.locator(".first-meaning").inner_text()
    assert meaning == case.worst.meaning


def test_filters_stay_in_the_address(open_as: Open) -> None:
    page = open_as("analyst", "/cases")
    everything = page.locator(".queue tbody tr").count()
    page.select_option("[name=tactic]", "impact")
    page.wait_for_url("**tactic=impact**")
    page.wait_for_selector(".empty")
    page.goto(page.url)
    assert page.locator("[name=tactic]").input_value() == "impact"
    page.click("text=All filters off")
    page.wait_for_selector(".queue")
    assert page.locator(".queue tbody tr").count() == everything


def test_who_takes_a_case_is_seen_by_others_at_once(open_as: Open, path: str) -> None:
    other = open_as("operator", path)
    page = open_as("analyst", path)
    page.click("text=I take it")
    page.wait_for_selector(".notice-box.ok")
    assert other.locator("#live-work").get_by_text("Analyst").wait_for(timeout=5_000) is None
    assert "in work" in other.locator("#live-head").inner_text()
    assert other.locator("text=I take it").count() == 0


def test_what_others_do_leaves_open_what_is_open(open_as: Open, path: str) -> None:
    page, other = open_as("viewer", path), open_as("operator", path)
    page.locator("#live-steps summary").click()
    page.wait_for_timeout(500)
    other.fill("#work [name=text]", "from the shift")
    other.click("text=Write")
    page.locator("#live-log").get_by_text("from the shift").wait_for(timeout=5_000)
    assert page.locator("#live-steps details").evaluate("d => d.open")
    assert "UTC" not in page.locator("#live-log").inner_text()


def test_two_change_the_same_and_the_second_keeps_what_was_written(open_as: Open, path: str) -> None:
    first, second = open_as("analyst", path), open_as("owner", path, answers="status of 409")
    for page, state, why in ((first, "benign", "a drill"), (second, "true", "an attack")):
        page.click("text=Change state or assignee")
        page.select_option(".change [name=state]", state)
        page.fill(".change [name=comment]", why)
    first.click(".change button.primary")
    first.wait_for_selector(".notice-box.ok")
    second.click(".change button.primary")
    said = second.locator(".notice-box.error").inner_text()
    assert "Analyst: state from in work to benign" in said
    assert second.locator(".change [name=comment]").input_value() == "an attack"
    assert second.locator(".change [name=state]").input_value() == "true"
    second.click(".change button.primary")
    second.wait_for_selector(".notice-box.ok")


def test_steps_are_ticked_and_stay_so(open_as: Open, path: str) -> None:
    page = open_as("operator", path)
    page.locator(".step .check").first.click()
    page.wait_for_url("**#now")
    again = open_as("viewer", path)
    assert again.locator(".step.done").count() == 1
    assert "Operator" in again.locator(".step.done").inner_text()
    assert again.locator("button.check").count() == 0


def test_a_notice_is_acknowledged_and_called_normal(open_as: Open, path: str) -> None:
    page = open_as("analyst", path)
    page.locator(".notice").first.get_by_role("button", name="Acknowledge").click()
    assert "acknowledged by Analyst" in page.locator(".notice").first.inner_text()
    page.locator(".notice").first.locator("summary", has_text="This is normal").click()
    page.locator(".notice").first.locator("[name=because]").fill("a <b>vendor's</b> box")
    page.locator(".notice").first.get_by_role("button", name="Call it normal").click()
    page.wait_for_selector(".notice-box.ok")
    assert "a <b>vendor's</b> box (Analyst)" in page.locator(".notice .explained").first.inner_text()


def test_work_is_announced_in_the_zone_of_who_announces(open_as: Open, served: Served, path: str) -> None:
    page = open_as("engineer", path)
    page.click("text=Announce maintenance")
    page.locator("[name=asset]").select_option(index=0)
    page.fill("[name=begin]", "2031-07-01T08:00")
    page.fill("[name=until]", "2031-07-01T10:00")
    page.fill("[action$=window] [name=because]", "order 4711")
    page.get_by_role("button", name="Announce", exact=True).click()
    page.wait_for_selector(".notice-box.ok")
    with served.client("viewer") as client:
        window = next(w for w in client.get("/api/v1/windows").json() if w["kind"] == "window")
    assert window["begin"] == "2031-07-01T06:00:00Z"


def test_packets_and_fields_light_each_other(open_as: Open, path: str) -> None:
    page = open_as("engineer", path)
    page.locator("[data-packets]").first.click()
    page.wait_for_selector(".packet .byte")
    assert page.locator(".record").count() > 0
    packet = page.locator(".packet").first
    packet.locator(".layer-name", has_text="Ethernet").focus()
    page.keyboard.press("ArrowRight")  # headers are closed at first
    field = packet.locator(".field", has_text="Destination").first
    field.focus()
    lit = packet.locator(".hex .byte.lit").all_inner_texts()
    assert ":".join(lit) == field.locator(".mono").inner_text()
    packet.locator(".bytes").focus()
    page.keyboard.press("ArrowRight")
    assert "Byte 0: Ethernet, Destination" in packet.locator(".where").inner_text()


def test_a_field_of_a_protocol_and_its_bytes_lead_to_each_other(open_as: Open, path: str) -> None:
    page = open_as("engineer", path)
    page.locator("[data-packets]").first.click()
    page.wait_for_selector(".packet .byte")
    packet = page.locator(".packet").first
    field = packet.locator(".field:visible").first  # the headers are closed: it is the protocol's
    name, value = field.locator(".name").inner_text(), field.locator(".mono").inner_text()
    field.focus()
    page.keyboard.press("Enter")
    assert f"{name} = {value}" in packet.locator(".where").inner_text()
    assert packet.locator(".byte.cursor").count() == 2  # in hexadecimal and as text
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "treeitem"
    packet.locator(".fact").first.focus()
    assert packet.locator(".hex .byte.lit").count() > 0
    # One stop of the tab key each for the fields and the bytes, however many there are.
    assert packet.locator(".item[tabindex='0']").count() == packet.locator(".bytes[tabindex='0']").count() == 1


def test_who_may_not_take_packets_is_told_who_may(open_as: Open, path: str) -> None:
    page = open_as("viewer", path)
    assert page.locator("[data-packets]").count() == 0
    assert "engineers and analysts" in page.locator(".notice").first.inner_text()


def test_a_link_to_a_notice_opens_it(open_as: Open, served: Served) -> None:
    case = served.place.follower.view.cases[0][1]
    last = min(case.events, key=lambda e: ("critical", "high", "medium", "low", "info")[::-1].index(e.severity))
    page = open_as("viewer", f"/cases/{case.id}#n-{last.notice_id}")
    assert page.locator(f"[id='n-{last.notice_id}']").is_visible()


def test_all_that_is_ticked_is_acknowledged(open_as: Open, served: Served) -> None:
    page = open_as("operator", "/cases?show=all")
    assert page.locator("[data-needs-ticks]").is_disabled()
    page.locator("[data-tick-all]").check()
    page.click("[data-needs-ticks]")
    page.wait_for_load_state()
    rows = page.locator(".queue tbody tr")
    assert rows.get_by_text("acknowledged", exact=True).count() == rows.count() > 0
    with served.client("viewer") as client:
        left = client.get("/api/v1/notices?acknowledged=false").json()["items"]
    assert all(n["case"] is None for n in left)


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_no_violation(open_as: Open, served: Served, path: str, theme: str) -> None:
    page = open_as("owner", "/")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    found = {}
    for at in ("/cases?show=all", "/notices", path):
        page.goto(served.url + at)
        page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
        if page.locator("[data-packets]").count():
            page.locator("[data-packets]").first.click()
            page.wait_for_selector(".packet .byte")
        if wrong := violations(page):
            found[at] = wrong
    assert not found


@pytest.mark.parametrize("width", [1280, 1024, 768, 390])
def test_nothing_is_wider_than_the_window(open_as: Open, served: Served, path: str, width: int) -> None:
    page = open_as("owner", path, viewport={"width": width, "height": 800})
    for at in (path, "/cases?show=all", "/notices"):
        page.goto(served.url + at)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), at
