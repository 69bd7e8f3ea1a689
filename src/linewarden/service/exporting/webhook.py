"""Webhook: a POST for each notice, with a token and a signature if the site wants them. Redirects are not followed.

X-Linewarden-Signature: sha256=<HMAC-SHA256 of the body with the site's secret, in hex>
X-Linewarden-Id:        the notice's id; the same notice again has the same (Idempotency-Key says it too)
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linewarden import __version__
from linewarden.cases.export.formats import document, media_type
from linewarden.service.exporting.carrier import TIMEOUT_S, DeliveryError, why

if TYPE_CHECKING:
    from linewarden.cases.model import Event
    from linewarden.service.exporting.destination import Destination

NEVER = {400, 413, 415, 422}
"""The receiver will not take this one, however often it is sent; every other refusal may pass."""
MOST_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Secrets:
    """What proves who we are."""

    token: str | None = None
    key: str | None = None


class Webhook:
    """The way to an HTTP server."""

    most = 20

    def __init__(self, to: Destination, form: str, secrets: Secrets, tls: ssl.SSLContext | None) -> None:
        self._to, self._form, self._secrets, self._tls = to, form, secrets, tls
        self._connection: http.client.HTTPConnection | None = None

    def send(self, events: Sequence[Event]) -> list[str]:
        """Hands them over, each alone; gives those that it will never take. Raises DeliveryError."""
        refused: list[str] = []
        for taken, event in enumerate(events):
            try:
                status, wait, reason = self._post(event)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                raise DeliveryError(f"{self._to}: {why(error)}", taken, refused=refused) from error
            if status in NEVER:
                refused.append(f"{event.notice_id}: {self._to} refused it ({status} {reason})")
            elif not 200 <= status < 300:
                hint = "; redirects are not followed, name the new address" if 300 <= status < 400 else ""
                raise DeliveryError(f"{self._to}: answered {status} {reason}{hint}", taken, wait, refused)
        return refused

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, event: Event) -> tuple[int, float | None, str]:
        """Status, how long to wait, and the reason that was given."""
        body = document(event, self._form).encode("utf-8", "replace")
        fresh = self._connection is None
        try:
            return self._ask(event, body)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            if fresh:
                raise
        return self._ask(event, body)  # the receiver had ended a connection that was idle

    def _ask(self, event: Event, body: bytes) -> tuple[int, float | None, str]:
        if self._connection is None:
            self._connection = self._opened()
        self._connection.request("POST", self._to.path, body, self._headers(event, body))
        answer = self._connection.getresponse()
        answer.read(1 << 16)
        if not answer.isclosed():
            self.close()  # it says more than anybody wants to read
        return answer.status, _seconds(answer.getheader("Retry-After")), answer.reason[:100]

    def _opened(self) -> http.client.HTTPConnection:
        host, port = self._to.host, self._to.port
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self._tls)

    def _headers(self, event: Event, body: bytes) -> dict[str, str]:
        found = {
            "Content-Type": media_type(self._form), "User-Agent": f"Linewarden/{__version__}",
            "X-Linewarden-Id": event.notice_id, "Idempotency-Key": event.notice_id,
        }  # fmt: skip
        if self._secrets.token:
            found["Authorization"] = f"Bearer {self._secrets.token}"
        if self._secrets.key:
            signed = hmac.new(self._secrets.key.encode(), body, hashlib.sha256).hexdigest()
            found["X-Linewarden-Signature"] = f"sha256={signed}"
        return found


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; a date there is not read."""
    return min(float(text), MOST_WAIT_S) if text and text.isascii() and text.isdigit() else None
