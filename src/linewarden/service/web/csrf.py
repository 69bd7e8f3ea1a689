"""Changes come from our own pages: another site cannot make a signed-in browser do something here.

Two things are asked of a request that would change something and is not authorised by a token of the API: where the
browser says it comes from (Fetch Metadata, Origin), and, with a session, a word that only pages of this session hold.

Sources: OWASP Cross-Site Request Forgery Prevention Cheat Sheet; W3C Fetch Metadata Request Headers; RFC 6454.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qs, urlsplit

from linewarden.service.web.asgi import App, Message, Receive, Scope, Send, cookie_of, header_of, headers_of, refuse

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER, FIELD = b"x-csrf-token", "csrf"
MOST_FORM = 1 << 20
PEEK = 4_096
"""Of a multipart form the word is in the first part, so that no upload has to be held in memory."""
_BOUNDARY = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?')


def csrf_token(session: str) -> str:
    """The word for pages of a session, by its secret (the cookie's value), which it does not tell."""
    return base64.urlsafe_b64encode(hmac.digest(session.encode(), b"linewarden csrf v1", hashlib.sha256)).decode()[:43]


class Csrf:
    """Middleware. `session`: the cookie's name; `origins`: where else pages may come from (`public_url`).

    The word is in the header X-CSRF-Token, or in a form's field `csrf`, which is the first one of a multipart form.
    """

    def __init__(self, app: App, session: str, origins: Collection[str] = ()) -> None:
        self._app, self._session = app, session
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Pages find their word in `request.state.csrf`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        session = cookie_of(scope, self._session)
        scope.setdefault("state", {})["csrf"] = csrf_token(session) if session else ""
        if scope["method"] in SAFE or has_bearer(scope):
            await self._app(scope, receive, send)
            return
        if why := self.foreign(scope):
            await refuse(send, 403, "From another site", why)
            return
        if session:
            word, receive = await _word(scope, receive)
            if not hmac.compare_digest(word.encode(), csrf_token(session).encode()):
                why = "This page is older than your session: load it again, and repeat what you did."
                await refuse(send, 403, "Page out of date", why)
                return
        await self._app(scope, receive, send)

    def foreign(self, scope: Scope) -> str:
        """Why a request is not from our own pages, as far as the browser tells; empty if nothing speaks against it."""
        site = header_of(scope, b"sec-fetch-site").lower()
        if headers_of(scope, b"sec-fetch-site") and site not in ("same-origin", "none"):
            return "The browser says that another site asked for this."
        origins = headers_of(scope, b"origin")
        if origins and not (len(origins) == 1 and self._is_ours(scope, origins[0].lower())):
            return "The page that asked for this is not of this console."
        return ""

    def _is_ours(self, scope: Scope, origin: str) -> bool:
        if origin in self._origins:
            return True
        try:
            parts = urlsplit(origin)
            return parts.scheme == "https" and _place(parts.netloc) == _place(header_of(scope, b"host").lower())
        except ValueError:
            return False


def has_bearer(scope: Scope) -> bool:
    """Whether a token of the API is shown: no page of another site can add that header."""
    return header_of(scope, b"authorization").lower().startswith("bearer ")


def _place(netloc: str) -> str:
    """Host and port; the port of https may be left out."""
    return netloc.removesuffix(":443")


async def _word(scope: Scope, receive: Receive) -> tuple[str, Receive]:
    """The word that a request has, and its body as if nobody had read of it."""
    if word := header_of(scope, HEADER):
        return word, receive
    kind = header_of(scope, b"content-type")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        body, again = await _read(receive, MOST_FORM)
        fields = parse_qs(body.decode("latin-1"), max_num_fields=1_000) if body.count(b"&") < 1_000 else {}
        return fields.get(FIELD, [""])[0], again
    if kind.lower().startswith("multipart/form-data") and (boundary := _BOUNDARY.search(kind)):
        body, again = await _read(receive, PEEK)
        return _first_part(body, boundary[1]), again
    return "", receive


def _first_part(body: bytes, boundary: str) -> str:
    head = rf'--{re.escape(boundary)}\r\nContent-Disposition: form-data; name="{FIELD}"\r\n\r\n([\w-]{{1,100}})\r\n--'
    found = re.match(head.encode(), body, re.IGNORECASE)
    return found[1].decode("ascii", "replace") if found else ""


async def _read(receive: Receive, least: int) -> tuple[bytes, Receive]:
    """At least so many bytes, or all; and a `receive` that gives them again, then the rest."""
    kept: list[Message] = []
    size = 0
    while size < least:
        message = await receive()
        kept.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            break

    async def again() -> Any:
        return kept.pop(0) if kept else await receive()

    return b"".join(m.get("body", b"") for m in kept), again
