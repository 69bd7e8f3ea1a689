"""API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from linewarden.people.model import Token
from linewarden.service.state.people.base import Rows
from linewarden.service.state.people_tables import API_TOKEN
from linewarden.service.state.rows import storable

C = API_TOKEN.c


class TokenRows(Rows):
    """The table `api_token`."""

    __slots__ = ()

    def add_token(self, token: Token) -> None:
        """Keeps a token."""
        row = asdict(token) | {
            "name": storable(token.name, 200), "scopes": sorted(token.scopes),
            "places": sorted(map(list, token.places)),
        }  # fmt: skip
        with self._write() as connection:
            connection.execute(insert(API_TOKEN).values(row))

    def token(self, prefix: str) -> Token | None:
        """The token with this prefix."""
        row = self._one(select(API_TOKEN).where(C.prefix == prefix))
        return _token(row) if row else None

    def tokens(self) -> Sequence[Token]:
        """All, the newest first."""
        return [_token(row) for row in self._all(select(API_TOKEN).order_by(C.created.desc(), C.prefix))]

    def revoke_token(self, prefix: str, now: datetime) -> bool:
        """Ends a token. False: there is none, or it was revoked before."""
        with self._write() as connection:
            ended = update(API_TOKEN).where(C.prefix == prefix, C.revoked.is_(None)).values(revoked=now)
            return bool(connection.execute(ended).rowcount)

    def token_used(self, prefix: str, now: datetime) -> None:
        """Remembers when it was last shown."""
        with self._write() as connection:
            connection.execute(update(API_TOKEN).where(C.prefix == prefix).values(used=now))


def _token(row: dict[str, Any]) -> Token:
    places = frozenset((site, zone) for site, zone in row.pop("places"))
    return Token(**row | {"scopes": frozenset(row["scopes"])}, places=places)
