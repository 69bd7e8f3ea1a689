"""A host on the internet that belongs to nobody whom the plant knows: two web servers that answer who asks.

It begins nothing by itself; the scenarios' steps do, in its namespace. Its pages play a lure and a command server.
"""

from __future__ import annotations

import ssl

from linewarden.exercises.context import Context
from linewarden.exercises.devices._http import Answer, Request, serve_http
from linewarden.exercises.devices._tls import server_tls
from linewarden.exercises.pace import say, together

HTTP_PORT, HTTPS_PORT = 80, 443
CAUGHT = "caught.txt"
LURE = '<html><title>Service portal</title><form method="post" action="/login">user, password</form></html>'


async def run(ctx: Context) -> None:
    """Serves until it is ended."""

    async def answer(request: Request) -> Answer:
        if request.method == "POST" and request.path == "/login":
            (ctx.home() / CAUGHT).write_bytes(request.body)
            say(f"{request.peer} typed a login")
            return Answer(200, "Thank you. Please try again later.")
        if request.path.startswith("/beacon"):
            return Answer(200, "sleep")
        return Answer(200, LURE)

    tls = server_tls(ctx.home(), "service-portal.example", "Service Portal", ssl.TLSVersion.TLSv1_3)
    await together(
        serve_http(ctx.own, ctx.port(HTTP_PORT), answer, "Apache"),
        serve_http(ctx.own, ctx.port(HTTPS_PORT), answer, "Apache", tls=tls),
    )
