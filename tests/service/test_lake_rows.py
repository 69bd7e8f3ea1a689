"""A file of a lake that somebody changed, or an earlier version wrote, is taken as it is, or named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from linewarden.errors import StoreError
from linewarden.service.detecting import chosen, detect
from linewarden.service.lake_rows import as_written
from linewarden.service.reading import read_captures
from linewarden.wire.captures import find_captures
from tests.detections.build import frame

FILE = Path("x/stream=command/a.parquet")
DEMO = Path("src/linewarden/exercises/data/demo-plant.pcapng.zst")


def command() -> pl.DataFrame:
    return frame("command", [{"verb": "read", "unit": 3}])


def test_rows_of_this_version_stay_as_they_are() -> None:
    rows = command()
    assert as_written(FILE, "command", rows) is rows
    texts = rows.with_columns(pl.col("verb").cast(pl.Categorical))
    assert as_written(FILE, "command", texts) is texts
    own = pl.DataFrame({"anything": [1]})
    assert as_written(FILE, "a protocol's", own) is own


def test_a_column_that_came_later_is_empty() -> None:
    rows = as_written(FILE, "command", command().drop("until", "unit"))
    assert rows.get_column("unit").to_list() == [None]
    assert rows.schema["unit"] == pl.Int64
    assert rows.schema["until"] == pl.Datetime("ns", "UTC")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (command().drop("frame"), "has no column frame"),
        (command().with_columns(pl.col("frame").cast(pl.String)), "its column frame holds String, not UInt64"),
        (command().with_columns(pl.col("verb").cast(pl.Binary)), "its column verb holds Binary, not String"),
    ],
    ids=["missing", "a number", "a text"],
)
def test_what_cannot_be_taken_is_named_with_its_file(rows: pl.DataFrame, said: str) -> None:
    with pytest.raises(StoreError, match=f"^{FILE}: {said}, .*delete it and read the capture again$"):
        as_written(FILE, "command", rows)


def test_a_lake_is_judged_as_far_as_its_files_allow(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    read_captures(find_captures([str(DEMO)]), out=lake)
    (file,) = lake.glob("stream=command/*/*/*.parquet")
    whole = pl.read_parquet(file, hive_partitioning=False)
    told = {t.notice.note for t in detect([str(lake)], chosen()).told}
    whole.drop("result").write_parquet(file)
    assert {t.notice.note for t in detect([str(lake)], chosen()).told} <= told
    whole.drop("frame").write_parquet(file)
    with pytest.raises(StoreError, match=r"\.parquet: has no column frame"):
        detect([str(lake)], chosen())
