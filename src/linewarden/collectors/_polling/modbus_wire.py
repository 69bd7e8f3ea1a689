"""The connection to a Modbus device: requests go out, answers come back, each within its time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linewarden.collectors._polling.modbus_codec import Answer, Mbap, Read, Rtu, answer_of
from linewarden.collectors._polling.tls import client_context, tls_trouble
from linewarden.collectors._polling.trouble import LostError, reason

SILENCE = Answer()


class ClosedError(LostError):
    """The device has closed the connection: it may do that, and is simply called again."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the device is and how it is spoken to. transport: tcp, rtu or tls. timeout: s for connection and answer.

    in_flight: requests under way at once. pause: s between an answer and the next request.
    """

    host: str
    port: int
    transport: str
    timeout: float
    in_flight: int = 1
    pause: float = 0.0
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str = ""


class Wire:
    """One connection at a time; `ask` opens it again where RTU needs that."""

    def __init__(self, way: Way, say: Callable[[str], None]) -> None:
        self._way, self._say = way, say
        self._at_once = 1 if way.transport == "rtu" else way.in_flight
        self._answered = 0
        self._peer = f"{way.host}:{way.port}"
        self._socket: socket.socket | None = None
        self._framing: Mbap | Rtu = Mbap()

    def open(self) -> None:
        """Connects anew. Raises LostError."""
        self.close()
        way = self._way
        context = client_context(way.ca, way.cert, way.key) if way.transport == "tls" else None
        plain: socket.socket | None = None
        try:
            plain = socket.create_connection((way.host, way.port), timeout=way.timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                plain = context.wrap_socket(plain, server_hostname=way.server_name or way.host)
        except OSError as error:
            if plain is not None:
                plain.close()
            raise LostError(self._why_not(error)) from error
        self._socket, self._answered = plain, 0
        self._framing = Rtu() if way.transport == "rtu" else Mbap()

    def _why_not(self, error: OSError) -> str:
        import ssl

        if isinstance(error, ssl.SSLError):
            return tls_trouble(self._peer, error)
        if isinstance(error, TimeoutError):
            return f"{self._peer}: no connection within {self._way.timeout:g} s; check host, port, firewall"
        return f"{self._peer}: no connection ({reason(error)}); check host, port, and that Modbus is on there"

    def close(self) -> None:
        """Ends the connection if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, requests: Sequence[Read]) -> list[Answer]:
        """Answers in the order of the requests. A connection that the device closed after an answer is opened again.

        Raises ClosedError where it closes without one, or LostError.
        """
        found: dict[int, Answer] = {}
        left = list(range(len(requests)))
        while left:
            took = left[: self._at_once]
            try:
                self._window(requests, took, found)
            except ClosedError:
                if not self._answered:
                    raise
                self.open()
            else:
                self._silences(requests, took, found)
            left = [at for at in left if at not in found]
        return [found[at] for at in range(len(requests))]

    def _silences(self, requests: Sequence[Read], took: list[int], found: dict[int, Answer]) -> None:
        """What has no answer by now has none, unless there were too many at once for the device."""
        silent = [at for at in took if at not in found]
        heard = {requests[at].unit for at in took if at in found}
        if any(requests[at].unit in heard for at in silent):
            self._at_once = 1
            self._say(f"{self._peer}: answers one of several requests only; asked one by one from now on")
            return
        found.update(dict.fromkeys(silent, SILENCE))
        if silent and isinstance(self._framing, Rtu):
            self.open()  # a late answer would be taken for the next one's: RTU has no number

    def _window(self, requests: Sequence[Read], took: list[int], found: dict[int, Answer]) -> None:
        """Sends some requests at once and waits for all, as long as one may take."""
        if self._socket is None:
            self.open()
        waiting: dict[int, int] = {}
        out = b""
        for at in took:
            number, data = self._framing.request(requests[at])
            waiting[number] = at
            out += data
        self._send(out)
        until = time.monotonic() + self._way.timeout
        while waiting and (data := self._receive(until)):
            for number, unit, pdu in self._take(data):
                # Others are late answers to a request that was given up, or another unit's.
                if number in waiting and requests[waiting[number]].unit == unit:
                    at = waiting.pop(number)
                    found[at] = self._read(requests[at], pdu)
                    self._answered += 1
                    until = time.monotonic() + self._way.timeout
        if self._way.pause:
            time.sleep(self._way.pause)

    def _take(self, data: bytes) -> list[tuple[int, int, bytes]]:
        try:
            return self._framing.take(data)
        except LostError as lost:
            raise LostError(f"{self._peer}: {lost}") from None

    def _read(self, request: Read, pdu: bytes) -> Answer:
        try:
            return answer_of(request, pdu)
        except LostError as lost:
            raise LostError(f"{self._peer}: unit {request.unit} {lost}") from None

    def _send(self, data: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.settimeout(self._way.timeout)
            self._socket.sendall(data)
        except OSError as error:
            raise self._gone(error) from error

    def _receive(self, until: float) -> bytes:
        """What comes; empty once the time is over."""
        assert self._socket is not None
        left = until - time.monotonic()
        if left <= 0:
            return b""
        try:
            self._socket.settimeout(left)
            data = self._socket.recv(4096)
        except TimeoutError:
            return b""
        except OSError as error:
            raise self._gone(error) from error
        if not data:
            raise self._gone(ConnectionResetError())
        return data

    def _gone(self, error: OSError) -> LostError:
        import ssl

        if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return LostError(tls_trouble(self._peer, error))
        return ClosedError(
            f"{self._peer}: the connection ended ({reason(error)}); if that goes on, another client may hold "
            "the device's only connection, or it does not let this machine in"
        )
