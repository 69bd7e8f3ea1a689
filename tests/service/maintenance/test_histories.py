from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from linewarden.errors import ConfigError
from linewarden.service.maintenance.histories import read_histories

FIRST = datetime(2026, 1, 1)  # noqa: DTZ001 - a file without zones


def test_dates_become_hours_and_texts_are_left_out(tmp_path: Path) -> None:
    at = [FIRST + timedelta(minutes=30 * k) for k in range(4)]
    rows = {"u": ["a", "a", "b", "b"], "at": at, "t": [1, 2, None, 4], "who": list("abcd")}
    pl.DataFrame(rows).write_parquet(tmp_path / "x.parquet")
    found = read_histories(tmp_path / "x.parquet", "u", "at")
    assert (found.hours, found.columns, found.left_out) == (1.0, ("t",), ("who",))
    assert [r.unit for r in found.runs] == ["a", "b"]
    assert found.runs[0].left.tolist() == pytest.approx([0.5, 0.0])
    one = read_histories(tmp_path / "x.parquet", "", "at", ["t"])
    assert [(r.unit, len(r.at)) for r in one.runs] == [("x", 4)]


def test_a_column_of_words_is_no_tag(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("u,at,t\na,1,hot\na,2,cold\n")
    with pytest.raises(ConfigError, match="no numeric column"):
        read_histories(tmp_path / "x.csv", "u", "at")
    with pytest.raises(ConfigError, match="t: not numeric"):
        read_histories(tmp_path / "x.csv", "u", "at", ["t"])
