"""How much a request may be, before any route has seen it."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from linewarden.service.web.asgi import App, Message, Receive, Scope, Send, headers_of, refuse

MOST_BODY = 1 << 20
MOST_HEADERS, MOST_HEADER_BYTES, MOST_TARGET = 100, 16_384, 8_192
STALL_S = 30.0
TOO_LARGE = 413, "Too large"


class RequestLimits:
    """Middleware: bounds for the target, the headers and the body of a request, and the time that it may stand still.

    `uploads`: prefixes of paths whose bodies may have more bytes.
    """

    def __init__(
        self, app: App, most_body: int = MOST_BODY, uploads: Mapping[str, int] | None = None, stall_s: float = STALL_S
    ) -> None:  # fmt: skip
        self._app, self._most, self._uploads, self._stall_s = app, most_body, dict(uploads or {}), stall_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self.most_of(scope["path"])
        wrong = wrong_with_head(scope) or wrong_with_length(scope, most)
        if wrong is not None:
            await refuse(send, *wrong)
            return
        body = _Body(receive, send, most, self._stall_s)
        await body.through(self._app, scope)

    def most_of(self, path: str) -> int:
        """Bytes that a body for this path may have."""
        return next((most for prefix, most in self._uploads.items() if path.startswith(prefix)), self._most)


def wrong_with_head(scope: Scope) -> tuple[int, str, str] | None:
    """What is too much in the target or the headers: (status, title, detail)."""
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"") > MOST_TARGET:
        return 414, "Too long", f"The address may have {MOST_TARGET} characters."
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if len(scope["headers"]) > MOST_HEADERS or size > MOST_HEADER_BYTES:
        return 431, "Too many headers", f"At most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes."
    return None


def wrong_with_length(scope: Scope, most: int) -> tuple[int, str, str] | None:
    """What is wrong with the length that a request says it has."""
    lengths = headers_of(scope, b"content-length")
    if not lengths:
        return None
    if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        return 400, "No length", "Content-Length must be one number."
    return (*TOO_LARGE, told(most)) if int(lengths[0][:20]) > most else None


def told(most: int) -> str:
    """The bound in words."""
    return f"At most {most / 1e6:,.1f} MB can be sent here."


class _Body:
    """A body that is counted as it comes. Past the bound the route sees the client go, and the client sees why."""

    def __init__(self, receive: Receive, send: Send, most: int, stall_s: float) -> None:
        self._receive, self._send, self._most, self._stall_s = receive, send, most, stall_s
        self._size, self._whole, self._begun = 0, False, False
        self._wrong: tuple[int, str, str] | None = None

    async def through(self, app: App, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except Exception:
            if self._wrong is None:
                raise
        if self._wrong is not None and not self._begun:
            await refuse(self._send, *self._wrong)

    async def receive(self) -> Message:
        if self._wrong is not None:
            return {"type": "http.disconnect"}
        message = await (self._receive() if self._whole else self._in_time())
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._size > self._most:
                self._wrong = (*TOO_LARGE, told(self._most))
        return message if self._wrong is None else {"type": "http.disconnect"}

    async def _in_time(self) -> Message:
        with anyio.move_on_after(self._stall_s):
            return await self._receive()
        self._wrong = 408, "Too slow", f"Nothing came for {self._stall_s:g} s."
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """What the route says once something was wrong is not its to say."""
        if self._wrong is not None and not self._begun:
            return
        self._begun = True
        await self._send(message)
