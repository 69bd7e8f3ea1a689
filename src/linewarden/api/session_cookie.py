"""Sends the new secret of a session whose rights changed, whatever kind of answer the route gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from linewarden.api.caller import COOKIE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
"""Lax, as who comes back from an identity provider must have it; changes are held to their origin besides."""


def cookie(secret: str) -> str:
    """The Set-Cookie header of a session. It ends with the browser, and on the server before that."""
    return f"{COOKIE}={secret}; {ATTRIBUTES}"


def no_cookie() -> str:
    """The header that takes it away."""
    return f"{COOKIE}=; {ATTRIBUTES}; Max-Age=0"


class SessionCookie:
    """Middleware: `request.state.new_secret` becomes the cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_cookie(message: Message) -> None:
            secret = scope.get("state", {}).get("new_secret")
            if message["type"] == "http.response.start" and secret:
                MutableHeaders(scope=message).append("Set-Cookie", cookie(secret))
            await send(message)

        await self._app(scope, receive, with_cookie if scope["type"] == "http" else send)
