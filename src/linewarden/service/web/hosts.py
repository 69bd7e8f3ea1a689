"""Only requests for this machine: a host name of somebody else that leads here (DNS rebinding) opens nothing.

A page of another site can make a browser believe that its own name is at our address, and then read our answers as its
own. It cannot do so with an address, so any address is taken; of names, those that are known.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from linewarden.service.web.asgi import App, Receive, Scope, Send, headers_of, refuse

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?")


class KnownHosts:
    """Middleware: `Host` must be one of these names, or an address. 421 otherwise (RFC 9110 15.5.20)."""

    def __init__(self, app: App, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and not self.knows(headers_of(scope, b"host")):
            await refuse(
                send, 421, "Not this host", "Name the host in [console] names, or public_url, to reach it here."
            )
            return
        await self._app(scope, receive, send)

    def knows(self, hosts: list[str]) -> bool:
        """Whether a request's Host headers name this machine, once."""
        found = host_in(hosts[0]) if len(hosts) == 1 else None
        return found is not None and (found in self._names or is_address(found))


def host_in(header: str) -> str | None:
    """The name or address of a Host header, without the port; None if it is none."""
    found = _HOST.fullmatch(header)
    return (found[1] or found[2].rstrip(".")).lower() if found else None


def is_address(host: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
