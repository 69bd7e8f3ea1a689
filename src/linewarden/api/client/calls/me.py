"""The caller: who they are here, and why they may or may not do something.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.me import Me, Why
from linewarden.policy.model import Action, Kind


class MeCalls(Transport):
    """The caller: who they are here, and why they may or may not do something."""

    def get_me(self) -> Me:
        """Who calls."""
        return self._ask(Me, "GET", "/me")

    def explain(self, *, action: Action, kind: Kind, id: str | None = None, zone: str | None = None) -> Why:
        """Why the caller may, or may not, do this now."""
        return self._ask(Why, "GET", "/me/why", query={"action": action, "kind": kind, "id": id, "zone": zone})
