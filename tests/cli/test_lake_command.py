"""`linewarden lake`."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from linewarden.sensor.sensor import Live, Sensor
from linewarden.service import lake_files
from tests.cli.conftest import Run

NS = 1_700_000_000 * 10**9


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    place = tmp_path / "lake"
    sensor = Sensor(lake=place, prefix="live-local", live=True)
    for n in range(30):
        row = (NS + n, "C1", "local", "lo", n, "10.0.0.1", "modbus", "test", *[None] * 14)
        sensor.append("identity", [row])
        sensor.flush(Live((), 0, (), 0, 0, 0))
    sensor.finish()
    old = time.time() - 3_600
    for file in place.rglob("*"):
        os.utime(file, (old, old))
    return place


def test_compact_info_and_files_agree(run: Run, lake: Path) -> None:
    before = run("lake", "info", lake, "--json").json
    assert [(s["stream"], s["files"], s["rows"]) for s in before] == [("identity", 30, 30)]
    assert (before[0]["first_day"], before[0]["last_day"], before[0]["damaged"]) == ("2023-11-14", "2023-11-14", [])
    done = run("lake", "compact", lake, "--json").json
    assert (done["files"], done["merged"], done["rows"], done["problems"]) == (30, 1, 30, [])
    after = run("lake", "info", lake, "--json").json
    assert [(s["files"], s["rows"]) for s in after] == [(1, 30)]
    paths = run("lake", "files", lake, "identity").out.splitlines()
    assert paths == [str(f) for f in lake_files.files(lake / "stream=identity")]
    assert [f["path"] for f in run("lake", "files", lake, "--json").json] == paths
    assert run("query", lake, "SELECT count(*) AS n FROM identity", "--json").json == [{"n": 30}]
    assert "nothing to merge" in run("lake", "compact", lake).out
    assert "30 rows" in run("lake", "info", lake).out


def test_retain_tells_before_it_does(run: Run, lake: Path) -> None:
    told = run("lake", "retain", lake, "--days", "30", "--dry-run")
    assert "2023-11-14" in told.out
    assert "would go" in told.out
    assert run("query", lake, "SELECT count(*) AS n FROM identity", "--json").json == [{"n": 30}]
    kept = run("lake", "retain", lake, "--days", "30", "--days", "identity=36500", "--json").json
    assert kept["removed"] == []
    gone = run("lake", "retain", lake, "--max-gb", "0.000000001", "--json").json
    assert [d["stream"] for d in gone["removed"]] == ["identity"]
    assert not lake_files.files(lake / "stream=identity")
    assert run("query", lake, "SELECT 1").code == 4


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (["retain", "LAKE"], 2, "--days"),
        (["retain", "LAKE", "--days", "soon"], 2, "--days soon"),
        (["retain", "LAKE", "--days", "conn=-3"], 2, "days of conn"),
        (["files", "LAKE", "nothing"], 6, "it has: identity"),
        (["compact", "nowhere"], 4, "no such folder"),
        (["info", "nowhere"], 4, "no such folder"),
    ],
)
def test_mistakes_are_one_line_with_the_way_out(run: Run, lake: Path, argv: list[str], code: int, says: str) -> None:
    ran = run("lake", *(lake if a == "LAKE" else a for a in argv))
    assert ran.code == code
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_a_damaged_file_is_named_and_the_rest_is_counted(run: Run, lake: Path) -> None:
    first, second = lake_files.files(lake / "stream=identity")[:2]
    first.write_bytes(b"no Parquet")
    ran = run("lake", "info", lake)
    assert "29" in ran.out
    assert str(first) in ran.err
    shutil.copy(second, first)
    assert run("lake", "info", lake).err == ""


def test_two_at_a_time(run: Run, lake: Path) -> None:
    with lake_files.alone_at_work(lake):
        for command in (["compact", lake], ["retain", lake, "--days", "1"]):
            ran = run("lake", *command)
            assert (ran.code, ran.err.count("\n")) == (4, 1)
            assert "try again" in ran.err
