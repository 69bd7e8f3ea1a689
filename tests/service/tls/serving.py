"""A real uvicorn over TLS on loopback, and what clients of other makers see of it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from linewarden.service.config import Config, load_config
from linewarden.service.tls import Transport

SENSOR = '\n[[sensor]]\nname = "line1"\ninterfaces = ["lo"]\n'


def config_of(folder: Path, text: str = "") -> Config:
    file = folder / "linewarden.toml"
    file.write_text(text + SENSOR)
    return load_config(file)


async def hello(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@contextlib.contextmanager
def served(transport: Transport, app: Any = hello, **options: Any) -> Iterator[int]:
    """The port, while it is served."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off", ws="none",
        ssl_context_factory=lambda _config, _default: transport.context, **options,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)


def client(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca)) if ca else ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@contextlib.contextmanager
def connected(port: int, context: ssl.SSLContext, name: str = "localhost") -> Iterator[ssl.SSLSocket]:
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    with raw, context.wrap_socket(raw, server_hostname=name) as tls:
        yield tls


def openssl(port: int, *options: str) -> str:
    """What `openssl s_client` says."""
    return subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options],
        input=b"", capture_output=True, timeout=30, check=False,
    ).stdout.decode()  # fmt: skip
