"""Headers, hosts, limits and the check of where changes come from, through a real server over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from linewarden.service.web import csrf_token
from linewarden.service.web.headers import CSP, is_sandbox
from tests.service.tls.serving import connected
from tests.service.web.conftest import COOKIE, SANDBOX

SESSION = "s3cret"
SIGNED_IN = {"Cookie": f"{COOKIE}={SESSION}"}
WORD = csrf_token(SESSION)


@pytest.mark.parametrize("path", ["/page", "/loose", "/nothing", "/events", "/broken"])
def test_every_answer_has_the_headers_whatever_the_route_says(site: httpx.Client, path: str) -> None:
    found = site.get(path, headers=SIGNED_IN)
    assert found.headers.get_list("content-security-policy") == [CSP]
    assert found.headers.get_list("x-frame-options") == ["DENY"]
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] == "same-origin"
    assert found.headers["cross-origin-opener-policy"] == found.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in found.headers["permissions-policy"]
    assert found.headers["cache-control"] == "no-store"


def test_the_policy_lets_nothing_inline_or_foreign_run() -> None:
    assert "unsafe" not in CSP
    assert "*" not in CSP
    assert "default-src 'none'" in CSP


def test_what_a_middleware_refuses_has_the_headers_too(site: httpx.Client) -> None:
    found = site.get("/page", headers={"Host": "evil.example"})
    assert found.status_code == 421
    assert found.headers["content-security-policy"] == CSP


def test_only_what_is_the_same_for_all_may_be_kept(site: httpx.Client) -> None:
    kept = "public, max-age=31536000, immutable"
    assert site.get("/static/a.css", headers=SIGNED_IN).headers["cache-control"] == kept
    assert site.get("/kept").headers["cache-control"] == kept
    assert site.get("/kept", headers=SIGNED_IN).headers["cache-control"] == "no-store"
    assert site.get("/kept", headers={"Authorization": "Bearer x"}).headers["cache-control"] == "no-store"
    assert site.get("/loose").headers["cache-control"] == "no-store"


def test_a_policy_of_a_route_stays_only_if_it_is_a_sandbox(site: httpx.Client) -> None:
    assert site.get("/report").headers.get_list("content-security-policy") == [SANDBOX]
    assert is_sandbox("SANDBOX allow-downloads")
    assert not is_sandbox("sandbox allow-scripts")
    assert not is_sandbox("sandbox allow-same-origin; default-src 'none'")
    assert not is_sandbox("default-src 'none'")


def test_https_for_good_is_said_for_names_only(site: httpx.Client) -> None:
    said = {host: "strict-transport-security" in site.get("/page", headers={"Host": host}).headers
            for host in ("localhost:9443", "127.0.0.1", "[::1]:9443", "console.plant.example")}  # fmt: skip
    assert said == {"localhost:9443": False, "127.0.0.1": False, "[::1]:9443": False, "console.plant.example": True}


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "localhost@evil", "local host", "127.0.0.1.evil.example"]
)
def test_a_host_of_somebody_else_opens_nothing(site: httpx.Client, host: str) -> None:
    assert site.get("/page", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "Console.Plant.Example:443", "10.0.0.9:9443", "[fe80::1]"])
def test_our_names_and_any_address_do(site: httpx.Client, host: str) -> None:
    assert site.get("/page", headers={"Host": host, **SIGNED_IN}).status_code == 200


def test_too_many_headers_and_too_long_an_address_are_refused(site: httpx.Client) -> None:
    assert site.get("/page", headers={f"x-{n}": "1" for n in range(120)}).status_code == 431
    assert site.get("/page", headers={"x-long": "y" * 17_000}).status_code == 431
    assert site.get("/page?" + "z" * 9_000).status_code == 414


def test_a_body_past_the_bound_is_refused_by_its_length_and_as_it_comes(site: httpx.Client) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b"x" * 100_000

    assert site.post("/change", content=b"x" * 2_000_000).status_code == 413
    found = site.post("/change", content=chunks(20))
    assert (found.status_code, found.json()["title"]) == (413, "Too large")
    assert site.post("/change", content=chunks(9)).json() == {"bytes": 900_000}
    assert site.post("/upload/a", content=chunks(25)).json() == {"bytes": 2_500_000}
    assert site.post("/upload/a", content=chunks(31)).status_code == 413


def test_who_sends_half_a_body_and_waits_is_not_waited_for(site: httpx.Client) -> None:
    raw = _raw(site, b"POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
    assert raw.startswith(b"HTTP/1.1 408")


def test_two_hosts_or_two_lengths_are_refused(site: httpx.Client) -> None:
    assert _raw(site, b"GET /page HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")[9:12] in (b"400", b"421")
    two = b"POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"
    assert _raw(site, two).startswith(b"HTTP/1.1 400")


def _raw(site: httpx.Client, request: bytes) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connected(site.base_url.port or 443, context) as tls:
        tls.sendall(request)
        return tls.recv(4_096)


def _origin(site: httpx.Client) -> str:
    return f"https://localhost:{site.base_url.port}"


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_change_with_a_session_needs_the_word_of_that_session(site: httpx.Client) -> None:
    def answer(**form: str) -> httpx.Response:
        return site.post("/change", content=urlencode(form), headers={**SIGNED_IN, **FORM, "Origin": _origin(site)})

    assert answer(name="pump", csrf=WORD).json() == {"name": "pump", "csrf": WORD}
    assert answer(name="pump").status_code == 403
    assert answer(name="pump", csrf="").status_code == 403
    assert answer(name="pump", csrf=csrf_token("another")).json()["title"] == "Page out of date"


def test_the_word_may_be_a_header_and_any_body_reaches_the_route_whole(site: httpx.Client) -> None:
    headers = {**SIGNED_IN, "X-CSRF-Token": WORD, "Sec-Fetch-Site": "same-origin"}
    assert site.post("/change", content=b"x" * 900_000, headers=headers).json() == {"bytes": 900_000}
    assert site.post("/change", content=b"x", headers=SIGNED_IN).status_code == 403


def test_in_a_form_with_files_the_word_comes_first(site: httpx.Client) -> None:
    file = {"file": ("a.pcap", b"x" * 2_000_000)}
    headers = {**SIGNED_IN, "Origin": _origin(site)}
    first = site.post("/upload/a", data={"csrf": WORD, "name": "n"}, files=file, headers=headers)
    assert first.json() == {"csrf": WORD, "name": "n", "file": "file"}
    assert site.post("/upload/a", data={"name": "n", "csrf": WORD}, files=file, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost:1"},
        {"Origin": "https://localhost.evil.example"},
        {"Origin": "https://[bad"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://public.example"},
    ],
)
def test_another_site_changes_nothing_even_with_the_word_and_signs_nobody_in(
    site: httpx.Client, headers: dict[str, str]
) -> None:
    with_word = {**SIGNED_IN, "X-CSRF-Token": WORD, **headers}
    assert site.post("/change", headers=with_word).json()["title"] == "From another site"
    assert site.post("/change", headers=headers).status_code == 403


def test_our_pages_may_come_by_the_public_url_or_the_host_that_was_asked(site: httpx.Client) -> None:
    for host, origin in (
        ("localhost", "https://public.example"), ("localhost:443", "https://localhost"),
        ("console.plant.example:9443", "https://console.plant.example:9443"),
    ):  # fmt: skip
        headers = {**SIGNED_IN, "X-CSRF-Token": WORD, "Host": host, "Origin": origin}
        assert site.post("/change", headers=headers).status_code == 200, origin


def test_programs_with_a_token_need_no_word(site: httpx.Client) -> None:
    assert site.post("/change", headers={"Authorization": "Bearer lw_x"}).status_code == 200
    assert site.post("/change", headers={"Authorization": "Basic eDp4", **SIGNED_IN}).status_code == 403


def test_a_page_finds_its_word_and_another_session_has_another(site: httpx.Client) -> None:
    assert WORD in site.get("/page", headers=SIGNED_IN).text
    assert csrf_token("a") != csrf_token("b")
    assert SESSION not in WORD


def test_events_come_through(site: httpx.Client) -> None:
    assert site.get("/events").text == "data: 1\n\ndata: 2\n\n"
