"""One application that tells what reached it, behind all middlewares, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from linewarden.service.tls import server_context
from linewarden.service.web import Settings, secure
from tests.service.tls.serving import client, config_of, served

COOKIE = "__Host-test"
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


async def change(request: Request) -> Response:
    kind = request.headers.get("content-type", "")
    if "form" in kind:
        async with request.form() as form:
            return JSONResponse({name: value if isinstance(value, str) else "file" for name, value in form.items()})
    return JSONResponse({"bytes": len(await request.body())})


def page(request: Request) -> Response:
    return HTMLResponse(f'<form method="post" action="/change"><input name="csrf" value="{request.state.csrf}"></form>')


def asset(_request: Request) -> Response:
    return Response("x", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def report(_request: Request) -> Response:
    return HTMLResponse("<style>b{}</style>", headers={"Content-Security-Policy": SANDBOX})


def loose(_request: Request) -> Response:
    return HTMLResponse(
        "", headers={"Content-Security-Policy": "script-src *", "X-Frame-Options": "ALLOWALL", "Set-Cookie": "a=b"}
    )


def events(_request: Request) -> Response:
    return StreamingResponse(iter([b"data: 1\n\n", b"data: 2\n\n"]), media_type="text/event-stream")


def broken(_request: Request) -> Response:
    raise RuntimeError("a mistake of ours")


ROUTES = {"/page": page, "/static/a.css": asset, "/kept": asset, "/report": report, "/loose": loose, "/events": events,
          "/broken": broken}  # fmt: skip
APP = Starlette(
    routes=[*(Route(path, answer) for path, answer in ROUTES.items()), Route("/change", change, methods=["POST"]),
            Route("/upload/a", change, methods=["POST"])]
)  # fmt: skip
SETTINGS = Settings(
    ("localhost", "console.plant.example"), COOKIE, ("https://public.example",), {"/upload/": 3_000_000}, stall_s=1.0
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("site")
    transport = server_context(config_of(folder, '[console]\nnames = ["console.plant.example"]\n'))
    with (
        served(transport, secure(APP, SETTINGS)) as port,
        httpx.Client(
            base_url=f"https://localhost:{port}",
            verify=client(transport.ca_file),
            limits=httpx.Limits(max_keepalive_connections=0),  # after a mistake the server ends the connection
        ) as found,  # fmt: skip
    ):
        yield found
