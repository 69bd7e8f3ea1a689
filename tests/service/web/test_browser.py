"""What a real browser makes of it: our pages work, those of others do nothing here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from linewarden.service.tls import Transport, server_context
from linewarden.service.web import Settings, secure
from tests.service.tls.serving import config_of, served
from tests.service.web.conftest import COOKIE

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
HTMX = Path(__file__).parents[3] / "frontend/node_modules/htmx.org/dist/htmx.min.js"
SCRIPT = """
if (window.trustedTypes) trustedTypes.createPolicy("default", {createHTML: (text) => text});
document.documentElement.dataset.ours = "ran";
"""
CONFIG = '{"allowEval":false,"includeIndicatorStyles":false}'


class Plant:
    """Counts what was changed in it."""

    def __init__(self) -> None:
        self.changes = 0

    def page(self, request: Request) -> Response:
        token = request.state.csrf
        return HTMLResponse(
            f"""<!doctype html><html lang="en"><head><title>t</title><meta name="htmx-config" content='{CONFIG}'>
            <script src="/static/ours.js"></script><script src="/static/htmx.js"></script>
            <style>body {{ color: rgb(255, 0, 0) }}</style></head>
            <body onload="document.documentElement.dataset.inline='ran'">
            <script>document.documentElement.dataset.inline='ran'</script>
            <form method="post" action="/change"><input type="hidden" name="csrf" value="{token}">
            <button>Change</button></form>
            <button id="part" hx-get="/part" hx-target="#here">Part</button><div id="here"></div></body></html>"""
        )

    def part(self, _request: Request) -> Response:
        return HTMLResponse("<b id='new'>came</b><img src=x onerror=\"document.documentElement.dataset.inline='ran'\">")

    async def change(self, request: Request) -> Response:
        self.changes += 1
        return HTMLResponse("changed")

    def ours(self, _request: Request) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    def htmx(self, _request: Request) -> Response:
        return Response(HTMX.read_bytes() if HTMX.exists() else b"", media_type="text/javascript")

    def app(self) -> Starlette:
        return Starlette(routes=[
            Route("/page", self.page), Route("/part", self.part), Route("/change", self.change, methods=["POST"]),
            Route("/static/ours.js", self.ours), Route("/static/htmx.js", self.htmx),
        ])  # fmt: skip


def evil(port: int) -> Any:
    """A page of somebody else: sends a form at once, frames and reads what it can."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = f"""<!doctype html><form method="post" action="https://127.0.0.1:{port}/change"></form>
        <iframe id="frame" src="https://127.0.0.1:{port}/page"></iframe><script>
        fetch("https://127.0.0.1:{port}/change", {{method: "POST", mode: "no-cors", credentials: "include"}})
        .finally(() =>
        fetch("https://127.0.0.1:{port}/page", {{credentials: "include"}}).then(() => document.title = "read",
        () => document.title = "not read"))</script>""".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: install it (apt-get install chromium) to run the browser tests")
    api = pytest.importorskip("playwright.sync_api", reason="install playwright to run the browser tests")
    with api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@contextlib.contextmanager
def signed_in(chromium: Any, port: int) -> Iterator[Any]:
    """A browser whose user has a session, in a cookie that other sites' requests would carry, too."""
    context = chromium.new_context(ignore_https_errors=True)
    context.add_cookies([{"name": COOKIE, "value": "s", "url": f"https://127.0.0.1:{port}", "secure": True,
                          "httpOnly": True, "sameSite": "None"}])  # fmt: skip
    context.set_default_timeout(15_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def _settings(trusted_types: tuple[str, ...] | None = None) -> Settings:
    return Settings(("localhost",), COOKIE, trusted_types=trusted_types)


@pytest.fixture
def transport(tmp_path: Path) -> Transport:
    return server_context(config_of(tmp_path))


def test_our_page_changes_something_and_nothing_inline_runs(chromium: Any, transport: Transport) -> None:
    plant = Plant()
    with served(transport, secure(plant.app(), _settings())) as port, signed_in(chromium, port) as page:
        page.goto(f"https://127.0.0.1:{port}/page")
        assert page.evaluate("({...document.documentElement.dataset})") == {"ours": "ran"}
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        page.get_by_text("Change").click()
        page.get_by_text("changed").wait_for()
        assert plant.changes == 1


def test_a_page_of_somebody_else_changes_frames_and_reads_nothing(chromium: Any, transport: Transport) -> None:
    plant = Plant()
    with (
        served(transport, secure(plant.app(), _settings())) as port,
        served(transport, evil(port)) as other,
        signed_in(chromium, port) as page,
    ):
        page.goto(f"https://localhost:{other}/")
        page.wait_for_function("document.title == 'not read'")
        assert page.frame_locator("#frame").get_by_text("Change").count() == 0
        page.evaluate("document.forms[0].submit()")
        page.get_by_text("From another site").wait_for()
        assert plant.changes == 0


@pytest.mark.skipif(not HTMX.exists(), reason="htmx is not here: npm ci in frontend/")
def test_htmx_works_where_types_must_be_trusted_and_what_it_brings_runs_nothing(
    chromium: Any, transport: Transport
) -> None:
    plant = Plant()
    with served(transport, secure(plant.app(), _settings(("default",)))) as port, signed_in(chromium, port) as page:
        page.goto(f"https://127.0.0.1:{port}/page")
        page.locator("#part").click()
        page.locator("#new").wait_for()
        assert page.evaluate("({...document.documentElement.dataset})") == {"ours": "ran"}
        with pytest.raises(Exception, match=r"TrustedScript|Trusted Types|unsafe-eval"):
            page.evaluate("document.createElement('script').text = 'alert(1)'")
