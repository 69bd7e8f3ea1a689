"""What is true now, and that it changed: the state of a site in a few figures, and server-sent events.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.now import Now


class NowCalls(Transport):
    """What is true now, and that it changed: the state of a site in a few figures, and server-sent events."""

    def get_now(self) -> Now:
        """The state of the site, as far as the caller may see it."""
        return self._ask(Now, "GET", "/now")
