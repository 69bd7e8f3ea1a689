"""Settings as they are in force, and the certificate of this console.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.settings import Settings


class SettingsCalls(Transport):
    """Settings as they are in force, and the certificate of this console."""

    def get_settings(self) -> Settings:
        """The effective configuration."""
        return self._ask(Settings, "GET", "/settings")
