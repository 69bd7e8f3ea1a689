"""A small web server with pages, a login, an upload and WinRM's address, and requests to it."""

from __future__ import annotations

import base64
import ssl
import sys
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

GOOD = base64.b64encode(b"service:Kaskade-41").decode()


class Pages(BaseHTTPRequestHandler):
    """What it answers is told by the path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/closed") and self.headers.get("Authorization") != f"Basic {GOOD}":
            return self._say(401, b"", {"WWW-Authenticate": 'Basic realm="panel"'})
        kind = "application/x-msdownload" if self.path.endswith((".exe", ".msi")) else "text/html"
        return self._say(200, b"MZ" + bytes(800) if kind != "text/html" else b"<p>Line 1 runs.</p>", {}, kind)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say(200, b"ok", {}, "application/soap+xml" if self.path == "/wsman" else "text/plain")

    do_PUT = do_POST  # noqa: N815

    def _say(self, status: int, body: bytes, more: dict[str, str], kind: str = "text/html") -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def serve(port: int, certificate: str = "") -> None:
    server = ThreadingHTTPServer(("", port), Pages)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def ask(method: str, url: str, times: int = 1, pause_s: float = 0.0, login: str = "", host: str = "") -> None:
    """Each request in a connection of its own."""
    to = urlsplit(url)
    for n in range(times):
        line = HTTPConnection(to.hostname or "", to.port or 80, timeout=10)
        headers = {"Host": host} if host else {}
        if login:
            headers["Authorization"] = "Basic " + base64.b64encode(login.format(n).encode()).decode()
        body = b"<s:Envelope/>" if method != "GET" else None
        line.request(method, url[url.index("/", 8) :], body, headers)
        line.getresponse().read()
        line.close()
        time.sleep(pause_s)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), *sys.argv[3:])
    else:
        method, url, *rest = sys.argv[2:]
        words = dict(pair.split("=", 1) for pair in rest)
        ask(
            method, url, int(words.get("times", 1)), float(words.get("pause", 0)), words.get("login", ""),
            words.get("host", ""),
        )  # fmt: skip
