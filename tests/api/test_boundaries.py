"""What keeps people and machines apart: zones, tokens, sessions, forms of other sites, guessing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linewarden.api.app import make_app
from linewarden.api.caller import COOKIE
from linewarden.cli import main
from linewarden.people.model import Grant
from linewarden.plant.model import Asset
from tests.console.house import PASSWORD, Served, served_lake


@pytest.fixture(scope="module")
def parted(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two controllers are in a zone of their own, and somebody may look at that zone only."""
    import shutil

    mine = tmp_path_factory.mktemp("parted") / "lake"
    shutil.copytree(lake, mine)
    for address in ("10.20.1.11", "10.20.1.12"):
        assert main(["correct", str(mine), "--set", address, "zone=filling"]) == 0
    with served_lake(mine, tmp_path_factory.mktemp("parted-state")) as served:
        served.add("zora", Grant("viewer", served.place.site, "filling"))
        yield served


def zone_of(served: Served, zone: str) -> list[Asset]:
    return [a for a in served.place.follower.view.plant.assets if (a.zone or "") == zone]


def test_somebody_of_a_zone_sees_that_zone(parted: Served) -> None:
    with parted.client("zora") as client:
        seen = client.get("/api/v1/assets").json()
    assert {a["id"] for a in seen["items"]} == {a.id for a in zone_of(parted, "filling")}
    assert seen["total"] == 2


def test_what_is_in_another_zone_is_not_there(parted: Served) -> None:
    """By its id, by its address, as a page: the same as what does not exist (IDOR)."""
    other = next(a for a in zone_of(parted, "") if a.ips)
    with parted.client("zora") as client:
        for path in (f"/api/v1/assets/{other.id}", f"/api/v1/assets/{other.ips[0]}", f"/assets/{other.id}"):
            assert client.get(path).status_code == 404, path
        nothing = client.get("/api/v1/assets/02:00:00:00:00:00").json()
        assert client.get(f"/api/v1/assets/{other.id}").json() == nothing


def test_cases_and_notices_of_other_zones_are_not_there(parted: Served) -> None:
    view = parted.place.follower.view
    with parted.client("zora") as client, parted.client("viewer") as all_of_it:
        for _, case in view.cases:
            visible = {view.zone(a) for a in case.assets} == {"filling"}
            assert (client.get(f"/api/v1/cases/{case.id}").status_code == 200) is visible
        assert client.get("/api/v1/notices").json()["total"] < all_of_it.get("/api/v1/notices").json()["total"]
        assert client.get("/api/v1/conversations").json()["total"] < len(view.plant.conversations)


def test_search_and_export_show_no_more(parted: Served) -> None:
    other = next(a for a in zone_of(parted, "") if a.ips)
    with parted.client("zora") as client:
        assert client.get("/api/v1/assets", params={"q": other.ips[0]}).json()["total"] == 0
        assert other.ips[0] not in client.get("/api/v1/assets?format=csv").text


def test_a_token_opens_its_scope_and_place_only(parted: Served) -> None:
    tokens, site = parted.place.people.tokens, parted.place.site
    narrow = tokens.make("narrow", ["read"], [(site, "filling")], timedelta(hours=1), "owner")
    with parted.client(token=narrow) as client:
        assert client.get("/api/v1/assets").json()["total"] == 2
        assert client.get("/api/v1/audit").status_code == 403
        assert client.get("/").status_code == 303  # a machine opens no page
    tokens.revoke(narrow)
    with parted.client(token=narrow) as client:
        assert client.get("/api/v1/assets").status_code == 401


def test_a_session_from_before_is_not_taken_over(served: Served) -> None:
    """Session fixation: signing in gives a new secret, and what the browser had before opens nothing."""
    with served.client() as client:
        client.cookies.set(COOKIE, "A" * 43)
        form = {"login": "viewer", "password": PASSWORD, "csrf": served.csrf(client)}
        answer = client.post("/sign-in", data=form, headers={"Origin": served.url})
        assert answer.status_code == 303
        assert answer.cookies[COOKIE] != "A" * 43
    with served.client() as client:
        client.cookies.set(COOKIE, "A" * 43)
        assert client.get("/api/v1/now").status_code == 401


def test_signing_out_ends_the_session_on_the_server(served: Served) -> None:
    with served.client("viewer") as client:
        secret = client.cookies[COOKIE]
        form = {"csrf": served.csrf(client)}
        assert client.post("/sign-out", data=form, headers={"Origin": served.url}).status_code == 303
    with served.client() as again:
        again.cookies.set(COOKIE, secret)
        assert again.get("/api/v1/now").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
    ],
)
def test_forms_of_other_sites_do_nothing(served: Served, headers: dict[str, str]) -> None:
    """Cross-site request forgery: without our word, whatever the browser says of where it comes from."""
    with served.client("viewer") as client:
        assert client.post("/sign-out", headers=headers).status_code == 403
        assert client.get("/api/v1/now").status_code == 200


def test_guessing_waits_and_says_how_long(served: Served) -> None:
    with served.client() as client:
        said = [
            client.post("/sign-in", data={"login": "planner", "password": f"wrong {n}"}, headers={"Origin": served.url})
            for n in range(8)
        ]
    assert said[0].status_code == 401
    assert said[-1].status_code == 429
    assert int(said[-1].headers["retry-after"]) >= 1


def test_the_cookie_of_a_session(served: Served) -> None:
    with served.client() as client:
        answer = client.post(
            "/sign-in", data={"login": "auditor", "password": PASSWORD}, headers={"Origin": served.url}
        )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", ["/sign-in", "/", "/api/v1/now", "/static/nothing.js", "/nothing"])
def test_every_answer_has_the_headers(served: Served, path: str) -> None:
    with served.client("viewer") as client:
        answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    if not path.startswith("/static/"):
        assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""])
def test_signing_in_leads_to_this_host_only(served: Served, to: str) -> None:
    with served.client() as client:
        form = {"login": "engineer", "password": PASSWORD, "to": to}
        answer = client.post("/sign-in", data=form, headers={"Origin": served.url})
    assert answer.headers["location"] == "/"


def test_a_page_has_no_script_and_style_of_its_own(served: Served) -> None:
    with served.client("owner") as client:
        for path in ("/", "/assets", "/cases"):
            text = client.get(path).text
            assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\son\w+=|\sstyle=", text), (
                path
            )


def test_every_part_of_the_api_says_what_it_is_about() -> None:
    document = make_app().openapi()
    named = {tag for path in document["paths"].values() for o in path.values() for tag in o["tags"]}
    assert named == {t["name"] for t in document["tags"]}


def test_a_page_whose_session_has_a_new_secret_has_the_word_of_that(parted: Served) -> None:
    """After a change of rights the first page hands out a new secret: its forms work with that one."""
    parted.add("rita", Grant("viewer", parted.place.site))
    with parted.client("rita") as client:
        account = parted.place.people.store.account_of("rita")
        assert account is not None
        grants = [Grant("operator", parted.place.site)]
        parted.place.people.administration.set_rights(account, grants, None)
        page = client.get("/")
        new = page.cookies[COOKIE]
        word = re.search(r'name="csrf" content="([^"]+)"', page.text)
    with parted.client() as client:
        client.cookies.set(COOKIE, new)
        assert word is not None
        assert word[1] == parted.csrf(client)
