"""Exports of any form become the same rows; wrong files get one line."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.errors import ConfigError
from linewarden.service.surveying.columns import unit_of
from linewarden.service.surveying.export import Export, load
from linewarden.service.surveying.series import series_of

START = 1_767_600_000  # 2026-01-05 08:00


def table(rows: int = 300) -> pl.DataFrame:
    at = pl.Series("Zeit", np.array([START + 60 * k for k in range(rows)]) * 1000).cast(pl.Datetime("ms"))
    dice = np.random.default_rng(1)
    return pl.DataFrame({"Zeit": at, "Oven_degC": 200 + dice.normal(size=rows), "Power [kW]": dice.random(rows) * 9})


def same(found: Export, wanted: pl.DataFrame) -> None:
    assert [f.name for f in found.facts] == ["Oven_degC", "Power [kW]"]
    np.testing.assert_allclose(found.rows, wanted.select(pl.exclude("Zeit")).to_numpy(), rtol=1e-6)
    assert found.at[0] == START and found.usual == 60.0 and not found.counted


def test_parquet_and_csv_of_all_kinds_say_the_same(tmp_path: Path) -> None:
    wanted = table()
    wanted.write_parquet(tmp_path / "a.parquet")
    same(load(tmp_path / "a.parquet"), wanted)
    wanted.write_csv(tmp_path / "b.csv")
    same(load(tmp_path / "b.csv"), wanted)
    german = wanted.with_columns(pl.col("Zeit").dt.strftime("%d.%m.%Y %H:%M:%S"))
    text = german.write_csv(separator=";", float_precision=9)
    head, *lines = text.splitlines()
    body = [line.split(";", 1)[0] + ";" + line.split(";", 1)[1].replace(".", ",") for line in lines]
    (tmp_path / "c.csv").write_text("\ufeff" + "\n".join([head, *body]), encoding="utf-8")
    found = load(tmp_path / "c.csv")
    same(found, wanted)
    assert "decimal comma" in found.notes
    seconds = wanted.with_columns(pl.col("Zeit").dt.epoch("s"))
    seconds.write_csv(tmp_path / "d.tsv", separator="\t")
    same(load(tmp_path / "d.tsv"), wanted)


def test_long_form_is_put_on_a_grid(tmp_path: Path) -> None:
    wanted = table()
    long = wanted.unpivot(index="Zeit", variable_name="TagName", value_name="Value").sort("Zeit")
    long.write_csv(tmp_path / "long.csv")
    found = load(tmp_path / "long.csv")
    assert found.form.startswith("long") and found.tags == ("Oven_degC", "Power [kW]")
    assert found.rows.shape[0] >= 299
    np.testing.assert_allclose(
        np.nanmean(found.rows, axis=0), wanted.select(pl.exclude("Zeit")).mean().row(0), rtol=0.01
    )
    at, words = series_of(tmp_path / "long.csv", ("Oven_degC",))["Oven_degC"]
    assert at[1] - at[0] == 60.0 and float(words[0]) == pytest.approx(wanted["Oven_degC"][0])


def test_many_rows_become_means_and_extremes_stay(tmp_path: Path) -> None:
    wanted = table(5000).with_columns(
        pl.when(pl.int_range(pl.len()) == 777).then(1e4).otherwise("Oven_degC").alias("Oven_degC")
    )
    wanted.write_parquet(tmp_path / "a.parquet")
    found = load(tmp_path / "a.parquet", most=500)
    assert len(found.at) <= 502 and found.piece == 600.0
    assert found.facts[0].high == 1e4
    np.testing.assert_allclose(found.rows[1], wanted[10:20].select(pl.exclude("Zeit")).mean().row(0))


def test_times_that_repeat_go_back_or_have_gaps_are_counted(tmp_path: Path) -> None:
    wanted = table(100)
    wild = pl.concat([wanted[:40], wanted[60:], wanted[10:12], wanted[99:]])
    wild.write_parquet(tmp_path / "a.parquet")
    found = load(tmp_path / "a.parquet")
    assert len(found.at) == 80 and (np.diff(found.at) > 0).all()
    assert found.repeated == 3 and found.backwards == 1 and len(found.gaps) == 1


def test_midnight_that_carries_the_day_before_is_moved(tmp_path: Path) -> None:
    at = [f"2026-01-{5 + k // 4:02d} {[6, 12, 18, 0][k % 4]:02d}:00:00" for k in range(40)]
    pl.DataFrame({"time": at, "x": list(map(float, range(40)))}).write_csv(tmp_path / "a.csv")
    found = load(tmp_path / "a.csv")
    assert found.rows[:, 0].tolist() == list(map(float, range(40)))
    assert any("midnight" in n for n in found.notes) and found.usual == 6 * 3600


def test_without_a_time_rows_are_counted_and_row_numbers_left_out(tmp_path: Path) -> None:
    pl.DataFrame({"index": range(50), "x": np.random.default_rng(2).random(50)}).write_csv(tmp_path / "a.csv")
    found = load(tmp_path / "a.csv")
    assert found.counted and found.tags == ("x",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"PAR1 and no more", "cannot be read"),
        (b"PK\x03\x04xxxx", "Excel"),
        (b"\x1f\x8bxxxx", "unpack"),
        (b"\x00\x01\x02\x03", "neither Parquet nor CSV"),
        (b"a,b\nx,y\nz,w\n", "no column of numbers"),
        (b"time,x\n", "no column of numbers|no row"),
        (b"time,x\n2026-01-01,1\n2026-01-01,2\n", "two different times"),
    ],
)
def test_a_wrong_file_gets_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as told:
        load(path)
    assert str(told.value).startswith(str(path)) and "\n" not in str(told.value)


def test_a_name_that_is_not_there_is_told(tmp_path: Path) -> None:
    table().write_csv(tmp_path / "a.csv")
    for args in ({"time": "Nope"}, {"without": ("Nope",)}, {"only": ("Nope",)}):
        with pytest.raises(ConfigError, match="'Nope': no such column"):
            load(tmp_path / "a.csv", **args)
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("Usage_kWh", "kWh"), ("Oven [°C]", "°C"), ("T_degC", "°C"), ("Speed (rpm)", "rpm"), ("Level", ""), ("Pumps", "")],
)
def test_units_are_in_names(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_parquet_file_is_read_or_refused_in_a_line(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    whole = tmp_path / "export.parquet"
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(seconds=s) for s in range(500)]
    pl.DataFrame({"time": times, "a": [dice.gauss(0, 1) for _ in times], "s": ["x"] * 500}).write_parquet(whole)
    data = bytearray(whole.read_bytes())
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data)) if dice.random() < 0.4 else len(data) - dice.randint(1, min(900, len(data)))
        data[at] = dice.randrange(256)
    whole.write_bytes(data)
    try:
        load(whole)
    except ConfigError as error:
        assert str(whole) in str(error) and "\n" not in str(error)  # noqa: PT017
