"""Away to the provider, and back.

    begun = providers.begin("plant-id")              redirect to begun.url; begun.secret goes into a cookie
    identity = providers.finish("plant-id", secret_of_the_cookie, query_of_the_answer)

The cookie's secret is all that is kept of an attempt: state, nonce and PKCE's verifier are made of it by a hash, each
by one of its own, and the database has only another hash, once and for ten minutes. So an answer fits the browser that
began (nobody is signed in as somebody else), the provider that was asked (no mix-up), and works once; and nothing has
to be remembered, also while the console is started anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from linewarden.errors import AccessError, ConfigError
from linewarden.people.identities import Identity
from linewarden.people.model import Grant, OneTime, Purpose, Tools
from linewarden.people.secret import digest, new_secret, same
from linewarden.people.store import Store
from linewarden.service.oidc.fetching import Fetcher
from linewarden.service.oidc.provider import Provider
from linewarden.service.oidc.token import LEEWAY_S, proved_at
from linewarden.service.principals import grant_of

if TYPE_CHECKING:
    from linewarden.service.config import Config

ANSWER_WITHIN = timedelta(minutes=10)
MOST_OPEN = 4096
"""Attempts that wait for an answer; of more the oldest go, as anybody may begin one."""
MOST_GROUPS = 10_000
AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the secret of its cookie (Secure, HttpOnly, SameSite=Lax, for ten minutes)."""

    url: str
    secret: str


class Providers:
    """Those of a configuration. May be used from every thread. `back`: the console's address, https://HOST:9443."""

    def __init__(self, providers: Sequence[Provider], store: Store, tools: Tools, site: str, back: str) -> None:
        self._providers = {p.config.name: p for p in providers}
        self._store, self._tools, self._site, self._back = store, tools, site, back.rstrip("/")

    @property
    def shown(self) -> Mapping[str, str]:
        """Name and title of each, for buttons."""
        return {name: p.config.shown for name, p in self._providers.items()}

    def begin(self, name: str, *, again: bool = False) -> Begun:
        """An attempt. `again`: they must prove anew who they are, also if the provider knows them still.

        Raises AccessError: no such provider; SendError: it cannot be reached.
        """
        provider = self._known(name)
        about, secret = provider.metadata(), new_secret(self._tools.random)
        until = self._tools.now() + ANSWER_WITHIN
        kept = OneTime(digest("oidc", secret), Purpose.PROVIDER, until, site=f"{name} {AGAIN if again else ''}")
        with self._store.together():
            self._store.add_codes([kept])
            self._store.bound_codes(Purpose.PROVIDER, "", MOST_OPEN)
        asked = {
            "response_type": "code", "client_id": provider.config.client_id, "redirect_uri": self.back(name),
            "scope": " ".join(provider.config.scopes), "state": _made("state", name, secret),
            "nonce": _made("nonce", name, secret), "code_challenge_method": "S256",
            "code_challenge": create_s256_code_challenge(_made("verifier", name, secret)),
        } | _how_fresh(provider, again)  # fmt: skip
        return Begun(add_params_to_uri(about.authorization, list(asked.items())), secret)

    def finish(self, name: str, secret: str, answer: Mapping[str, str]) -> Identity:
        """Who came back. `secret`: of the browser's cookie; `answer`: the query of the address that it came back to.

        Raises AccessError: something is wrong with it; SendError: the provider cannot be reached, or refuses the code.
        """
        provider, now = self._known(name), self._tools.now()
        if not secret or not same(answer.get("state", ""), _made("state", name, secret)):
            raise AccessError("this answer belongs to another attempt, or another browser; begin again")
        kept = self._store.redeem(digest("oidc", secret), Purpose.PROVIDER, now)
        if kept is None or kept.site.partition(" ")[0] != name:
            raise AccessError("this answer was used already, or came too late; begin again")
        _check_issuer(provider, answer)
        if answer.get("error") or not answer.get("code"):
            raise AccessError(f"{provider.config.shown}: did not sign you in ({answer.get('error', 'no reason')[:60]})")
        said = provider.exchange(answer["code"][:4096], _made("verifier", name, secret), self.back(name))
        claims = provider.claims(said, _made("nonce", name, secret), now)
        if kept.site.endswith(AGAIN):
            _check_proved(claims, kept.expires - ANSWER_WITHIN)
        elif (minutes := provider.config.max_age_minutes) is not None:
            _check_proved(claims, now - timedelta(minutes=minutes))
        return self._identity(provider, claims)

    def back(self, name: str) -> str:
        """Where the provider sends people back to."""
        return f"{self._back}/sign-in/oidc/{name}"

    def _known(self, name: str) -> Provider:
        found = self._providers.get(name)
        if found is None:
            raise AccessError("there is no such provider to sign in by")
        return found

    def _identity(self, provider: Provider, claims: Mapping[str, Any]) -> Identity:
        config = provider.config
        grants = _grants(claims.get(config.groups_claim), config.roles, self._site) if config.roles else None
        return Identity(
            config.issuer, claims["sub"], _text(claims.get(config.login_claim)), _text(claims.get("name")), grants,
            proved_at(dict(claims)), config.create,
        )  # fmt: skip


def providers_of(config: Config, store: Store, tools: Tools, back: str) -> Providers:
    """The providers of a configuration. Raises ConfigError if a secret or certificate cannot be read."""
    from linewarden.service.config.sealed import secret_of

    found = []
    for at, one in enumerate(config.oidc):
        secret = secret_of(config, f"oidc[{at}].client_secret", one.client_secret, None)
        try:
            found.append(Provider(one, secret, Fetcher(one.ca_file)))
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"oidc[{at}].ca_file: {one.ca_file}: cannot be used ({error})") from error
    return Providers(found, store, tools, config.service.site, back)


def _made(what: str, name: str, secret: str) -> str:
    """43 and more characters that only who has the secret can make (RFC 7636, 4.1, wants as many of a verifier)."""
    return hashlib.sha256(f"linewarden oidc {what}\0{name}\0{secret[:256]}".encode("utf-8", "replace")).hexdigest()


def _how_fresh(provider: Provider, again: bool) -> dict[str, str]:
    if again:
        return {"prompt": "login", "max_age": "0"}
    minutes = provider.config.max_age_minutes
    return {} if minutes is None else {"max_age": str(round(minutes * 60))}


def _check_issuer(provider: Provider, answer: Mapping[str, str]) -> None:
    """RFC 9207, 2.4: against answers of one provider that are brought to another."""
    said = answer.get("iss")
    if said != provider.config.issuer and (said is not None or provider.metadata().names_itself):
        raise AccessError("this answer is of another provider; begin again")


def _check_proved(claims: Mapping[str, Any], since: datetime) -> None:
    """Core 1.0, 3.1.2.1: who asks for an age looks at it, as the provider may not hold to it."""
    proved = proved_at(dict(claims))
    if proved is None or proved < since - timedelta(seconds=LEEWAY_S):
        raise AccessError("the provider did not ask anew who you are; sign out there, and begin again")


def _grants(groups: object, roles: Mapping[str, Sequence[str]], site: str) -> list[Grant]:
    """What groups mean here. A claim of another kind means nothing."""
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    named = {g for g in listed[:MOST_GROUPS] if isinstance(g, str)}
    return sorted({grant_of(role, site) for group in named for role in roles.get(group, ())})


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
