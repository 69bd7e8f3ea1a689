"""A page that cannot be shown says why, and what would help."""

from __future__ import annotations

from typing import Any

import pytest

from linewarden.api.problems import Problem
from linewarden.console.app import problem_page
from tests.console.axe import violations
from tests.console.house import Served


def test_who_has_no_right_learns_which_role_would_help(browser: Any, served: Served) -> None:
    context = browser.new_context(ignore_https_errors=True, locale="en-GB")
    cookie = {"name": "__Host-linewarden", "value": served.session("operator"), "url": served.url, "secure": True}
    context.add_cookies([cookie])
    page = context.new_page()
    answer = page.goto(served.url + "/audit")
    assert answer.status == 403
    assert {c.inner_text() for c in page.locator(".problem .chip").all()} == {"auditor", "owner"}
    assert violations(page) == []
    assert page.goto(served.url + "/assets/none").status == 404
    assert page.locator("main a[href='/assets']").count() == 1
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize(
    ("method", "path", "referer", "back"),
    [
        ("GET", "/people", "", "/people"),
        ("GET", "/assets?zone=a+b", "", "/assets%3Fzone%3Da%2Bb"),
        ("POST", "/people/x/disable", "https://here:9443/people/x?tab=1", "/people/x%3Ftab%3D1"),
        ("POST", "/people/x/disable", "https://elsewhere.example/people/x", "/"),
    ],
)
def test_an_old_sign_in_is_led_to_the_door_and_back(
    served: Served, method: str, path: str, referer: str, back: str
) -> None:
    from starlette.requests import Request

    plain, _, query = path.partition("?")
    headers = [(b"accept", b"text/html"), (b"host", b"here:9443"), (b"referer", referer.encode())]
    scope = {"type": "http", "method": method, "path": plain, "query_string": query.encode(), "headers": headers,
             "scheme": "https", "server": ("here", 9443), "client": ("127.0.0.1", 1),
             "app": type("App", (), {"state": type("State", (), {"place": served.place})})}  # fmt: skip
    problem = Problem(title="Not allowed", status=403, detail="too old", instead=["sign in again"])
    shown = problem_page(Request(scope), problem)
    assert shown is not None
    assert f'href="/sign-in?to={back}"' in bytes(shown.body).decode()


def test_a_program_gets_problem_details(served: Served) -> None:
    with served.client("operator") as client:
        answer = client.get("/api/v1/audit")
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["lacking"]) == {"auditor", "owner"}


def test_it_is_said_in_german(served: Served) -> None:
    with served.client("operator") as client:
        answer = client.get("/audit", headers={"Accept": "text/html", "Accept-Language": "de"})
    assert "Ihr Konto hat kein Recht dazu." in answer.text
