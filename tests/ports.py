"""Ports of loopback for servers of tests."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """One that nobody listens at, below those that Linux gives to connections (32768 on): who tries to reach a server
    that is down may be given its very port, is then connected to itself, and the server cannot come back.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
