"""The kind `counting` beside the real ones, and a lake to look into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import linewarden.collectors
from linewarden.collectors import catalogue
from linewarden.service import lake_files

if TYPE_CHECKING:
    import polars as pl

KINDS = Path(__file__).parent / "kinds"


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(linewarden.collectors, "__path__", [*linewarden.collectors.__path__, str(KINDS)])
    catalogue.kinds.cache_clear()
    yield
    catalogue.kinds.cache_clear()


@pytest.fixture
def rows_of() -> Callable[[Path], pl.DataFrame]:
    """All readings of a lake, as its readers see them."""

    def rows(lake: Path) -> pl.DataFrame:
        import polars as pl

        files = lake_files.files(lake / "stream=reading")
        found = [pl.read_parquet(f, hive_partitioning=False) for f in files]
        return pl.concat(found) if found else pl.DataFrame()

    return rows
