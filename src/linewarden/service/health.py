"""`/healthz`, `/readyz`, `/status` and `/metrics`: what a supervisor and a Prometheus ask. Reading only, loopback only
unless the configuration says otherwise; there is nothing to change here.
"""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.board import Board

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from starlette.applications import Starlette


def application(board: Board, registry: CollectorRegistry, status: Callable[[], dict[str, Any]]) -> Starlette:
    """The pages, as an ASGI application."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    def health(_request: Request) -> Response:
        ill = [{"part": i.part, "text": i.text} for i in board.illnesses()]
        return JSONResponse({"ok": not ill, "ill": ill}, 503 if ill else 200)

    def ready(_request: Request) -> Response:
        is_ready = board.is_ready()
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    def all_of_it(_request: Request) -> Response:
        return JSONResponse(status())

    def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    pages = {"/healthz": health, "/readyz": ready, "/status": all_of_it, "/metrics": metrics}
    return Starlette(routes=[Route(path, page, methods=["GET"]) for path, page in pages.items()])


def only_here(app: Any, host: str) -> Any:
    """On loopback, only for who asks for this machine: a page in its browser must not read them by another name.

    Where others may reach it, they may call it what they like.
    """
    from linewarden.service.web.hosts import KnownHosts

    local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    return KnownHosts(app, ("localhost", os.uname().nodename)) if local else app


class HealthServer:
    """Serves the pages in a thread of its own."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        import uvicorn

        config = uvicorn.Config(
            only_here(app, host), host=host, port=port, log_config=None, access_log=False, server_header=False,
            lifespan="off", limit_concurrency=32, timeout_keep_alive=5, h11_max_incomplete_event_size=16_384, ws="none",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._where = f"{host}:{port}"
        self._thread = threading.Thread(target=self._run, name="linewarden-http", daemon=True)
        self._failed = ""

    def start(self) -> None:
        """Begins to listen. Raises ConfigError if the address cannot be had."""
        self._thread.start()
        while self._thread.is_alive() and not self._server.started:
            self._thread.join(0.01)
        if not self._server.started:
            why = self._failed or "is another program there?"
            raise ConfigError(f"[http] listen = {self._where}: cannot listen there ({why}); choose another port")

    def _run(self) -> None:
        try:
            self._server.run()
        except SystemExit:  # uvicorn's way to say that the address is taken
            self._failed = "address already in use, or not of this machine"

    @property
    def port(self) -> int:
        """The port, also where the configuration says 0."""
        sockets = [s for server in self._server.servers for s in server.sockets]
        return int(sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Ends."""
        self._server.should_exit = True
        self._thread.join(5)
