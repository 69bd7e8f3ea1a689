"""Receivers on loopback: a syslog server, a webhook, a mail server. They really listen, and may be told to fail."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

PATIENCE_S = 20.0


def until(what: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Waits for something to become true."""
    pause = threading.Event()
    for _ in range(int(patience_s / 0.01)):
        if what():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen in time")


def certificate(folder: Path, name: str = "localhost", ip: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, to make certificates: apt-get install openssl")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:{ip}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class Listening:
    """A TCP server, a connection at a time; what `serve` does with one is up to the kind."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.tls = tls
        self._server = socket.create_server(("127.0.0.1", port))
        self.port: int = self._server.getsockname()[1]
        self._connections: list[socket.socket] = []
        self.accepted = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                port, _ = self._server.accept()
            except OSError:
                return
            self.accepted += 1
            with contextlib.suppress(OSError), port:
                port.settimeout(PATIENCE_S)
                connection = self.tls.wrap_socket(port, server_side=True) if self.tls else port
                self._connections.append(connection)
                with connection:
                    self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def hang_up(self) -> None:
        for port in self._connections:
            with contextlib.suppress(OSError):
                port.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()
        self._thread.join(PATIENCE_S)


class SyslogServer(Listening):
    """Takes octet-counted messages (RFC 6587 3.4.1), strictly."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.messages: list[bytes] = []
        super().__init__(tls, port)

    def serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while size := self._size(stream.read(1), stream.read):
                message = stream.read(size)
                if len(message) == size:
                    self.messages.append(message)

    @staticmethod
    def _size(first: bytes, read: Callable[[int], bytes]) -> int:
        digits = first
        while digits and not digits.endswith(b" "):
            digits += read(1)
        assert not digits or (digits[:-1].isdigit() and not digits.startswith(b"0")), digits
        return int(digits or b"0")


class MailServer(Listening):
    """As much of SMTP (RFC 5321, RFC 3207) as a mail needs. Without STARTTLS it takes none, if it has a certificate."""

    def __init__(self, tls: ssl.SSLContext | None = None, refuse: str = "") -> None:
        self.mails: list[bytes] = []
        self.logins: list[bytes] = []
        self._starttls, self._refuse = tls, refuse
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        safe, lines = self._starttls is None, connection.makefile("rb")

        def say(text: str) -> None:
            connection.sendall(text.encode() + b"\r\n")

        say("220 test")
        while line := lines.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                say("250-test\r\n250 AUTH PLAIN" if safe else "250-test\r\n250 STARTTLS")
            elif verb == b"STARTTLS" and self._starttls:
                say("220 go on")
                connection = self._starttls.wrap_socket(connection, server_side=True)
                safe, lines = True, connection.makefile("rb")
            elif not safe and verb in (b"MAIL", b"AUTH"):
                say("530 STARTTLS first")
            elif verb == b"AUTH":
                self.logins.append(line.split()[-1])
                say("235 ok")
            elif verb == b"RCPT" and self._refuse and self._refuse.encode() in line:
                say("550 no such mailbox")
            elif verb == b"DATA":
                say("354 go on")
                self.mails.append(b"".join(iter(lines.readline, b".\r\n")))
                say("250 ok")
            elif verb == b"QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        lines.close()
        connection.close()


Answer = tuple[int, dict[str, str]]


class Hook:
    """A webhook. `answers`: status and headers of the next ones; then 204."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.close_after = False
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.requests.append((self.path, dict(self.headers), body))
                status, more = hook.answers.pop(0) if hook.answers else (204, {})
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()
                self.close_connection = hook.close_after  # without having said so, as idle servers do

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closes)


@contextlib.contextmanager
def running(server: T) -> Iterator[T]:
    try:
        yield server
    finally:
        server.close()
