"""The client: every operation of the API, and the live events."""

from __future__ import annotations

from typing import Self

from linewarden.api.client.calls import Calls
from linewarden.api.client.stream import Following


class Client(Calls, Following):
    """A server, for as long as a `with` block lasts, or until it is closed.

    `list_...` gives a page, `all_...` every row, `frame_...` a Polars frame, `save_...` writes a file (Arrow, Parquet
    or CSV). Raises AccessError (token, right), ConfigError (a wrong question, or what is not there), QueryError (SQL),
    BusyError (later), StoreError (what the server needs is away) and SendError (the server is away).
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
