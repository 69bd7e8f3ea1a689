"""Hunt in the browser: a question by choices or in SQL, its answer as table, chart and file, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.axe import violations
from tests.console.house import Served

LONG = 20_000


def write(page: Any, sql: str) -> None:
    """Into the editor, as a person does."""
    page.locator("#editor .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(sql)
    page.keyboard.press("Escape")  # the list of what may come next


def run(page: Any, sql: str) -> None:
    """Writes, runs, and waits for the answer."""
    write(page, sql)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#told")).to_contain_text("·", timeout=LONG)


def test_sql_is_answered_as_a_table(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/hunt")
    run(page, "SELECT range AS n FROM range(150)")
    assert page.locator("#rows tbody tr").count() == 100
    page.get_by_text("Next page").click()
    assert page.locator("#rows tbody tr td").first.text_content() == "100"


def test_what_is_wrong_is_said_beside_it(browser: Any, served: Served) -> None:
    context = browser.new_context(ignore_https_errors=True)  # its console tells of the answer 400
    cookie = {"name": "__Host-linewarden", "value": served.session("analyst"), "url": served.url, "secure": True}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(served.url + "/hunt")
    write(page, "SELECT nothing FROM conn")
    page.click("#run")
    expect(page.locator("#wrong")).to_contain_text("nothing", timeout=LONG)
    context.close()


def test_choices_become_sql_that_runs(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/hunt")
    page.locator("#guided summary").click()
    page.select_option("#g-stream", "conn")
    page.click("#g-add")
    page.select_option(".c-column", "proto")
    page.fill(".c-value", "tcp")
    page.select_option("#g-measure", "count")
    page.select_option("#g-by", ["service", "id.resp_h"])
    sql = page.input_value("#sql")
    assert '"id.resp_h"' in sql
    assert "proto = 'tcp'" in sql
    page.click("#run")
    expect(page.locator("#told")).to_contain_text("·", timeout=LONG)
    assert page.locator("#rows tbody tr").count() > 0


def test_a_chart_over_time_and_bars(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/hunt")
    run(page, "SELECT date_trunc('second', ts::TIMESTAMPTZ) AS second, count(*) AS n FROM conn GROUP BY ALL ORDER BY 1")
    page.click("#as-chart")
    assert page.locator("#chart canvas").count() == 1
    run(page, "SELECT proto, count(*) AS n FROM conn GROUP BY ALL")
    assert page.locator("#chart .bars li").count() > 0


def test_a_file(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/hunt")
    run(page, "SELECT uid FROM conn")
    with page.expect_download(timeout=LONG) as download:
        page.click("[data-format=csv]")
    assert Path(download.value.path()).read_text("utf-8").splitlines()[0] == "uid"


def test_stopping_ends_it_and_another_can_be_asked(open_as: Callable[..., Any], served: Served) -> None:
    page = open_as("engineer", "/hunt")
    write(page, "SELECT count(*) FROM range(1000000000) a, range(1000000000) b")
    page.click("#run")
    page.click("#stop")
    expect(page.locator("#wrong")).to_be_visible()
    for _ in range(100):
        if not served.place.desk._asking:
            break
        page.wait_for_timeout(100)
    run(page, "SELECT 1 AS one")


def test_a_query_is_saved_and_taken_again(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/hunt")
    write(page, "SELECT 42 AS answer")
    page.click("#save-menu summary")
    page.fill("#save [name=title]", "The answer")
    page.click("#save button")
    page.get_by_role("link", name="The answer").wait_for()
    page.reload()
    page.get_by_role("link", name="The answer").click()
    expect(page.locator("#rows td")).to_have_text("42", timeout=LONG)
    page.get_by_label("Remove: The answer").click()
    expect(page.get_by_role("link", name="The answer")).to_have_count(0)


def test_a_column_is_found_with_its_meaning_and_written(open_as: Callable[..., Any]) -> None:
    page = open_as("analyst", "/hunt")
    page.fill("#find", "resp_pkts")
    page.locator("#schema [data-insert=resp_pkts]:visible").first.click()
    assert "resp_pkts" in page.input_value("#sql")
    assert page.get_by_text("packets from the responder").first.is_visible()


def test_every_question_of_ours_can_be_asked(open_as: Callable[..., Any], served: Served) -> None:
    from linewarden.console.examples import EXAMPLES
    from linewarden.service.hunt import Question
    from linewarden.service.lake import streams_of

    for example in EXAMPLES:
        if example.stream in streams_of(served.place.lake):
            assert served.place.desk.ask("test", Question(example.sql)).columns, example.title


def test_without_scripts_a_form_is_answered(served: Served) -> None:
    with served.client("analyst") as client:
        form = {"sql": "SELECT 6 * 7 AS answer", "csrf": served.csrf(client)}
        found = client.post("/hunt", data=form, headers={"Origin": served.url})
        wrong = client.post("/hunt", data=form | {"sql": "DROP VIEW conn"}, headers={"Origin": served.url})
    assert "<td>42</td>" in found.text
    assert wrong.status_code == 400
    assert "DROP is not possible" in wrong.text


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_accessible_with_an_answer(open_as: Callable[..., Any], theme: str) -> None:
    page = open_as("analyst", "/hunt")
    page.evaluate(f"document.cookie = 'lw_theme={theme}; path=/; Secure'")
    page.reload()
    page.locator("#guided summary").click()
    page.click("#g-add")
    run(page, "SELECT ts, proto, orig_bytes FROM conn")
    assert violations(page) == []
    page.click("#as-chart")
    assert violations(page) == []
