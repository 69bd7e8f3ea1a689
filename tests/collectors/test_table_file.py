"""Files of values: as exports have them, half-written ones, those that grow, and those that come again."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.collectors._polling.table_settings import TableTag
from linewarden.collectors.contract import Quality
from linewarden.collectors.table_file import KIND, TableFile
from tests.collectors.polling_house import MemorySink, running, until

QUICK: dict[str, Any] = {"interval": 0.1, "settle": 0.3, "retry_first": 0.1, "retry_most": 0.3}
T0 = 1_795_741_200_000_000_000
"""2026-11-27 01:00 UTC, which is 02:00 in Berlin."""


def once(path: Path, time_: str = "time", sink: MemorySink | None = None, **other: Any) -> MemorySink:
    """All that is there, taken in one go."""
    sink = sink or MemorySink()
    settings = TableFile(path, time_, follow=False, **other)
    assert KIND.check is not None and KIND.check(settings) == []
    KIND.run(settings, sink, threading.Event())
    return sink


def series(sink: MemorySink, name: str) -> list[tuple[int, Any]]:
    return [((r.source_ts or 0) - T0, r.value) for r in sink.rows if r.name == name]


def test_a_german_export_with_units_and_decimal_commas(tmp_path: Path) -> None:
    file = tmp_path / "werk.csv"
    text = (
        "Export Linie 3\n"
        "Zeit;Temperatur;Druck;Zustand;Menge\n"
        ";°C;bar;;Stk\n"
        "27.11.2026 02:00:00;21,5;1.234,25;läuft;1\n"
        "27.11.2026 02:00:01;;1,5;Bad;2\n"
        "irgendwann;1;1;1;1\n"
    )
    file.write_bytes(text.encode("cp1252"))
    sink = once(
        file, "Zeit", time_format="%d.%m.%Y %H:%M:%S", zone="Europe/Berlin", separator=";", decimal=",",
        encoding="cp1252", skip_lines=1, units_row=True,
        tags=(TableTag("Temperatur", "OVEN.TEMPERATURE", scale=2.0, low=0, high=300),),
    )  # fmt: skip
    assert series(sink, "OVEN.TEMPERATURE") == [(0, 43.0)]
    assert series(sink, "Druck") == [(0, 1234.25), (10**9, 1.5)]
    assert series(sink, "Zustand") == [(0, "läuft"), (10**9, None)]
    assert (sink.last("Zustand").quality, sink.last("Zustand").status) == (Quality.BAD, "Bad")
    assert all(r.history for r in sink.rows)
    tags = {t.name: t for t in sink.tags}
    assert (tags["OVEN.TEMPERATURE"].ucum, tags["Druck"].ucum, tags["OVEN.TEMPERATURE"].high) == ("Cel", "bar", 300)
    assert tags["Menge"].description == "unit: Stk" and tags["Druck"].source == "werk"
    assert any("1 rows have no usable time (the first: 'irgendwann')" in s for s in sink.said)


def test_a_long_table_with_quality(tmp_path: Path) -> None:
    file = tmp_path / "historian.csv"
    file.write_text(
        "ts,tag,val,q\n1795741200,A,1.5,192\n1795741201,A,2.5,64\n1795741202,A,3.5,24\n1795741203,B,open,Good\n"
        "1795741204,A,No Data,192\n"
    )
    sink = once(file, "ts", time_format="s", name_column="tag", value_column="val", quality_column="q")
    assert series(sink, "A") == [(0, 1.5), (10**9, 2.5), (2 * 10**9, 3.5), (4 * 10**9, None)]
    assert [(r.quality, r.status) for r in sink.rows] == [
        (Quality.GOOD, None), (Quality.UNCERTAIN, "64"), (Quality.BAD, "24"), (Quality.GOOD, None),
        (Quality.BAD, "No Data"),
    ]  # fmt: skip
    assert series(sink, "B") == [(3 * 10**9, "open")]


@pytest.mark.parametrize("kind", ["naive", "aware", "ns", "text", "ms"])
def test_parquet_with_each_kind_of_time(tmp_path: Path, kind: str) -> None:
    moments = [datetime(2026, 11, 27, 1, 0, second, tzinfo=UTC) for second in range(3)]
    column = pl.Series("time", moments)
    if kind == "naive":
        column = column.dt.convert_time_zone("Europe/Berlin").dt.replace_time_zone(None)
    elif kind == "ns":
        column = column.dt.replace_time_zone(None).cast(pl.Datetime("ns"))
    elif kind == "text":
        column = pl.Series("time", [m.isoformat() for m in moments])
    elif kind == "ms":
        column = column.dt.timestamp("ms").alias("time")
    frame = pl.DataFrame([column, pl.Series("x", [1.0, None, float("nan")]), pl.Series("on", [True, False, None])])
    frame = frame.with_columns(
        pl.Series('a "b"', ["x", None, "y"]), pl.Series("d", ["1.25"] * 3).cast(pl.Decimal(8, 2))
    )
    frame.write_parquet(tmp_path / "a.parquet")
    sink = once(tmp_path, zone="UTC" if kind == "ns" else "Europe/Berlin", time_format="ms" if kind == "ms" else "iso")
    assert series(sink, "x") == [(0, 1.0), (2 * 10**9, None)]
    assert sink.last("x").status == "not_a_number"
    assert series(sink, "on") == [(0, 1.0), (10**9, 0.0)]
    assert series(sink, 'a "b"') == [(0, "x"), (2 * 10**9, "y")]
    assert {value for _, value in series(sink, "d")} == {1.25}


def csv(first: int, count: int, newline: bool = True) -> str:
    lines = [f"{1_795_741_200 + at},{at}" for at in range(first, first + count)]
    return "\n".join(lines) + ("\n" if newline else "")


def test_a_watched_folder_takes_each_content_once(tmp_path: Path) -> None:
    folder, state = tmp_path / "in", tmp_path / "state" / "taken.json"
    folder.mkdir()
    (folder / "a.csv").write_text("time,V\n" + csv(0, 5))
    settings = TableFile(folder, "time", time_format="s", state=state, **QUICK)
    with running(KIND, settings) as sink:
        until(lambda: len(sink.rows) == 5)
        (folder / "copy.csv").write_text("time,V\n" + csv(0, 5))
        (folder / "b.csv").write_text("time,V\n" + csv(5, 5))
        os.utime(folder / "a.csv")
        until(lambda: len(sink.rows) == 10)
        time.sleep(0.8)
        assert [v for _, v in series(sink, "V")] == list(range(10))
    with running(KIND, settings) as sink:  # after a restart
        time.sleep(0.8)
        assert not sink.rows and not sink.downs()
    assert json.loads(state.read_text())["contents"]
    assert sorted(p.name for p in folder.iterdir()) == ["a.csv", "b.csv", "copy.csv"]  # nothing is moved or removed


def test_a_file_that_grows_gives_its_new_rows(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("time,V\n" + csv(0, 5))
    settings = TableFile(file, "time", time_format="s", state=tmp_path / "s.json", **QUICK)
    with running(KIND, settings) as sink:
        until(lambda: len(sink.rows) == 5)
        with file.open("a") as out:
            out.write(csv(5, 3))
        until(lambda: len(sink.rows) == 8)
    with file.open("a") as out:
        out.write(csv(8, 2))
    with running(KIND, settings) as sink:
        until(lambda: len(sink.rows) == 2)
        assert [v for _, v in series(sink, "V")] == [8, 9]


def test_a_file_that_is_being_written_waits_until_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "slow.csv"
    settings = TableFile(tmp_path, "time", time_format="s", **{**QUICK, "settle": 0.5})
    file.write_text("time,V\n")
    with running(KIND, settings) as sink:
        for at in range(8):
            with file.open("a") as out:
                out.write(csv(at, 1, newline=False))
                out.flush()
                time.sleep(0.15)
                assert not sink.rows
                out.write("\n")
        until(lambda: len(sink.rows) == 8)
        assert [v for _, v in series(sink, "V")] == list(range(8))
        # Half a number at the end without a line end: not taken at once, as it may go on.
        with file.open("a") as out:
            out.write("1795741208,12")
        time.sleep(1.2)
        assert len(sink.rows) == 8
        with file.open("a") as out:
            out.write("34\n")
        until(lambda: len(sink.rows) == 9)
        assert sink.last("V").value == 1234.0


def test_what_is_no_table_is_told_once_and_the_others_are_taken(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 half")
    (tmp_path / "ragged.csv").write_text("time,V\n1,2,3\n")
    (tmp_path / "columns.csv").write_text("zeit,V\n1,2\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"\xff\x00time,V\n")
    (tmp_path / "good.csv").write_text("time,V\n" + csv(0, 2))
    with running(KIND, TableFile(tmp_path, "time", time_format="s", **QUICK)) as sink:
        until(lambda: len(sink.rows) == 2)
        time.sleep(1.0)
    told = {
        name: [s for s in sink.said if s.startswith(name)]
        for name in ("broken", "ragged", "columns", "empty", "binary")
    }
    assert all(len(lines) == 1 for lines in told.values()), told
    assert "no whole Parquet" in told["broken"][0]
    assert "more cells than the header" in told["ragged"][0]
    assert "no column 'time'; it has 'zeit', 'V'" in told["columns"][0]
    assert "encoding" in told["binary"][0]


def test_a_full_disk_of_ours_loses_and_doubles_nothing(tmp_path: Path) -> None:
    file = tmp_path / "big.csv"
    file.write_text("time,V\n" + csv(0, 50_000))
    sink = MemorySink()
    with running(KIND, TableFile(file, "time", time_format="s", state=tmp_path / "s.json", **QUICK), sink):
        until(lambda: len(sink.rows) >= 20_000)
        sink.full = True
        until(lambda: sink.downs() or len(sink.rows) == 50_000)
        sink.full = False
        until(lambda: len(sink.rows) >= 50_000)
        time.sleep(0.5)
    assert [v for _, v in series(sink, "V")] == list(range(50_000))


def test_a_state_that_cannot_be_used_is_told_before_anything_is_taken_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,V\n" + csv(0, 2))
    state = tmp_path / "state.json"
    state.write_text("{half")
    sink = once(tmp_path, time_format="s", state=state)
    assert not sink.rows and "state" in sink.downs()[0] and "remove it" in sink.downs()[0]


def test_a_folder_that_is_not_mounted_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    with running(KIND, TableFile(folder, "time", time_format="s", **QUICK)) as sink:
        until(sink.downs)
        assert "mounted" in sink.downs()[0]
        folder.mkdir()
        (folder / "a.csv").write_text("time,V\n" + csv(0, 2))
        until(lambda: len(sink.rows) == 2)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"name_column": "tag"}, "value_column"),
        ({"quality_column": "q"}, "quality_column"),
        ({"only": True}, "only"),
        ({"decimal": ","}, "separator"),
        ({"encoding": "ebcdic-x"}, "encoding"),
        ({"zone": "Mars"}, "zone"),
        ({"time_format": "unix"}, "time_format"),
        ({"tags": (TableTag("A"), TableTag("A"))}, "tags[1].column"),
    ],
)
def test_wrong_settings_name_the_field(other: dict[str, Any], field: str) -> None:
    assert KIND.check is not None
    assert [f for f, _ in KIND.check(TableFile(Path("x"), "time", **other))] == [field]
