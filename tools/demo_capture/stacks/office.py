"""Web, TLS, FTP and name look-ups of the plant, with Python's own stacks and pyftpdlib."""

from __future__ import annotations

import base64
import ftplib
import http.client
import io
import os
import socket
import ssl
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pace import attempt, choose, ticks

SWITCH, HMI, PRINTER, SCADA, CLOUD = "10.20.1.2", "10.20.1.21", "10.20.1.34", "10.20.3.10", "203.0.113.10"
LOGIN = base64.b64encode(b"admin:private").decode()
LABEL = b"^XA^FO50,50^A0N,40,40^FDLemonade 0.5 l^FS^FO50,110^BY2^BCN,80,Y^FD4001234567890^FS^XZ\n"


class _Page(BaseHTTPRequestHandler):
    """One page behind Basic authentication (RFC 7617) when `login` is set."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "device", ""
    title, login = "device", ""

    def do_GET(self) -> None:
        """Serves the page, or asks for the login."""
        right = not self.login or self.headers.get("Authorization") == f"Basic {self.login}"
        body = f"<html><head><title>{self.title}</title></head><body>{self.title}</body></html>".encode()
        self.send_response(200 if right else 401)
        if not right:
            self.send_header("WWW-Authenticate", f'Basic realm="{self.title}"')
            body = b"<html><body>Unauthorized</body></html>"
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Takes anything."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stays quiet."""


def _page(title: str, banner: str, login: str = "") -> type[_Page]:
    return type("Page", (_Page,), {"title": title, "server_version": banner, "login": login})


def _certificate(folder: Path, name: str, organisation: str) -> tuple[Path, Path]:
    """A self-signed certificate for `name` and its key, as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
        ]
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


def _serve(server: ThreadingHTTPServer, seconds: float) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    time.sleep(seconds)
    server.shutdown()


def _serve_tls(seconds: float, name: str, organisation: str, version: ssl.TLSVersion, page: type[_Page]) -> None:
    """HTTPS with exactly one protocol version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with tempfile.TemporaryDirectory() as folder:
        context.load_cert_chain(*_certificate(Path(folder), name, organisation))
        server = ThreadingHTTPServer(("0.0.0.0", 443), page)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        _serve(server, seconds)


def switch_web(seconds: float) -> None:
    """The cell switch's management page, over HTTP in clear text."""
    page = _page("Hirschmann BRS20 sw-cell", "HiOS-2S/09.1.00", LOGIN)
    _serve(ThreadingHTTPServer(("0.0.0.0", 80), page), seconds)


def hmi_web(seconds: float) -> None:
    """An old panel that offers TLS 1.0 only."""
    _serve_tls(
        seconds,
        "hmi-line1.plant.example",
        "Line 1",
        ssl.TLSVersion.TLSv1,
        _page("HMI Line 1", "GoAhead-Webs"),
    )


def scada_web(seconds: float) -> None:
    """The SCADA server's web client, TLS 1.2."""
    _serve_tls(
        seconds,
        "scada.plant.example",
        "Bottling Example",
        ssl.TLSVersion.TLSv1_2,
        _page("Line 1 SCADA", "Microsoft-IIS/10.0"),
    )


def cloud(seconds: float) -> None:
    """The machine vendor's cloud, TLS 1.3."""
    _serve_tls(
        seconds,
        "telemetry.vendor.example",
        "Vendor Example",
        ssl.TLSVersion.TLSv1_3,
        _page("Telemetry", "nginx"),
    )


def _https(address: str, name: str, version: ssl.TLSVersion, method: str, path: str, body: bytes | None) -> None:
    """One request with SNI `name`; certificates are self-signed and not checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = version
    context.maximum_version = version
    with (
        socket.create_connection((address, 443), 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        wire = http.client.HTTPConnection(name)
        wire.sock = tls
        wire.request(method, path, body)
        wire.getresponse().read()


def laptop(seconds: float) -> None:
    """The service laptop logs in to the switch's web page with Basic authentication."""
    time.sleep(seconds * 0.15)
    for headers in ({}, {"Authorization": f"Basic {LOGIN}"}):
        wire = http.client.HTTPConnection(SWITCH, timeout=5)
        wire.request("GET", "/", headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", **headers})
        wire.getresponse().read()
        wire.close()


def browse(seconds: float) -> None:
    """An office PC looks at the SCADA server's page."""
    for _ in ticks(seconds, 12.0):
        attempt(socket.getaddrinfo, "scada.plant.example", 443)
        attempt(_https, SCADA, "scada.plant.example", ssl.TLSVersion.TLSv1_2, "GET", "/line1", None)


def panel(seconds: float) -> None:
    """The engineering station opens the old panel's page."""
    time.sleep(seconds * 0.5)
    for _ in range(2):
        attempt(_https, HMI, "hmi-line1.plant.example", ssl.TLSVersion.TLSv1, "GET", "/", None)


def telemetry(seconds: float) -> None:
    """The SCADA server reports to the machine vendor, outside."""
    for count in ticks(seconds, 15.0):
        attempt(socket.getaddrinfo, "telemetry.vendor.example", 443)
        body = f'{{"line": 1, "bottles": {12_000 + count}}}'.encode()
        attempt(_https, CLOUD, "telemetry.vendor.example", ssl.TLSVersion.TLSv1_3, "POST", "/v1/line", body)


def lookups(seconds: float) -> None:
    """Name look-ups, one of which finds nothing."""
    names = (
        "scada.plant.example",
        "historian.plant.example",
        "dc-plant.plant.example",
        "updates.vendor.example",
    )
    for count in ticks(seconds, 6.0):
        attempt(_resolve, names[count % len(names)])


def _resolve(name: str) -> None:
    try:
        socket.getaddrinfo(name, None)
    except socket.gaierror as error:
        print(f"{name}: {error}", file=sys.stderr)


def printer(seconds: float) -> None:
    """The label printer's FTP server (RFC 959)."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        users = DummyAuthorizer()
        users.add_user("labels", "Lemonade1", folder, perm="elradfmw")
        handler = type("Handler", (FTPHandler,), {"authorizer": users, "banner": "ZTC ZT411-300dpi FTP server ready"})
        server = ThreadedFTPServer(("0.0.0.0", 21), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        time.sleep(seconds)
        server.close_all()


def labels(seconds: float) -> None:
    """The SCADA server sends label files to the printer: user name and password in clear text."""
    time.sleep(seconds * 0.2)
    for count in ticks(seconds * 0.7, 30.0):
        with ftplib.FTP(PRINTER, timeout=5) as wire:
            wire.login("labels", "Lemonade1")
            wire.storbinary(f"STOR lemonade{count}.zpl", io.BytesIO(LABEL * 20))


if __name__ == "__main__":
    choose(
        {
            "switch-web": switch_web,
            "hmi-web": hmi_web,
            "scada-web": scada_web,
            "cloud": cloud,
            "laptop": laptop,
            "browse": browse,
            "panel": panel,
            "telemetry": telemetry,
            "lookups": lookups,
            "printer": printer,
            "labels": labels,
        }
    )
