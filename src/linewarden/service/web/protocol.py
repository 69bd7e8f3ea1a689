"""HTTP as uvicorn speaks it, but for clients that come and say nothing: they are not waited for.

uvicorn 0.54 limits how long a connection may rest after an answer, and not how long the head of a request may take. Who
opens connections and sends a byte now and then (slow loris) would hold all that the process may open, and with them the
files of the lake.
"""

from __future__ import annotations

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""s from a connection, or from the first byte of a request, to the end of its head."""
MOST_CONNECTIONS = 400
"""Of all clients together; a page has one for its live figures, and a browser at most six more."""


class PatientNoLonger(H11Protocol):
    """For `uvicorn.Config(http=...)`."""

    _head_timer: Any = None

    def connection_made(self, transport: Any) -> None:
        """The client may begin."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """A piece of a request; it does not begin the time anew."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _rest(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.abort()
