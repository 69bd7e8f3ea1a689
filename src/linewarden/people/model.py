"""What is kept of people, and the tools that the logic works with. Times are UTC with their zone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_LOGIN = 64


@dataclass(frozen=True, slots=True)
class Tools:
    """The clock and the randomness. `random(n)` gives n bytes that nobody can guess."""

    now: Callable[[], datetime]
    random: Callable[[int], bytes]


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role at a site, or in one zone of it."""

    role: str
    site: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account. `password` is Argon2id's string, empty until an invitation was accepted; `totp`: it has a
    second factor, whose secret only the store gives; `linked`: it signs in by a provider of identities. `rights` counts
    the changes of what the account may do.
    """

    id: str
    login: str
    name: str
    created: datetime
    password: str = ""
    totp: bool = False
    disabled: datetime | None = None
    rights: int = 0
    shifts: frozenset[str] | None = None
    linked: bool = False

    @property
    def usable(self) -> bool:
        """Somebody can sign in with it."""
        return (bool(self.password) or self.linked) and self.disabled is None


class Purpose(StrEnum):
    """What a one-time code is good for."""

    FIRST_OWNER = "first owner"
    INVITATION = "invitation"
    RECOVERY = "recovery"
    SECOND_FACTOR = "second factor"
    NEW_PASSKEY = "new passkey"
    PASSKEY = "passkey"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class OneTime:
    """A code that works once, until it expires. `digest` is all that is kept of it. `account` is empty for the first
    owner, whose site stands in `site`.
    """

    digest: str
    purpose: Purpose
    expires: datetime
    account: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `authenticated`: when they last proved who they are."""

    digest: str
    account: str
    began: datetime
    seen: datetime
    authenticated: datetime
    rights: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey (WebAuthn). `id` in base64url; `count`: how often its device says it was used, 0 where it does not."""

    id: str
    account: str
    name: str
    public_key: bytes
    count: int
    created: datetime
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token. `prefix` names it, and stands in clear; of the secret only `digest` is kept."""

    prefix: str
    digest: str
    name: str
    maker: str
    created: datetime
    expires: datetime
    scopes: frozenset[str]
    places: frozenset[tuple[str, str]]
    revoked: datetime | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tries:
    """Attempts of one kind that did not succeed, and when the last was."""

    count: int
    last: datetime


def login_of(text: str) -> str:
    """The login as it is compared: one spelling of what looks the same. Raises ValueError if it is none."""
    found = unicodedata.normalize("NFKC", text).strip().casefold()
    if not re.fullmatch(r"[\w.@+-]+", found) or len(found) > MOST_LOGIN:
        raise ValueError(f"use 1 to {MOST_LOGIN} letters, digits, and . _ @ + -")
    return found
