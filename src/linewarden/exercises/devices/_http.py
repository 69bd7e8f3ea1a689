"""A small HTTP/1.1 server and client over asyncio streams (RFC 9112), with TLS where a device wants it.

Python's own server is a thread for each connection and cannot share an event loop with the other stacks of a device.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

HEAD_LIMIT = 16_384
WAIT_S = 10.0


@dataclass(frozen=True)
class Request:
    """What a client asks. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: str

    def login(self) -> tuple[str, str] | None:
        """User and password of Basic authentication (RFC 7617)."""
        kind, _, said = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        user, _, password = base64.b64decode(said).decode("utf-8", "replace").partition(":")
        return user, password


@dataclass(frozen=True)
class Answer:
    """What the server says."""

    status: int
    text: str
    kind: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Answer]]


def basic(user: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """First line and headers of a message."""
    raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
    first, *lines = raw.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def read_request(reader: asyncio.StreamReader, peer: str, largest: int) -> Request:
    """One request with its body; ValueError where it is too large."""
    first, headers = await read_head(reader)
    method, path, _ = first.split(" ", 2)
    length = int(headers.get("content-length", "0"))
    if length > largest:
        raise ValueError(f"{length} bytes are too many")
    return Request(method, path, headers, await asyncio.wait_for(reader.readexactly(length), WAIT_S), peer)


def render(answer: Answer, banner: str) -> bytes:
    """The answer as bytes."""
    body = answer.text.encode()
    head = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", f"Server: {banner}"]
    head += [f"Content-Type: {answer.kind}", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + body


async def serve_http(
    address: str, port: int, handler: Handler, banner: str, tls: ssl.SSLContext | None = None, largest: int = 65_536
) -> None:
    """Serves until cancelled; a connection may carry several requests."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str(writer.get_extra_info("peername")[0])
        try:
            while True:
                request = await read_request(reader, peer, largest)
                writer.write(render(await handler(request), banner))
                await writer.drain()
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            return  # the peer has gone, or speaks something else
        finally:
            writer.close()

    server = await asyncio.start_server(talk, address, port, ssl=tls, limit=HEAD_LIMIT)
    async with server:
        await server.serve_forever()


async def fetch(
    address: str, port: int, path: str, *, method: str = "GET", body: bytes = b"",
    headers: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None, host: str = "",
    agent: str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
) -> tuple[int, str]:  # fmt: skip
    """One request; status and text of the answer."""
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection(address, port, ssl=tls, server_hostname=host or None if tls else None), WAIT_S
    )
    try:
        return await exchange(reader, writer, path, method=method, body=body, headers=headers, host=host or address,
                              agent=agent)  # fmt: skip
    finally:
        writer.close()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, method: str, body: bytes,
    headers: Mapping[str, str] | None, host: str, agent: str,
) -> tuple[int, str]:  # fmt: skip
    """One request over a connection that is there."""
    said = {"Host": host, "User-Agent": agent, "Content-Length": str(len(body)), **(headers or {})}
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""])
    writer.write(head.encode() + body)
    await writer.drain()
    first, answered = await read_head(reader)
    text = await asyncio.wait_for(reader.readexactly(int(answered.get("content-length", "0"))), WAIT_S)
    return int(first.split(" ")[1]), text.decode("utf-8", "replace")
