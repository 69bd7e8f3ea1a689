"""API tokens: what programs show instead of signing in.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.tokens import TokenAsked, TokenMade, TokenRow

if TYPE_CHECKING:
    from polars import DataFrame


class TokensCalls(Transport):
    """API tokens: what programs show instead of signing in."""

    def list_tokens(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Page[TokenRow]:
        """The tokens that are good for this site."""
        return self._ask(
            Page[TokenRow], "GET", "/tokens", query={"q": q, "sort": sort, "limit": limit, "cursor": cursor}
        )

    def save_tokens(
        self, to: Path | str, format: Format | str = "arrow", *, q: str | None = None, sort: str | None = None
    ) -> Path:
        """Into a file, as it comes: the tokens that are good for this site."""
        return self._save(to, "GET", "/tokens", query={"q": q, "sort": sort}, format=str(format))

    def frame_tokens(self, *, q: str | None = None, sort: str | None = None) -> DataFrame:
        """As a Polars frame: the tokens that are good for this site."""
        return self._frame("GET", "/tokens", query={"q": q, "sort": sort})

    def all_tokens(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None
    ) -> Iterator[TokenRow]:
        """Every row, page by page: the tokens that are good for this site."""
        return self._rows(Page[TokenRow], "GET", "/tokens", query={"q": q, "sort": sort, "limit": limit})

    def make_token(self, asked: TokenAsked) -> TokenMade:
        """Makes a token."""
        return self._ask(TokenMade, "POST", "/tokens", body=asked)

    def revoke_token(self, prefix: str) -> None:
        """Ends a token at once."""
        self._nothing("DELETE", "/tokens/{prefix}", path_values={"prefix": prefix})
