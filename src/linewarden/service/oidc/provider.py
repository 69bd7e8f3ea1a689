"""A provider: what it says of itself (OpenID Connect Discovery 1.0), its keys, the exchange of a code for a token."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

from linewarden.errors import AccessError, SendError
from linewarden.service.config.providers import Oidc, is_here
from linewarden.service.oidc.fetching import Fetcher
from linewarden.service.oidc.token import Key, NoKeyError, Wanted, checked, keys_of

FRESH_S = 3600.0
"""How long what it says of itself, and its keys, are taken as they were."""
ANEW_S = 30.0
"""No oftener than this a token with an unknown key makes us ask for keys anew: anybody can make such tokens."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is needed of the discovery document."""

    authorization: str
    token: str
    jwks: str
    userinfo: str
    in_the_form: bool
    """Our secret goes into the form, as it takes no Basic authentication."""
    names_itself: bool
    """Answers name their issuer (RFC 9207)."""


class Provider:
    """One provider of the configuration. May be used from every thread. What fails raises SendError or AccessError."""

    def __init__(
        self, config: Oidc, secret: str | None, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.config, self._secret, self._fetcher, self._clock = config, secret, fetcher, clock
        self._lock = Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, list[Key]] | None = None

    def metadata(self) -> Metadata:
        """What it says of itself, at most an hour old."""
        with self._lock:
            if self._metadata is None or self._clock() - self._metadata[0] >= FRESH_S:
                url = f"{self.config.issuer.rstrip('/')}/.well-known/openid-configuration"
                self._metadata = (self._clock(), _read(self._fetcher.get(url), self.config.issuer))
            return self._metadata[1]

    def exchange(self, code: str, verifier: str, back: str) -> dict[str, Any]:
        """The answer to a code: with `id_token` and `access_token`."""
        about, config = self.metadata(), self.config
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        auth = None
        if self._secret is None or about.in_the_form:
            form |= {"client_id": config.client_id} | ({"client_secret": self._secret} if self._secret else {})
        else:  # RFC 6749, 2.3.1: each encoded as in a form, before they are joined
            auth = (quote(config.client_id, safe=""), quote(self._secret, safe=""))
        said = self._fetcher.post(about.token, form, auth)
        if not isinstance(said.get("id_token"), str) or str(said.get("token_type", "")).lower() != "bearer":
            raise AccessError(f"{config.shown}: gave no ID token")
        return said

    def claims(self, said: Mapping[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        """The claims of an exchanged code, once the token is found right; with those of its userinfo, if the token
        lacks the groups.
        """
        access = said.get("access_token")
        wanted = Wanted(self.config.issuer, self.config.client_id, nonce, access if isinstance(access, str) else "")
        try:
            claims = checked(said["id_token"], self._keys_now(), wanted, now)
        except NoKeyError:
            claims = checked(said["id_token"], self._keys_now(anew=True), wanted, now)
        return self._with_userinfo(claims, wanted.access_token)

    def _with_userinfo(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        url = self.metadata().userinfo
        if not url or not access_token or not self.config.roles or self.config.groups_claim in claims:
            return claims
        more = self._fetcher.get(url, bearer=access_token)
        if more.get("sub") != claims["sub"]:  # Core 1.0, 5.3.2
            raise AccessError(f"{self.config.shown}: its userinfo is of somebody else")
        return more | claims

    def _keys_now(self, *, anew: bool = False) -> list[Key]:
        with self._lock:
            age = self._clock() - self._keys[0] if self._keys is not None else FRESH_S
            due = age >= (ANEW_S if anew else FRESH_S)
        if due:
            found = keys_of(self._fetcher.get(self.metadata().jwks))
            with self._lock:
                self._keys = (self._clock(), found)
        return self._keys[1] if self._keys is not None else []


def _read(said: Mapping[str, Any], issuer: str) -> Metadata:
    if said.get("issuer") != issuer:  # Discovery 1.0, 4.3
        raise SendError(f"{issuer}: calls itself otherwise; [[oidc]] issuer must be exactly what it says")
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    userinfo = said.get("userinfo_endpoint")
    authorization, token, jwks = (_endpoint(said.get(name), name, issuer) for name in ENDPOINTS)
    return Metadata(
        authorization,
        token,
        jwks,
        userinfo=_endpoint(userinfo, "userinfo_endpoint", issuer) if userinfo else "",
        in_the_form=isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(url: object, name: str, issuer: str) -> str:
    """An address that is asked only over TLS, but on this machine where the issuer is, too."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        right = parts is not None and (
            (parts.scheme == "https" and bool(parts.hostname))
            or (parts.scheme == "http" and issuer.startswith("http:") and is_here(parts.hostname or ""))
        )
    except ValueError:
        right = False
    if not right:
        raise SendError(f"{issuer}: names no {name} over https")
    return str(url)
