"""Zones: which there are, what is in them, what people know of them, and what the network suggests.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.zones import AssetsIn, MoveOut, SuggestionOut, ZoneIn, ZoneRow

if TYPE_CHECKING:
    from polars import DataFrame


class ZonesCalls(Transport):
    """Zones: which there are, what is in them, what people know of them, and what the network suggests."""

    def list_zones(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Page[ZoneRow]:
        """The zones that the caller may see."""
        return self._ask(Page[ZoneRow], "GET", "/zones", query={"q": q, "sort": sort, "limit": limit, "cursor": cursor})

    def save_zones(
        self, to: Path | str, format: Format | str = "arrow", *, q: str | None = None, sort: str | None = None
    ) -> Path:
        """Into a file, as it comes: the zones that the caller may see."""
        return self._save(to, "GET", "/zones", query={"q": q, "sort": sort}, format=str(format))

    def frame_zones(self, *, q: str | None = None, sort: str | None = None) -> DataFrame:
        """As a Polars frame: the zones that the caller may see."""
        return self._frame("GET", "/zones", query={"q": q, "sort": sort})

    def all_zones(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None
    ) -> Iterator[ZoneRow]:
        """Every row, page by page: the zones that the caller may see."""
        return self._rows(Page[ZoneRow], "GET", "/zones", query={"q": q, "sort": sort, "limit": limit})

    def list_zone_suggestions(self) -> list[SuggestionOut]:
        """Zones for assets that are in none, as lines, VLANs, networks and levels suggest."""
        return self._ask(list[SuggestionOut], "GET", "/zone-suggestions")

    def put_zone(self, zone: str, body: ZoneIn) -> ZoneRow:
        """Makes a zone, says what it is, or renames it: then all its assets go along."""
        return self._ask(ZoneRow, "PUT", "/zones/{zone}", path_values={"zone": zone}, body=body)

    def move_assets(self, zone: str, body: AssetsIn) -> ZoneRow:
        """Moves assets into a zone, from wherever they are."""
        return self._ask(ZoneRow, "POST", "/zones/{zone}/assets", path_values={"zone": zone}, body=body)

    def take_assets_out(self, zone: str, *, asset: Sequence[str]) -> None:
        """Takes back that these assets were put into this zone by hand."""
        self._nothing("DELETE", "/zones/{zone}/assets", path_values={"zone": zone}, query={"asset": asset})

    def delete_zone(self, zone: str, *, to: str | None = None) -> None:
        """Removes a zone."""
        self._nothing("DELETE", "/zones/{zone}", path_values={"zone": zone}, query={"to": to})

    def get_last_move(self) -> MoveOut | None:
        """The last move, if the caller may undo it."""
        return self._maybe(MoveOut, "GET", "/zone-moves/last")

    def undo_move(self, *, id: int | None = None) -> None:
        """Takes back the last move."""
        self._nothing("POST", "/zone-moves/undo", query={"id": id})
