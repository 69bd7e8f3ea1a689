"""Over a lake and by the command line: learned, kept, judged, approved and forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.baseline.expected import Expected, Window
from linewarden.cli import main
from linewarden.errors import StoreError
from linewarden.sensor.sensor import Sensor
from linewarden.service.analysing.analysis import Analysis
from linewarden.service.analysing.over_lake import analyse_lake
from linewarden.service.analysing.settings import Analytics, Wanted
from linewarden.service.analysing.worth import who_may_tell
from linewarden.service.catalogue import streams_as_dicts
from linewarden.service.lake import open_lake
from tests.service.analysing.plant import BEGIN, KNOWN, PLC, SAID, STRANGER, command, heartbeat, readings
from tests.service.analysing.test_analysis import LEARNED, low_fill

COLUMNS = {s["name"]: [c["name"] for c in s["columns"]] for s in streams_as_dicts()}


def lake_of(path: Path, **frames: pl.DataFrame) -> Path:
    """A lake with these records, written as a sensor writes it."""
    sensor = Sensor(lake=path, site="default", prefix="test")
    for stream, frame in frames.items():
        plain = frame.with_columns(pl.col("ts").to_physical())
        there = set(plain.columns)
        rows = plain.select(*(pl.col(c) if c in there else pl.lit(None).alias(c) for c in COLUMNS[stream]))
        sensor.append(stream, rows.rows())
    sensor.finish()
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand good seconds."""
    folder = tmp_path_factory.mktemp("good")
    return lake_of(folder / "lake", reading=readings(range(LEARNED)), command=heartbeat(range(0, LEARNED, 10)))


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Then a stranger lowers the set-point."""
    folder = tmp_path_factory.mktemp("bad")
    return lake_of(
        folder / "lake",
        reading=readings(range(LEARNED, LEARNED + 700), low_fill),
        command=command(LEARNED + 99, STRANGER),
    )


def test_a_lake_tells_what_live_batches_tell(good: Path, bad: Path) -> None:
    taps: dict[str, Analysis] = {}
    assert analyse_lake(open_lake(good), SAID, known=KNOWN, taps=taps) == []
    over = analyse_lake(open_lake(bad), SAID, known=KNOWN, taps=taps)
    live = Analysis(SAID)
    live.know(KNOWN)
    live.take("command", heartbeat(range(0, LEARNED, 10)))
    live.take("reading", readings(range(LEARNED)))
    live.turn()
    live.end()
    live.take("command", command(LEARNED + 99, STRANGER))
    told = []
    rows = readings(range(LEARNED, LEARNED + 700), low_fill)
    for first in range(0, 700, 3):
        live.take("reading", rows.slice(first, 3))
        told += live.turn()
    told += live.end()
    assert [(t.ts, t.frame, t.notice) for t in told] == [(t.ts, t.frame, t.notice) for t in over]
    assert over[0].notice.note == "process_attack"


def test_a_short_lake_is_not_worth_it(tmp_path: Path) -> None:
    short = lake_of(tmp_path / "lake", reading=readings(range(30)))
    assert who_may_tell(open_lake(short), SAID, None) == {}


LONG = Analytics(wanted=Wanted(first_minutes=2, learn_hours=24))
"""Of which a thousand seconds are too few to tell what nothing explains."""


def device(frame: pl.DataFrame, address: str) -> pl.DataFrame:
    """The same of another device, a little later."""
    return frame.with_columns(
        pl.lit(address).alias("source"), pl.col("ts") + pl.duration(milliseconds=333, time_unit="ns")
    )


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set-point is lowered at one of several devices, of which some are heard for some seconds only."""
    folder = tmp_path_factory.mktemp("several")
    end = LEARNED + 700
    frames = [readings(range(LEARNED)), readings(range(LEARNED, end), low_fill)]
    frames += [device(readings(range(at, at + 90)), f"10.0.1.{at % 250}") for at in range(0, end, 120)]
    frames.append(device(readings(range(end)), "10.0.0.2"))
    done = [heartbeat(range(0, LEARNED, 10)), command(LEARNED + 99, STRANGER)]
    return lake_of(folder / "lake", reading=pl.concat(frames).sort("ts"), command=pl.concat(done))


@pytest.mark.parametrize("said", [SAID, LONG], ids=["known", "hardly known"])
def test_who_has_nothing_to_tell_is_left_out_and_nothing_else_changes(several: Path, said: Analytics) -> None:
    lake = open_lake(several)
    only = who_may_tell(lake, said, None)
    assert only == {"tap": {PLC, "10.0.0.2"}}
    everything, taps = analyse_lake(lake, said, known=KNOWN), dict[str, Analysis]()
    assert analyse_lake(lake, said, known=KNOWN, taps=taps, only=only) == everything
    assert len(everything) > 0
    assert set(taps["tap"].machines) == {PLC, "10.0.0.2"}


def test_time_passes_by_readings_that_are_not_looked_at() -> None:
    whole, parted = Analysis(SAID), Analysis(SAID)
    mine, others = readings(range(60)), device(readings(range(60, 90)), "10.0.0.2")
    whole.take("reading", pl.concat([mine, others]))
    parted.readings(mine, others.get_column("ts").to_physical().to_numpy() / 1e9)
    assert parted.clock == whole.clock == BEGIN + 89
    parted.readings(mine.clear(), np.array([BEGIN + 100.5]))
    assert parted.clock == BEGIN + 100


def test_what_has_no_reason_needs_time(good: Path) -> None:
    lake = open_lake(good)
    assert who_may_tell(lake, SAID, None) == {"tap": {PLC}}, "it is known"
    assert who_may_tell(lake, LONG, None) == {}
    assert analyse_lake(lake, LONG, known=KNOWN) == []
    window = Window("w", 0, 2**62, "work")
    assert who_may_tell(lake, LONG, Expected([window])) == {"tap": {PLC}}, "announced work is a reason"


def test_a_damaged_lake_is_said(bad: Path, tmp_path: Path) -> None:
    broken = lake_of(tmp_path / "lake", reading=readings(range(30)))
    next(broken.rglob("*.parquet")).write_bytes(b"PAR1 no more")
    with pytest.raises(StoreError):
        analyse_lake(open_lake(broken), SAID)


def config(folder: Path) -> str:
    file = folder / "linewarden.toml"
    file.write_text('[service]\n[secrets]\n[[sensor]]\nname = "tap"\ninterfaces = ["lo"]\n'
                    "[analytics]\nfirst_minutes = 2\nlearn_hours = 0.25\n")  # fmt: skip
    return str(file)


def test_the_commands(good: Path, bad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learned, said = str(tmp_path / "learned"), config(tmp_path)
    assert main(["analytics", "learn", str(good), "--out", learned, "--config", said, "--json"]) == 0
    (machine,) = json.loads(capsys.readouterr().out)
    assert (machine["machine"], machine["tags"], machine["known"]) == (PLC, 4, 1.0)
    assert main(["analytics", "show", learned, "--machine", PLC]) == 0
    assert "holding_register 1" in capsys.readouterr().out
    assert main(["detect", str(bad), "--analytics", learned, "--json"]) == 0
    notes = {n["note"] for n in json.loads(capsys.readouterr().out)}
    assert "process_attack" in notes
    assert main(["detect", str(bad), "--no-analytics", "--json"]) == 0
    assert not any(n["note"].startswith("process_") for n in json.loads(capsys.readouterr().out))
    times = [f"2023-11-14T22:{m}:00+00:00" for m in (30, 45)]
    assert main(["analytics", "approve", learned, PLC, "--lake", str(bad), "--since", times[0], "--until", times[1],
                 "--config", said]) == 0  # fmt: skip
    capsys.readouterr()
    assert main(["detect", str(bad), "--analytics", learned, "--json"]) == 0
    odd = [n for n in json.loads(capsys.readouterr().out) if n["note"].startswith("process_")]
    assert not any("shows 450" in n["msg"] for n in odd), "somebody said that 450 is normal"
    assert main(["analytics", "forget", learned, PLC, "--json"]) == 0
    (machine,) = json.loads(capsys.readouterr().out)
    assert machine["hours"] == 0
    assert main(["analytics", "forget", learned, "nobody"]) != 0
    assert "analytics show" in capsys.readouterr().err


def test_learning_twice_into_one_folder_is_asked_for(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learned = str(tmp_path / "learned")
    assert main(["analytics", "learn", str(good), "--out", learned]) == 0
    assert main(["analytics", "learn", str(good), "--out", learned]) != 0
    assert "--add" in capsys.readouterr().err


def test_notices_make_a_case(bad: Path, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learned, said = str(tmp_path / "learned"), config(tmp_path)
    both = lake_of(
        tmp_path / "lake", reading=readings(range(LEARNED, LEARNED + 700), low_fill),
        command=command(LEARNED + 99, STRANGER),
    )  # fmt: skip
    assert main(["analytics", "learn", str(good), "--out", learned, "--config", said]) == 0
    assert main(["detect", str(both), "--analytics", learned, "--write"]) == 0
    capsys.readouterr()
    assert main(["cases", str(both), "--json"]) == 0
    (case, *_) = json.loads(capsys.readouterr().out)
    assert any(e["note"] == "process_attack" for e in case["events"])
    assert BEGIN
