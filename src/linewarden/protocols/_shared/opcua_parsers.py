"""Rich parsers of OPC UA: who a server or client says that it is (OPC 10000-4, 7.2 ApplicationDescription, 7.14
EndpointDescription; OPC 10000-6, 5.2 binary encoding)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from linewarden.protocols._shared import x509
from linewarden.protocols._shared.message import Message, Native, Record
from linewarden.protocols._shared.opcua_names import APPLICATIONS, HEL, MODES, TOKEN_TYPES
from linewarden.records import Identity

_ENDPOINTS = 64
"""Endpoints (or servers) that are read from one message."""


class Reader:
    """A cursor over the binary encoding. Running out of bytes raises `struct.error` or `IndexError`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, form: str = "<I") -> int:
        """A number of `struct` format `form`."""
        value: int = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def raw(self) -> bytes:
        """A ByteString; empty if null."""
        size = max(self.number("<i"), 0)
        if self.at + size > len(self.data):
            raise ValueError("a string is longer than its message")
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self) -> str:
        """A String; empty if null."""
        return self.raw().decode("utf-8", "replace")

    def localized(self) -> str:
        """A LocalizedText without its locale."""
        mask = self.number("<B")
        if mask & 1:
            self.text()
        return self.text() if mask & 2 else ""

    def count(self) -> int:
        """Elements of an array, at most `_ENDPOINTS`."""
        return min(max(self.number("<i"), 0), _ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Application:
    """An ApplicationDescription."""

    uri: str
    product: str
    name: str
    kind: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An EndpointDescription."""

    url: str
    application: Application
    certificate: bytes
    mode: str
    policy: str
    tokens: tuple[str, ...]


def application(r: Reader) -> Application:
    """Reads an ApplicationDescription."""
    uri, product, name, kind = r.text(), r.text(), r.localized(), r.number()
    r.text(), r.text()  # gateway server, discovery profile
    urls = tuple(r.text() for _ in range(r.count()))
    return Application(uri, product, name, APPLICATIONS.get(kind, str(kind)), urls)


def endpoint(r: Reader) -> Endpoint:
    """Reads an EndpointDescription."""
    url, app, certificate, mode, policy = r.text(), application(r), r.raw(), r.number(), r.text()
    tokens: list[str] = []
    for _ in range(r.count()):
        r.text()  # the token policy's own name
        tokens.append(TOKEN_TYPES.get(r.number(), "other"))
        r.text(), r.text(), r.text()  # issued token type, issuer, token's security policy
    r.text(), r.number("<B")  # transport profile, security level
    return Endpoint(url, app, certificate, MODES.get(mode, str(mode)), policy, tuple(dict.fromkeys(tokens)))


def _identity(address: str, app: Application, evidence: str) -> Identity:
    return Identity(address=address, protocol="opcua", evidence=evidence, name=app.name or None,
                    software=app.product or None, description=f"{app.uri} ({app.kind})" if app.uri else None)


def _endpoints(message: Message, r: Reader, evidence: str) -> Iterator[Record]:
    found = [endpoint(r) for _ in range(r.count())]
    offers: dict[str, list[str]] = {}
    for e in found:
        yield Native({
            "service": evidence, "endpoint_url": e.url, "application_uri": e.application.uri,
            "product_uri": e.application.product, "policy_uri": e.policy, "security_mode": e.mode,
            "tokens": ", ".join(e.tokens),
        })
        policy = e.policy.rpartition("#")[2] or "unknown"
        offers.setdefault(e.url, []).append(f"{policy} ({e.mode}; login {' or '.join(e.tokens) or 'unknown'})")
    for url, ways in offers.items():
        yield Identity(address=message.src, protocol="opcua", evidence=evidence,
                       description=f"{url} security {', '.join(ways)}")
    for app in dict.fromkeys(e.application for e in found):
        yield _identity(message.src, app, evidence)
    for certificate in dict.fromkeys(e.certificate for e in found):
        yield from _certificate(message, certificate)


def endpoints(message: Message) -> Iterator[Record]:
    """GetEndpointsResponse: an array of endpoints."""
    yield from _endpoints(message, Reader(message.data), "endpoints")


def servers(message: Message) -> Iterator[Record]:
    """FindServersResponse: the applications that a discovery server knows; its own is told as its identity."""
    r = Reader(message.data)
    apps = [application(r) for _ in range(r.count())]
    for app in apps:
        yield Native({"service": "server", "application_uri": app.uri, "product_uri": app.product,
                      "endpoint_url": ", ".join(app.urls[:4])})
        here = any(f"//{message.src}:" in url or f"//[{message.src}]:" in url for url in app.urls)
        if here or len(apps) == 1:
            yield _identity(message.src, app, "servers")


def register(message: Message) -> Iterator[Record]:
    """RegisterServer: a server makes itself known to a discovery server."""
    r = Reader(message.data)
    uri, product = r.text(), r.text()
    names = [r.localized() for _ in range(r.count())]
    kind = APPLICATIONS.get(r.number(), "server")
    yield _identity(message.src, Application(uri, product, names[0] if names else "", kind, ()), "register server")


def session_request(message: Message) -> Iterator[Record]:
    """CreateSessionRequest: the client's description, and which server it wants."""
    r = Reader(message.data)
    app = application(r)
    server, url, session = r.text(), r.text(), r.text()
    yield _identity(message.src, app, "create session request")
    yield Native({"service": "session", "application_uri": app.uri, "product_uri": app.product, "endpoint_url": url,
                  "text": session})
    if url:
        yield Identity(address=message.dst, protocol="opcua", evidence="create session request",
                       description=f"{server} at {url}" if server else url)
    r.raw()  # nonce
    yield from _certificate(message, r.raw())


def session(message: Message) -> Iterator[Record]:
    """CreateSessionResponse: session and token ids, timeout, nonce, certificate, then the server's endpoints."""
    r = Reader(message.data)
    _node(r)
    _node(r)
    r.number("<d"), r.raw()
    certificate = r.raw()
    yield from _endpoints(message, r, "create session response")
    yield from _certificate(message, certificate)


def _node(r: Reader) -> None:
    kind = r.number("<B") & 0x3F
    if kind in (3, 5):
        r.number("<H"), r.raw()
    else:
        r.at += {0: 1, 1: 3, 2: 6, 4: 18}[kind]


def url(message: Message) -> Iterator[Record]:
    """The endpoint URL by which a client calls a server (Hello, GetEndpoints)."""
    if text := Reader(message.data).text():
        said = "hello" if message.number("kind") == HEL else "get endpoints request"
        yield Identity(address=message.dst, protocol="opcua", evidence=said, description=text)


def certificate(message: Message) -> Iterator[Record]:
    """The sender's certificate in an OPN (the slice is the whole of it): who that is, and a row."""
    yield from _certificate(message, message.data)
    if (found := _parsed(message.data)) is not None:
        yield Native(found.row())


def _certificate(message: Message, der: bytes) -> Iterator[Record]:
    if der.startswith(b"\x30"):
        name, said = _owner(der)
        yield Identity(address=message.src, protocol="opcua", evidence="certificate", name=name, description=said)


@lru_cache(maxsize=256)
def _parsed(der: bytes) -> x509.Certificate | None:
    try:
        return x509.parse(der)
    except (ValueError, IndexError):
        return None


@lru_cache(maxsize=256)
def _owner(der: bytes) -> tuple[str | None, str]:
    """Whose application certificate it is, until when, and its thumbprint, by which trust lists know it."""
    name, parts = None, []
    # The thumbprint is of the bytes, whatever they are.
    if (found := _parsed(der)) is not None:
        name = found.common_name or None
        parts = [found.subject, *dict.fromkeys(found.names[:2]), f"valid until {found.not_after[:10]}",
                 f"{found.key_type} {found.key_bits}"]
    parts.append(f"SHA-1 {hashlib.sha1(der, usedforsecurity=False).hexdigest()}")
    return name, ", ".join(parts)


RICH = {
    "certificate": certificate,
    "endpoints": endpoints,
    "register": register,
    "servers": servers,
    "session": session,
    "session_request": session_request,
    "url": url,
}
