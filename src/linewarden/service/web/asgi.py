"""What the small middlewares of this folder share: headers of a scope, and an answer of their own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """All values of a header (its name in small letters)."""
    return [value.decode("latin-1") for found, value in scope["headers"] if found == name]


def header_of(scope: Scope, name: bytes) -> str:
    """The only value of a header; empty if there is none, or more than one."""
    found = headers_of(scope, name)
    return found[0].strip() if len(found) == 1 else ""


def cookie_of(scope: Scope, name: str) -> str:
    """The value of a cookie; empty if there is none (RFC 6265 4.2.1)."""
    for pair in "; ".join(headers_of(scope, b"cookie")).split(";"):
        found, _, value = pair.strip().partition("=")
        if found == name:
            return value.strip('"')
    return ""


async def refuse(send: Send, status: int, title: str, detail: str) -> None:
    """An answer as problem details (RFC 9457). The connection ends: what is left of the request is not read."""
    body = json.dumps({"title": title, "status": status, "detail": detail}).encode()
    headers = [
        (b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
