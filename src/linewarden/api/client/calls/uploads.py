"""Files that people send: captures, which are read into the lake, and lists of names.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.uploads import NamesOut, UploadRow

if TYPE_CHECKING:
    from polars import DataFrame


class UploadsCalls(Transport):
    """Files that people send: captures, which are read into the lake, and lists of names."""

    def list_uploads(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Page[UploadRow]:
        """The files that were sent."""
        return self._ask(
            Page[UploadRow], "GET", "/uploads", query={"q": q, "sort": sort, "limit": limit, "cursor": cursor}
        )

    def save_uploads(
        self, to: Path | str, format: Format | str = "arrow", *, q: str | None = None, sort: str | None = None
    ) -> Path:
        """Into a file, as it comes: the files that were sent."""
        return self._save(to, "GET", "/uploads", query={"q": q, "sort": sort}, format=str(format))

    def frame_uploads(self, *, q: str | None = None, sort: str | None = None) -> DataFrame:
        """As a Polars frame: the files that were sent."""
        return self._frame("GET", "/uploads", query={"q": q, "sort": sort})

    def all_uploads(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None
    ) -> Iterator[UploadRow]:
        """Every row, page by page: the files that were sent."""
        return self._rows(Page[UploadRow], "GET", "/uploads", query={"q": q, "sort": sort, "limit": limit})

    def get_upload(self, id: str) -> UploadRow:
        """One of them: how far it is."""
        return self._ask(UploadRow, "GET", "/uploads/{id}", path_values={"id": id})

    def send_capture(self, *, name: str | None = None) -> UploadRow:
        """Sends a capture (pcap or pcapng, also packed with gzip or zstd)."""
        return self._ask(UploadRow, "POST", "/captures", query={"name": name})

    def send_names(self, *, name: str | None = None) -> NamesOut:
        """Sends a list of names (CSV or .xlsx with address, name, zone, role, line)."""
        return self._ask(NamesOut, "POST", "/names", query={"name": name})
