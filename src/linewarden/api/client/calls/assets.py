"""Assets: what is there, and how we know.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.assets import AssetOut, AssetRow
from linewarden.plant.model import Role

if TYPE_CHECKING:
    from polars import DataFrame


class AssetsCalls(Transport):
    """Assets: what is there, and how we know."""

    def list_assets(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        role: Sequence[Role] | None = None,
        level: Sequence[float] | None = None,
        zone: Sequence[str] | None = None,
        vendor: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        seen: bool | None = None,
        case: bool | None = None,
    ) -> Page[AssetRow]:
        """The assets that the caller may see."""
        return self._ask(
            Page[AssetRow],
            "GET",
            "/assets",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "role": role,
                "level": level,
                "zone": zone,
                "vendor": vendor,
                "protocol": protocol,
                "seen": seen,
                "case": case,
            },
        )

    def save_assets(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        role: Sequence[Role] | None = None,
        level: Sequence[float] | None = None,
        zone: Sequence[str] | None = None,
        vendor: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        seen: bool | None = None,
        case: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the assets that the caller may see."""
        return self._save(
            to,
            "GET",
            "/assets",
            query={
                "q": q,
                "sort": sort,
                "role": role,
                "level": level,
                "zone": zone,
                "vendor": vendor,
                "protocol": protocol,
                "seen": seen,
                "case": case,
            },
            format=str(format),
        )

    def frame_assets(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        role: Sequence[Role] | None = None,
        level: Sequence[float] | None = None,
        zone: Sequence[str] | None = None,
        vendor: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        seen: bool | None = None,
        case: bool | None = None,
    ) -> DataFrame:
        """As a Polars frame: the assets that the caller may see."""
        return self._frame(
            "GET",
            "/assets",
            query={
                "q": q,
                "sort": sort,
                "role": role,
                "level": level,
                "zone": zone,
                "vendor": vendor,
                "protocol": protocol,
                "seen": seen,
                "case": case,
            },
        )

    def all_assets(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        role: Sequence[Role] | None = None,
        level: Sequence[float] | None = None,
        zone: Sequence[str] | None = None,
        vendor: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        seen: bool | None = None,
        case: bool | None = None,
    ) -> Iterator[AssetRow]:
        """Every row, page by page: the assets that the caller may see."""
        return self._rows(
            Page[AssetRow],
            "GET",
            "/assets",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "role": role,
                "level": level,
                "zone": zone,
                "vendor": vendor,
                "protocol": protocol,
                "seen": seen,
                "case": case,
            },
        )

    def get_asset(self, id: str) -> AssetOut:
        """One asset, by its id or one of its addresses."""
        return self._ask(AssetOut, "GET", "/assets/{id}", path_values={"id": id})
