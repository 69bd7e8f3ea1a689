"""Syslog: RFC 5424 messages over UDP, TCP or TLS.

Syslog has no acknowledgement. Over TCP and TLS a notice counts as taken once the receiver's own system has
acknowledged its bytes and the connection still stands; over UDP once it was sent and nothing came back. A connection
that is new is looked at for a moment first: a server that wants another certificate, or nobody, hangs up only then.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import socket
import ssl
import struct
import termios
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from linewarden.cases.export.formats import document
from linewarden.cases.export.rfc5424 import counted, message
from linewarden.service.exporting.carrier import TIMEOUT_S, DeliveryError, why

if TYPE_CHECKING:
    from linewarden.cases.model import Event
    from linewarden.service.exporting.destination import Destination

MOST_DATAGRAM = 60_000
REFUSAL_S = 0.05
"""How long to wait for word that nobody listens at a UDP port, or that a connection is ended."""
NEW_S = 0.5
"""The same for a connection that is new."""


class Syslog:
    """The way to a syslog server. `host`: what this machine calls itself."""

    most = 100

    def __init__(self, to: Destination, form: str, host: str, tls: ssl.SSLContext | None) -> None:
        self._to, self._form, self._host, self._tls = to, form, host, tls
        self._socket: socket.socket | None = None

    def send(self, events: Sequence[Event]) -> list[str]:
        """Hands them over; gives those that are too large for a datagram. Raises DeliveryError."""
        messages = [(e, message(e, document(e, self._form), self._host, str(os.getpid()))) for e in events]
        try:
            if self._to.scheme == "syslog+udp":
                return self._datagrams(messages)
            self._stream(b"".join(counted(data) for _, data in messages))
        except (OSError, ValueError) as error:
            self.close()
            raise DeliveryError(f"{self._to}: {why(error)}") from error
        return []

    def close(self) -> None:
        """Lets go of the connection."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None

    def _datagrams(self, messages: Sequence[tuple[Event, bytes]]) -> list[str]:
        port = self._socket = self._socket or _udp(self._to.host, self._to.port)
        refused = []
        for event, data in messages:
            if len(data) > MOST_DATAGRAM:
                refused.append(f"{event.notice_id}: {len(data):,} bytes are too many for UDP; use TCP or TLS")
            else:
                port.send(data)
        time.sleep(REFUSAL_S)
        if code := port.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, os.strerror(code))
        return refused

    def _stream(self, data: bytes) -> None:
        new = self._socket is None
        port = self._socket = self._socket or self._connected()
        _still_there(port, NEW_S if new else 0.0)
        port.sendall(data)
        _acknowledged(port)
        _still_there(port, REFUSAL_S)

    def _connected(self) -> socket.socket:
        port = socket.create_connection((self._to.host, self._to.port), TIMEOUT_S)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._tls is None:
            return port
        try:
            return self._tls.wrap_socket(port, server_hostname=self._to.host)
        except BaseException:
            port.close()
            raise


def _udp(host: str, number: int) -> socket.socket:
    """A connected socket, so that the system says if nobody listens."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_DGRAM)[0]
    port = socket.socket(family, kind, protocol)
    port.settimeout(TIMEOUT_S)
    try:
        port.connect(address)
    except OSError:
        port.close()
        raise
    return port


def _acknowledged(port: socket.socket) -> None:
    """Waits until the other side's system has acknowledged all bytes (SIOCOUTQ, tcp(7))."""
    until, pause = time.monotonic() + TIMEOUT_S, 0.001
    while struct.unpack("i", fcntl.ioctl(port.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]:
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _still_there(port: socket.socket, for_s: float) -> None:
    """Looks at a connection for a while. What the other side may say is not read further.

    Raises OSError if it has ended the connection, or refuses it (TLS says so after the handshake).
    """
    until, poll = time.monotonic() + for_s, select.poll()
    poll.register(port, select.POLLIN)
    port.setblocking(False)
    try:
        while True:
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                if not port.recv(4096):
                    raise ConnectionResetError(errno.ECONNRESET, "the receiver ended the connection")
            if (left := until - time.monotonic()) <= 0:
                return
            poll.poll(left * 1000)
    finally:
        port.settimeout(TIMEOUT_S)
