"""What every collector over MQTT is told of its servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from linewarden.collectors.contract import setting

PORTS = {"mqtt": 1883, "mqtts": 8883}


class Server(NamedTuple):
    """Where an MQTT server listens."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Servers, and how they are spoken with. The same for each of them."""

    servers: tuple[str, ...] = setting(
        "MQTT servers: mqtts://HOST[:8883] (TLS) or mqtt://HOST[:1883]", examples=(["mqtts://broker.plant:8883"],)
    )
    version: Literal["auto", "5", "3.1.1"] = setting(
        "of MQTT; auto: 5, and 3.1.1 where the server knows no other", default="auto"
    )
    user: str = setting("user name at the servers; empty: none", default="", examples=("linewarden",))
    password: str | None = setting("and the password", default=None, secret=True, examples=("credential:mqtt",))
    ca_file: Path | None = setting(
        "who signs the servers' certificates (PEM); without: who the system trusts",
        default=None,
        examples=("plant-ca.pem",),
    )
    cert_file: Path | None = setting(
        "our certificate, for servers that ask for one (PEM)", default=None, examples=("linewarden.pem",)
    )
    key_file: Path | None = setting("its key (PEM, no password)", default=None, examples=("linewarden-key.pem",))
    keepalive: int = setting(
        "a server that is silent for so long is asked, and given up", default=30, unit="s", least=5, most=3600
    )
    timeout: float = setting("how long a connection may take", default=5.0, unit="s", least=0.1, most=300)
    retry_first: float = setting(
        "wait after a loss; doubled with each try", default=1.0, unit="s", least=0.05, most=3600
    )
    retry_most: float = setting("longest wait after a loss", default=60.0, unit="s", least=0.05, most=86_400)
    max_payload_mb: int = setting(
        "a message of more, also once unpacked, is not read", default=16, unit="MB", least=1, most=256
    )
    queue_mb: int = setting(
        "messages that may wait for us in memory; then nothing more is taken from the servers",
        default=64,
        unit="MB",
        least=1,
        most=4096,
    )


def parsed(server: str) -> Server:
    """A server of the settings. Raises ValueError, which says what is wrong with it."""
    form = "write mqtts://HOST[:PORT] or mqtt://HOST[:PORT]"
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{server!r}: {error}; {form}") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{server!r} is no MQTT server; {form}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{parts.hostname}: no user in the address; give user and password")
    return Server(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts")


def check(settings: Broker) -> Iterator[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    servers = []
    for given in settings.servers:
        try:
            servers.append(parsed(given))
        except ValueError as error:
            yield "servers", str(error)
    if not settings.servers:
        yield "servers", "none is given; write mqtts://HOST[:PORT]"
    if len(set(servers)) < len(servers):
        yield "servers", "one of them stands twice"
    tls = any(s.tls for s in servers)
    for key in ("ca_file", "cert_file", "key_file"):
        path = getattr(settings, key)
        if path is not None and servers and not tls:
            yield key, "is for mqtts:// servers, and there is none; use mqtts:// or leave it out"
        elif path is not None and not path.is_file():
            yield key, f"{path} is no file"
    if (settings.cert_file is None) != (settings.key_file is None):
        yield "key_file" if settings.key_file is None else "cert_file", "a certificate and its key go together"
    if settings.password and not settings.user:
        yield "user", "a password needs a user name"
    yield from _ranges(settings)


def _ranges(settings: Broker) -> Iterator[tuple[str, str]]:
    """Numbers that are less or more than their field allows, of this class and of those that build on it."""
    for key in fields(settings):
        least, most = key.metadata.get("least"), key.metadata.get("most")
        if least is not None and not least <= getattr(settings, key.name) <= most:
            yield key.name, f"{getattr(settings, key.name)} is not between {least} and {most}"
