"""The vendor's cloud on the internet: takes what the remote-access box reports (TLS 1.3)."""

from __future__ import annotations

import ssl

from linewarden.exercises.context import Context
from linewarden.exercises.devices._http import Answer, Request, serve_http
from linewarden.exercises.devices._tls import server_tls
from linewarden.exercises.devices.remote_access import HTTPS_PORT


async def _answer(_request: Request) -> Answer:
    return Answer(200, "{}", "application/json")


async def run(ctx: Context) -> None:
    """Serves until it is ended."""
    tls = server_tls(ctx.home(), "ra.vendor.example", "Example Machinery", ssl.TLSVersion.TLSv1_3)
    await serve_http(ctx.own, ctx.port(HTTPS_PORT), _answer, "nginx", tls=tls)
