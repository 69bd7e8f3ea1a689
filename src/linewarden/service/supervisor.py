"""Tells systemd how the service is (`Type=notify`): ready, alive, stopping. Nothing happens where nobody asks.

Source: sd_notify(3). The socket is a local one (AF_UNIX), named by the environment.
"""

from __future__ import annotations

import contextlib
import os
import socket


def tell(state: str) -> bool:
    """Sends one state, such as `READY=1`; False if nobody listens."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place or place[0] not in "/@":
        return False
    address = "\0" + place[1:] if place[0] == "@" else place
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as port:
        port.sendto(state.encode(), address)
        return True
    return False


def watchdog_s() -> float | None:
    """How often `WATCHDOG=1` is wanted at least (half of systemd's limit), if it is wanted of this process."""
    limit, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not limit.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(limit) / 2e6
