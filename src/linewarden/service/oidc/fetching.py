"""HTTP to a provider: no redirect is followed, no proxy of the environment used, nothing endless read."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx

from linewarden.errors import SendError

TIMEOUT_S = 5.0
MOST_BYTES = 1 << 20


class Fetcher:
    """Asks one provider. May be used from every thread."""

    def __init__(self, ca_file: Path | None = None) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        once = httpx.Limits(max_keepalive_connections=0)  # sign-ins are rare: nothing stays open between them
        self._client = httpx.Client(
            verify=context, timeout=TIMEOUT_S, limits=once, follow_redirects=False, trust_env=False
        )

    def get(self, url: str, *, bearer: str = "") -> dict[str, Any]:
        """A JSON object. Raises SendError."""
        return self._asked("GET", url, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})

    def post(self, url: str, form: dict[str, str], auth: tuple[str, str] | None) -> dict[str, Any]:
        """The answer to a form, as a JSON object. Raises SendError."""
        return self._asked("POST", url, data=form, auth=auth)

    def _asked(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            with self._client.stream(method, url, **more) as answer:
                body = _bounded(answer)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise SendError(f"{_host(url)}: cannot be reached ({str(error) or type(error).__name__})") from error
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise SendError(f"{_host(url)}: gave no JSON (HTTP {answer.status_code})")
        if answer.status_code != httpx.codes.OK:
            raise SendError(f"{_host(url)}: refused (HTTP {answer.status_code}, {_error(said)})")
        return said


def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise SendError(f"{answer.url.host}: gave more than 1 MiB")
    return bytes(body)


def _host(url: str) -> str:
    """Without path and query, in which something secret may stand."""
    try:
        return httpx.URL(url).host or url[:100]
    except httpx.InvalidURL:
        return "its address"


def _error(said: dict[str, Any]) -> str:
    """The code of an error (RFC 6749, 5.2), and not its words, which may be anything."""
    code = said.get("error")
    return code[:60] if isinstance(code, str) and code.isprintable() else "no reason"
