"""Collectors: which the configuration names, and how they are where the service of the same configuration runs.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.collectors import Collectors


class CollectorsCalls(Transport):
    """Collectors: which the configuration names, and how they are where the service of the same configuration runs."""

    def list_collectors(self) -> Collectors:
        """The collectors of the configuration, and how they are now, as the service of this machine says."""
        return self._ask(Collectors, "GET", "/collectors")
