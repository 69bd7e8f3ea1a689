"""What the console's answers tell a browser to refuse: scripts of others, frames, guesses at types, copies on disk.

Sources: W3C CSP Level 3, RFC 6797 (HSTS), RFC 9111 (caching), W3C Permissions Policy, WHATWG HTML (COOP, Origin-Agent-
Cluster) and Fetch (CORP, nosniff), OWASP Secure Headers Project.
"""

from __future__ import annotations

from linewarden.service.web.asgi import App, Message, Receive, Scope, Send, cookie_of, headers_of
from linewarden.service.web.hosts import host_in, is_address

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
FEATURES = (
    "fullscreen",
    "screen-wake-lock",
    "clipboard-write",
    "publickey-credentials-get",
    "publickey-credentials-create",
)
NO_FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation",
    "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
FIXED = {
    b"x-content-type-options": "nosniff",
    b"x-frame-options": "DENY",
    # Not no-referrer: with it a browser says `Origin: null` when a form is sent, which the check of origins refuses.
    b"referrer-policy": "same-origin",
    b"permissions-policy": ", ".join([*(f"{f}=(self)" for f in FEATURES), *(f"{f}=()" for f in NO_FEATURES)]),
    b"cross-origin-opener-policy": "same-origin",
    b"cross-origin-resource-policy": "same-origin",
    b"origin-agent-cluster": "?1",
    b"x-permitted-cross-domain-policies": "none",
}
HSTS = "max-age=31536000"
NO_STORE = "no-store"


class SecurityHeaders:
    """Middleware: every answer gets them, whatever the route said.

    `session`: name of the cookie; `public`: prefix of paths that are the same for everybody, whose own Cache-Control
    stays. A route's own content policy stays only if it is a sandbox: that is never less than ours.
    """

    def __init__(
        self, app: App, session: str, public: str = "/static/", trusted_types: tuple[str, ...] | None = None
    ) -> None:  # fmt: skip
        self._app, self._session, self._public = app, session, public
        self._csp = CSP
        if trusted_types is not None:
            names = " ".join(trusted_types) or "'none'"
            self._csp += f"; require-trusted-types-for 'script'; trusted-types {names}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self.headers(scope, list(message.get("headers", ())))
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)

    def headers(self, scope: Scope, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer."""
        own = {**FIXED, b"content-security-policy": self._csp}
        if is_sandbox(_value(given, b"content-security-policy")):
            del own[b"content-security-policy"]
        if _may_be_strict(scope):
            own[b"strict-transport-security"] = HSTS
        if not self._may_be_kept(scope, given):
            own[b"cache-control"] = NO_STORE
        kept = [(name, value) for name, value in given if name.lower() not in own]
        return [*kept, *((name, value.encode("ascii")) for name, value in own.items())]

    def _may_be_kept(self, scope: Scope, given: list[tuple[bytes, bytes]]) -> bool:
        """Whether the route's own Cache-Control counts: never for what somebody who is signed in sees."""
        if not _value(given, b"cache-control") or _value(given, b"set-cookie"):
            return False
        personal = cookie_of(scope, self._session) or headers_of(scope, b"authorization")
        return not personal or scope["path"].startswith(self._public)


def is_sandbox(policy: str) -> bool:
    """Whether a content policy puts the document into an origin of its own, without scripts."""
    directives = [d.split() for d in policy.lower().split(";") if d.strip()]
    found = next((d[1:] for d in directives if d[0] == "sandbox"), None)
    return found is not None and not {"allow-scripts", "allow-same-origin"} & set(found)


def _may_be_strict(scope: Scope) -> bool:
    """HSTS is for names, and holds for every port: `localhost` belongs to other programs of this machine, too."""
    host = host_in(next(iter(headers_of(scope, b"host")), "")) or ""
    return scope.get("scheme") == "https" and bool(host) and host != "localhost" and not is_address(host)


def _value(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return next((v.decode("latin-1") for n, v in headers if n.lower() == name), "")
