"""Every set of benchmarks/analytics.py takes other data of its kind as it comes: what is kept apart to judge it lacks
sensors, has columns in another order, lies in other files, and brings only what is judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from _analytics import batadal, cmapss, nab, skab, steel, tennessee
from _analytics._data import NothingThereError, tables

START = datetime.fromisoformat("2020-01-01")
"""Stamps of all sets are without a zone."""
random = np.random.default_rng(3)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the data to be judged lie; the shared data are in `shared` beside it."""
    (tmp_path / "shared" / "data" / "process").mkdir(parents=True)
    monkeypatch.setenv("LINEWARDEN_SHARED", str(tmp_path / "shared"))
    (tmp_path / "judged").mkdir()
    return tmp_path / "judged"


@pytest.fixture
def shared(folder: Path) -> Path:
    return folder.parent / "shared" / "data" / "process"


def write(folder: Path, name: str, **columns: Any) -> None:
    pl.DataFrame(columns).write_parquet(folder / f"{name}.parquet")


def noise(count: int, tags: int) -> dict[str, Any]:
    """Tags that move together."""
    hidden = np.cumsum(random.normal(size=count)) * 0.1
    return {f"t{k}": hidden * (k + 1) + random.normal(size=count) for k in range(tags)}


def test_files_need_not_have_the_same_columns_and_tell_nothing_twice(folder: Path) -> None:
    write(folder, "x_1", file=["a", "a"], value=[1, 2])
    write(folder, "x_2", value=[1.5, 9.0], other=["z", "z"], file=["b", "a"])
    write(folder, "x_notes", text=["nothing of this kind"])
    told = tables(folder, "x_*.parquet", ("file", "value"), ("file",))
    assert told.select("file", "value", "other").rows() == [("a", 1.0, None), ("a", 2.0, None), ("b", 1.5, "z")]
    with pytest.raises(NothingThereError):
        tables(folder, "x_notes*", ("file", "value"), ("file",))


def skab_part(file: str, **more: Any) -> dict[str, Any]:
    count = 600
    told = noise(count, 4)
    told["t0"] = told["t0"] + np.where(np.arange(count) > 500, 30.0, 0.0)
    at = [START + timedelta(seconds=k) for k in range(count)]
    return {"file": [file] * count, "datetime": at, **told, "anomaly": [float(k > 500) for k in range(count)], **more}


def test_skab_takes_files_that_lack_sensors_or_are_constant_or_short(folder: Path) -> None:
    write(folder, "skab_other", **skab_part("1.csv", group=["other"] * 600, t1=[None] * 600, t2=[5.0] * 600))
    less = skab_part("2.csv", group=["other"] * 600)
    less["datetime"] = [str(at) for at in less["datetime"]]
    write(folder, "skab_more", **{k: less[k] for k in reversed(less) if k != "t3"})
    write(folder, "skab_short", **{k: v[:100] for k, v in skab_part("3.csv", group=["other"] * 600).items()})
    found = skab.measure(folder)
    assert found.heading == "SKAB, 2 files"
    assert float(found.rows[-1][1]) > 0.8


def test_batadal_learns_from_the_shared_year_and_takes_other_labels_and_fewer_tags(folder: Path, shared: Path) -> None:
    write(shared, "batadal_train1_normal", DATETIME=["x"] * 2000, **noise(2000, 6), ATT_FLAG=[0] * 2000)
    told = noise(500, 6)
    told["t1"][300:340] += 60.0
    flag = [1 if 300 <= k < 340 else -999 for k in range(500)]
    named = {" ATT_FLAG": flag, **{f" {k}": v for k, v in reversed(told.items()) if k != "t4"}, " t5": [None] * 500}
    write(folder, "batadal_test", **named)
    write(folder, "batadal_quiet", **noise(500, 6))
    found = batadal.measure(folder)
    assert [row[0] for row in found.rows[:3]] == ["test"] * 3
    assert found.rows[2][-1] == "1"
    assert list(found.also) == ["BATADAL quiet not measured (no attacks in its labels)"]


def tep_part(fault: int, split: str) -> pl.DataFrame:
    count = 480 if split == "train" else 960
    told = noise(count, 5)
    if fault and split == "test":
        told["t2"][160:] += 40.0
    return pl.DataFrame({**told, "fault": [fault] * count, "split": [split] * count, "sample": range(1, count + 1)})


def test_tennessee_takes_a_folder_of_other_faults_only(folder: Path, shared: Path) -> None:
    normal = [tep_part(f, s) for f in (0, 1) for s in ("train", "test")]
    pl.concat(normal).write_parquet(shared / "tep_braatz_f00_f10.parquet")
    judged = pl.concat([tep_part(11, "test"), tep_part(12, "test")]).select(pl.all().reverse()).drop("t4")
    judged.select(reversed(judged.columns)).write_parquet(folder / "tep_braatz_f11_f21.parquet")
    judged.filter(fault=12).write_parquet(folder / "tep_copy.parquet")
    found = tennessee.measure(folder)
    assert list(found.columns) == ["detector", "mean", "11", "12"]
    assert float(found.rows[-1][1]) < 0.05


def test_nab_takes_series_of_any_length_with_gaps_and_stamps_in_disorder(folder: Path, shared: Path) -> None:
    names, minutes = ["real/a.csv", "real/none.csv"], [3000, 3050]
    windows = [(START + timedelta(minutes=m)) for m in minutes]
    write(shared, "nab_windows", file=names[:1], start=[str(windows[0])], end=[str(windows[1])])
    at = [START + timedelta(minutes=k) for k in range(4000)]
    value = random.normal(size=4000)
    value[3010:3014] += 50.0
    kept = [k for k in range(4000) if not 1000 <= k < 1700 and k % 7]
    kept[5], kept[6] = kept[6], kept[5]
    kept[9] = kept[8]
    write(folder, "nab_a", value=[None if k % 50 == 1 else value[k] for k in kept],
          timestamp=[str(at[k]) for k in kept], file=[names[0]] * len(kept))  # fmt: skip
    for count in (1, 2, 7, 40):
        write(folder, f"nab_b{count}", file=[f"real/{count}.csv"] * count, timestamp=at[:count], value=[1] * count)
    found = nab.measure(folder)
    assert list(found.columns[2:]) == ["a", "1", "2", "40", "7"]
    assert float(found.rows[-1][2]) > 0.5


def engines(count: int, points: int, seed: int, shortest: int) -> pl.DataFrame:
    """Turbofans whose sensors drift until they fail, at so many operating points."""
    made, parts = np.random.default_rng(seed), []
    for unit in range(1, count + 1):
        life = int(made.integers(shortest, shortest + 60))
        point = made.integers(points, size=life)
        worn = np.clip(np.arange(life) - life + 80, 0, None) / 80
        parts.append(
            pl.DataFrame({
                "unit": [unit] * life, "cycle": range(1, life + 1), "op1": point * 10.0, "op2": point * 0.1,
                "s1": point * 50.0 + worn * 5 + made.normal(size=life), "s2": [518.67] * life,
                "s3": point * -20.0 - worn * 8 + made.normal(size=life),
            })
        )  # fmt: skip
    return pl.concat(parts)


def test_cmapss_takes_one_file_of_six_operating_points_that_lacks_columns(folder: Path) -> None:
    engines(14, 6, 1, 120).with_columns(s9=None, RUL=1).write_parquet(folder / "cmapss_train_FD002.parquet")
    whole = engines(6, 6, 2, 120)
    seen = whole.filter(pl.col("cycle") <= pl.col("cycle").max().over("unit") - 30)
    seen.select(reversed(seen.columns)).drop("s2").write_parquet(folder / "cmapss_test_FD002.parquet")
    write(folder, "cmapss_RUL_FD002", RUL=[30] * 6)
    seen.write_parquet(folder / "cmapss_test_FD004.parquet")
    found = cmapss.measure(folder)
    assert "6 operating point(s) found" in found.notes[0]
    assert float(found.rows[-1][2]) < float(found.rows[0][2])
    assert not found.goals
    assert found.also[0].startswith("C-MAPSS FD002 RMSE ")
    assert list(found.also[1:]) == ["C-MAPSS FD004 not measured (no train, RUL)"]


def test_cmapss_learns_nothing_from_a_sensor_that_the_engines_to_be_judged_lack(folder: Path) -> None:
    """What was learned of it would be told of a value that never comes."""
    train, told = engines(14, 1, 1, 120), engines(6, 1, 2, 120)
    told.filter(pl.col("cycle") <= 110).write_parquet(folder / "cmapss_test_FD001.parquet")
    ends = told.group_by("unit").agg(rul=pl.col("cycle").max() - 110)
    ends.write_parquet(folder / "cmapss_RUL_FD001.parquet")
    train.write_parquet(folder / "cmapss_train_FD001.parquet")
    without = cmapss.measure(folder)
    more = train.with_columns(s8=pl.col("cycle") - pl.col("cycle").max().over("unit"))
    more.write_parquet(folder / "cmapss_train_FD001.parquet")
    assert cmapss.measure(folder).rows == without.rows


def steel_part(days: range) -> pl.DataFrame:
    """Stamps of a slot's end; midnight carries the day before."""
    first = datetime.fromisoformat("2018-01-01")
    slots = [first + timedelta(days=d, minutes=15 * (k % 96)) for d in days for k in range(1, 97)]
    return pl.DataFrame({"date": slots, "Usage_kWh": [float(d * 96 + k) for d in days for k in range(96)]})


def test_steel_puts_the_last_quarter_behind_the_shared_months_and_misses_no_column(folder: Path, shared: Path) -> None:
    kvarh = pl.col("Usage_kWh").alias(steel.METER["lagging kvarh"])
    steel_part(range(274)).with_row_index("row").with_columns(kvarh).write_parquet(shared / steel.FIRST)
    steel_part(range(274, 365))[::-1].write_parquet(folder / "steel_energy_last25.parquet")
    told = steel.meter(folder)
    assert told.kwh.tolist() == [float(k) for k in range(365 * 96)]
    assert list(told.others) == ["lagging kvarh"]
    assert np.isnan(told.others["lagging kvarh"][steel.KEPT :]).all()
    assert steel.cuts(len(told))[-2:] == [steel.KEPT, 365 * 96]


def test_steel_leaves_a_slot_empty_that_the_file_lacks(folder: Path) -> None:
    steel_part(range(30)).filter(pl.col("Usage_kWh") != 700).write_parquet(folder / "steel_energy_all.parquet")
    assert np.flatnonzero(np.isnan(steel.meter(folder).kwh)).tolist() == [700]
