"""The table [[oidc]]: who else may say who somebody is (OpenID Connect)."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from linewarden.service.config.base import Place, Secret, Switch, Table

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def _role(text: str) -> str:
    from linewarden.errors import ConfigError
    from linewarden.service.principals import grant_of

    try:
        grant_of(text, "site")
    except (ConfigError, ValueError) as error:
        raise ValueError(str(error)) from None
    return text


Granted = Annotated[str, AfterValidator(_role)]


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Oidc(Table):
    """A provider by which people may sign in (OpenID Connect, authorization code with PKCE): one [[oidc]] table for
    each. It sends people back to PUBLIC_URL/sign-in/oidc/NAME: register that address there."""

    name: str = Field(examples=["plant-id"], description="in addresses: small letters, digits and '-'")
    title: str | None = Field(default=None, examples=["Plant ID"], description="on the button; without: the name")
    issuer: str = Field(
        examples=["https://id.plant.example"], description="https://..., as the provider calls itself; its address"
    )
    client_id: str = Field(min_length=1, max_length=255, examples=["linewarden"], description="who we are there")
    client_secret: Secret | None = Field(
        default=None, repr=False, examples=["credential:oidc-secret"],
        description="our secret there, sealed (enc:...), or credential:NAME or file:PATH; without: a public client",
    )  # fmt: skip
    ca_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/ca.pem"],
        description="who signed the provider's certificate (PEM); without: the CAs of this machine",
    )  # fmt: skip
    scopes: tuple[str, ...] = Field(default=("openid", "profile"), description="what is asked for; openid is needed")
    login_claim: str = Field(default="preferred_username", description="the claim that becomes a new account's login")
    groups_claim: str = Field(default="groups", description="the claim with groups or roles: a list of texts")
    roles: dict[str, tuple[Granted, ...]] = Field(
        default={}, examples=[{"plant-engineers": ["engineer", "viewer@plant-b/filling"]}],
        description="what whoever is in a group is here, ROLE[@SITE[/ZONE]]; renewed at each sign-in. Without: roles "
        "are given here, by an owner",
    )  # fmt: skip
    create: Switch = Field(
        default=True, description="make an account for who has a group of `roles` and none yet; false: link it first "
        "(`linewarden people link`)",
    )  # fmt: skip
    max_age_minutes: float | None = Field(
        default=None, gt=0, le=60 * 24 * 30,
        description="ask the provider to have seen them prove themselves within so many minutes",
    )  # fmt: skip

    @property
    def shown(self) -> str:
        """What people read."""
        return self.title or self.name

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("use small letters, digits and '-', at most 32")
        return name

    @field_validator("issuer")
    @classmethod
    def _is_an_issuer(cls, url: str) -> str:
        """OpenID Connect Core 1.0, 2: https, no query, no fragment. http only to this machine, to try it out."""
        try:
            parts = urlsplit(url)
            right = bool(parts.hostname) and not (parts.query or parts.fragment or "@" in parts.netloc)
            right = right and (parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or "")))
        except ValueError:
            right = False
        if not right:
            raise ValueError("use https://HOST[/PATH], as the provider's discovery document calls it")
        return url

    @field_validator("scopes")
    @classmethod
    def _asks_for_identity(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes or any(not re.fullmatch(r"[!#-\[\]-~]+", s) for s in scopes):
            raise ValueError("needs openid, and each without a space")
        return scopes
