"""The table [console]: where people and programs reach this Linewarden, and how it proves who it is."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from linewarden.service.config.base import Listen, Place, Switch, Table, Whole, host_and_port, reference, unit

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")


def is_host(text: str) -> bool:
    """Whether a text is a host name (RFC 1123; others as xn--...)."""
    return HOST.fullmatch(text) is not None


def _name(text: str) -> str:
    """A host name or an address, as it stands in a certificate."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not is_host(text.lower()):
        raise ValueError(f"{text!r} is no host name and no address; without port, wildcard and umlauts (xn--...)")
    return text.lower()


def _key(text: str, info: ValidationInfo) -> str:
    """A path, or `credential:NAME`: in the end a reference as other secrets have it."""
    if text.startswith("enc:"):
        raise ValueError("name the key's file here; the file's content may be sealed (`linewarden secret seal`)")
    return reference(text if text.startswith(("file:", "credential:")) else f"file:{text}", info)


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f"{text!r} is no address and no network, such as 10.20.0.2 or 10.20.0.0/24") from None


class Console(Table):
    """The console for people and the API for programs, over TLS only. Without a certificate this machine makes its own,
    signed by an authority of its own (`linewarden certificate`)."""

    enabled: Switch = Field(default=True, description="false: no console and no API")
    listen: Listen = Field(
        default="127.0.0.1:9443", description="address and port; 0.0.0.0 or [::]: all addresses of this machine"
    )
    public_url: str | None = Field(
        default=None, examples=["https://linewarden.plant.example"],
        description="where people reach it, in links and for passkeys; without: this machine's name and the port",
    )  # fmt: skip
    names: tuple[Annotated[str, AfterValidator(_name)], ...] = Field(
        default=(), examples=[["linewarden.plant.example", "10.20.0.5"]],
        description="more host names and addresses by which it is reached: they stand in the certificate, and requests "
        "for others are refused",
    )  # fmt: skip
    certificate: Place | None = Field(
        default=None, examples=["/etc/linewarden/console.pem"],
        description="a certificate of your own authority, with the chain up to it (PEM); read again when it changes",
    )  # fmt: skip
    key: Annotated[str, AfterValidator(_key)] | None = Field(
        default=None, examples=["/etc/linewarden/console.key"],
        description="its private key (PEM without a password; mode 0600; may be sealed), or credential:NAME",
    )  # fmt: skip
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), examples=[["10.20.0.2"]],
        description="addresses or networks of proxies before it: what they say of the client (X-Forwarded-For) counts",
    )  # fmt: skip
    upload_mb: Whole = Field(
        default=2048, ge=1, le=1 << 20, json_schema_extra=unit("MB"),
        description="a capture or backup sent to it, at most",
    )  # fmt: skip

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return host_and_port(self.listen)

    @property
    def all_names(self) -> tuple[str, ...]:
        """What the configuration says it is reached by."""
        host = urlsplit(self.public_url).hostname if self.public_url else None
        return tuple(dict.fromkeys([*([host] if host else []), *self.names]))

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            right = parts.scheme == "https" and parts.path in ("", "/") and bool(parts.hostname) and parts.port != 0
            right = right and not (parts.query or parts.fragment or "@" in parts.netloc)
        except ValueError:
            raise ValueError("use https://HOST or https://HOST:PORT") from None
        if not right:
            raise ValueError("use https://HOST or https://HOST:PORT, without a path")
        _name(str(parts.hostname))
        return f"https://{parts.netloc.lower()}"
