"""API tokens: `lw_PREFIX_SECRET`. The prefix names a token in lists and logs; of the secret only the hash is kept.

A token has scopes and places, and always an end. Scanners for leaked secrets can find it by `lw_`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import timedelta

from linewarden.errors import AccessError
from linewarden.people.model import Token, Tools
from linewarden.people.secret import digest, new_secret, same
from linewarden.people.store import TokenStore

LONGEST = timedelta(days=366)
SHAPE = re.compile(r"lw_([a-z2-7]{8})_([A-Za-z0-9_-]{43})")
TOUCH = timedelta(minutes=1)


class Tokens:
    """Makes and checks tokens."""

    def __init__(self, store: TokenStore, tools: Tools) -> None:
        self._store, self._tools = store, tools

    def make(
        self, name: str, scopes: Iterable[str], places: Iterable[tuple[str, str]], span: timedelta, maker: str
    ) -> str:
        """A new token as it is shown, once. Raises AccessError for an end that is too far, or no scope or place."""
        token_scopes, token_places = frozenset(scopes), frozenset(places)
        if not timedelta(0) < span <= LONGEST:
            raise AccessError(f"a token ends, after {LONGEST.days} days at most; give a shorter time")
        if not token_scopes or not token_places:
            raise AccessError("a token without a scope or place opens nothing; give at least one of each")
        prefix = base64.b32encode(self._tools.random(5)).decode().lower()
        secret, now = new_secret(self._tools.random), self._tools.now()
        self._store.add_token(
            Token(prefix, digest("token", secret), name, maker, now, now + span, token_scopes, token_places)
        )
        return f"lw_{prefix}_{secret}"

    def check(self, shown: str) -> Token | None:
        """The token, if it holds now."""
        match = SHAPE.fullmatch(shown)
        if match is None:
            return None
        token, now = self._store.token(match[1]), self._tools.now()
        right = same(token.digest if token else "", digest("token", match[2]))
        if token is None or not right or token.revoked is not None or now >= token.expires:
            return None
        if token.used is None or now - token.used >= TOUCH:
            self._store.token_used(token.prefix, now)
        return token

    def revoke(self, prefix: str) -> None:
        """Ends a token at once. Raises AccessError if there is none that holds."""
        name = prefix.removeprefix("lw_").partition("_")[0]
        if not self._store.revoke_token(name, self._tools.now()):
            raise AccessError(f"{name}: no such token that holds; `linewarden people token list` has all")
