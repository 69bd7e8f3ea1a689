"""A file of values becomes a file of verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.analytics.contract import NothingLearnedError
from linewarden.analytics.detectors.lagged_pca import LaggedPca
from linewarden.errors import ConfigError, StoreError
from linewarden.service import scoring
from linewarden.service.scoring import score_file

TAGS = ("LEVEL", "IN", "OUT")
ROWS = 3_000


@pytest.fixture
def values() -> pl.DataFrame:
    dice = np.random.default_rng(3)
    move = dice.normal(size=ROWS)
    frame = pl.DataFrame({tag: move * k + dice.normal(0, 0.1, ROWS) for k, tag in enumerate(TAGS, start=1)})
    start = datetime(2026, 1, 1, tzinfo=UTC)
    frame.insert_column(0, pl.Series("time", [start + timedelta(seconds=s) for s in range(ROWS)]))
    return frame


def learned(values: pl.DataFrame) -> LaggedPca:
    detector = LaggedPca(TAGS)
    detector.learn_many(values.select(TAGS).to_numpy())
    return detector


def test_verdicts_are_those_of_the_detector_with_the_tag_that_is_odd(
    values: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "PIECE", 700)
    odd = values.with_columns(pl.when(pl.int_range(ROWS) >= 2_900).then(9.0).otherwise("OUT").alias("OUT"))
    odd.write_parquet(tmp_path / "export.parquet", row_group_size=512)
    out = tmp_path / "verdicts.parquet"
    scored = score_file(tmp_path / "export.parquet", "time", learned(values), out)
    told = pl.read_parquet(out)
    alone = learned(values).score_many(odd.select(TAGS).to_numpy())
    assert told.get_column("time").to_list() == odd.get_column("time").to_list()
    np.testing.assert_allclose(told.get_column("score").to_numpy(), alone.score)
    assert told.get_column("alarm").to_list() == alone.alarm.tolist()
    assert (scored.rows, scored.readings, scored.alarms) == (ROWS, 3 * ROWS, int(alone.alarm.sum()))
    late = told.filter(pl.col("alarm")).tail(1).get_column("reasons")[0]
    assert late.startswith("OUT ") and late.split(",")[0].endswith("%")
    assert told.filter(~pl.col("alarm") & (pl.col("score") <= 1)).get_column("reasons").null_count() > 2_000


def test_a_value_that_is_missing_or_a_switch_is_taken(values: pl.DataFrame, tmp_path: Path) -> None:
    gappy = values.with_columns(pl.when(pl.int_range(ROWS) % 5 == 0).then(None).otherwise("IN").alias("IN"))
    gappy.write_parquet(tmp_path / "export.parquet")
    score_file(tmp_path / "export.parquet", "time", learned(values), tmp_path / "out.parquet")
    told = pl.read_parquet(tmp_path / "out.parquet")
    assert told.get_column("score").is_finite().all()
    assert told.get_column("confidence")[5] < told.get_column("confidence")[6]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda f: f.drop("OUT"), ConfigError, "has no column 'OUT'; it has time, LEVEL, IN"),
        (lambda f: f.with_columns(OUT=pl.lit("high")), ConfigError, "column 'OUT' holds String"),
    ],
)
def test_a_column_that_will_not_do_is_named(
    values: pl.DataFrame, tmp_path: Path, change: object, error: type[Exception], said: str
) -> None:
    assert callable(change)
    change(values).write_parquet(tmp_path / "export.parquet")
    with pytest.raises(error, match=said):
        score_file(tmp_path / "export.parquet", "time", learned(values), tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_nothing_is_left_half_written(values: pl.DataFrame, tmp_path: Path) -> None:
    values.write_parquet(tmp_path / "export.parquet")
    (tmp_path / "out.parquet").write_text("what was there")
    cut = (tmp_path / "export.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(cut[: len(cut) // 2])
    with pytest.raises(StoreError, match=r"cut\.parquet"):
        score_file(tmp_path / "cut.parquet", "time", learned(values), tmp_path / "out.parquet")
    with pytest.raises(NothingLearnedError):
        score_file(tmp_path / "export.parquet", "time", LaggedPca(TAGS), tmp_path / "out.parquet")
    with pytest.raises(StoreError, match="nowhere"):
        score_file(tmp_path / "export.parquet", "time", learned(values), tmp_path / "nowhere/out.parquet")
    assert (tmp_path / "out.parquet").read_text() == "what was there"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.parquet", "export.parquet", "out.parquet"]
