"""Accounts in the browser: an invitation, a second factor, a passkey, a token; each as a person does it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linewarden.people import totp
from tests.console.house import PASSWORD, Served, served_lake


@pytest.fixture(scope="module")
def own(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_lake(lake, tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context(ignore_https_errors=True, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def enter(page: Any, served: Served, login: str, password: str = PASSWORD) -> None:
    page.goto(f"{served.url}/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("button.primary")


def test_an_invitation_from_the_code_to_the_first_page(own: Served, tab: Any) -> None:
    enter(tab, own, "owner")
    tab.goto(own.url + "/people")
    tab.fill("form.form [name=login]", "bob")
    tab.select_option("form.form [name=role]", "operator")
    tab.click("text=Make a code")
    code = tab.locator("code.secret").inner_text()
    tab.goto(own.url + "/people/bob")
    assert tab.locator(".chip").first.inner_text() == f"operator@{own.place.site}"
    tab.context.clear_cookies()
    tab.goto(own.url + "/welcome")
    for name, value in (("code", code), ("login", "bob"), ("password", "a green bottle on a wall")):
        tab.fill(f"[name={name}]", value)
    tab.click("button.primary")
    tab.wait_for_url(own.url + "/")  # who has just chosen a password is not asked for it again
    assert tab.locator("nav.rail a[href='/people']").count() == 0  # an operator manages nobody
    tab.goto(own.url + "/people")
    assert tab.locator("h1").inner_text() == "Not allowed"


def test_a_second_factor_is_set_up_and_asked_for(own: Served, tab: Any) -> None:
    enter(tab, own, "engineer")
    tab.goto(own.url + "/me")
    tab.click("text=Set up an app")
    assert tab.locator("svg.qr path").get_attribute("d")
    secret = tab.locator("code.secret").inner_text()
    step = totp.step_of(datetime.now(UTC))
    tab.fill("[name=code]", totp.hotp(base64.b32decode(secret), step))
    tab.click("text=Switch it on")
    codes = tab.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    tab.context.clear_cookies()
    enter(tab, own, "engineer")
    tab.fill("[name=password]", PASSWORD)
    tab.fill("[name=code]", codes[0])
    tab.click("button.primary")
    tab.wait_for_url(own.url + "/")


def test_a_passkey_is_made_and_opens_the_door(own: Served, tab: Any) -> None:
    """With Chromium's own virtual authenticator, over the DevTools protocol."""
    devtools = tab.context.new_cdp_session(tab)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    enter(tab, own, "analyst")
    tab.goto(own.url + "/me")
    tab.fill("#new-passkey [name=name]", "key on my ring")
    tab.click("text=Make a passkey")
    tab.locator("text=key on my ring").wait_for()
    tab.context.clear_cookies()
    tab.goto(own.url + "/sign-in?to=/cases")
    tab.click("text=Sign in with a passkey")
    tab.wait_for_url(own.url + "/cases")


def test_a_token_is_shown_once_and_works(own: Served, tab: Any) -> None:
    enter(tab, own, "owner")
    tab.goto(own.url + "/tokens")
    tab.fill("form.form [name=name]", "SIEM")
    tab.click("button.primary")
    token = tab.locator("code.secret").inner_text()
    with own.client(token=token) as client:
        assert client.get("/api/v1/me").json()["is_machine"] is True
    tab.goto(own.url + "/tokens")
    assert token not in tab.content()
    tab.click("text=Revoke >> nth=-1")
    with own.client(token=token) as client:
        assert client.get("/api/v1/me").status_code == 401


def test_what_was_done_is_in_the_log_and_the_log_is_whole(own: Served, tab: Any) -> None:
    enter(tab, own, "auditor")
    tab.goto(own.url + "/audit")
    assert tab.locator("td.mono", has_text="session.begin").count() > 0
    tab.click("text=Check all of it now")
    assert "It is whole" in tab.locator(".notice-box").inner_text()
