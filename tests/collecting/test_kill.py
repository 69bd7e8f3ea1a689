"""`kill -9` at any moment: what was acknowledged is in the lake, and nothing is there twice."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

PROGRAM = Path(__file__).with_name("program.py")
PATIENCE = 60
RUNS = 6


def config(folder: Path, run: int, most: int = 0) -> Path:
    file = folder / "c.toml"
    file.write_text(
        f'[service]\ndata = "data"\n[[collector]]\nkind = "counting"\nname = "meters"\nevery_s = 0.001\nsize = 20\n'
        f'most = {most}\nacknowledged = "run{run}"\n[[collector.meters]]\nname = "run{run}"\n'
    )
    return file


def collect(folder: Path, run: int, most: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(PROGRAM), "collect", str(config(folder, run, most)), "--quiet"]
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(command, stdout=said, stderr=said)


def acknowledged(folder: Path, run: int) -> int:
    file = folder / f"run{run}"
    return max(map(int, file.read_bytes().split(b"\n")[:-1]), default=0) if file.exists() else 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Root becomes somebody else, who may not be let into pytest's own."""
    with tempfile.TemporaryDirectory(prefix="linewarden-test-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_a_kill_loses_nothing_and_doubles_nothing(folder: Path, rows_of: Callable[[Path], pl.DataFrame]) -> None:
    dice = random.Random(7)
    for run in range(RUNS):
        process = collect(folder, run)
        end = time.monotonic() + PATIENCE
        while not acknowledged(folder, run) and time.monotonic() < end:
            assert process.poll() is None, (folder / "said").read_text()
            time.sleep(0.02)
        time.sleep(dice.uniform(0.0, 2.5))
        process.kill()
        process.wait(PATIENCE)
    assert collect(folder, RUNS, most=200).wait(PATIENCE) == 0, (folder / "said").read_text()

    rows = rows_of(folder / "data" / "lake")
    assert rows.select("capture", "frame").is_duplicated().sum() == 0
    assert rows.get_column("frame").min() == 1
    for run in range(RUNS + 1):
        values = rows.filter(pl.col("name") == f"run{run}").get_column("values").list.first().to_list()
        assert len(values) == len(set(values)), f"run {run}: some are there twice"
        last = acknowledged(folder, run)
        assert last > 0
        assert set(range(1, last + 1)) <= {int(v) for v in values}, f"run {run}: some are lost"


def test_a_second_one_is_told_that_it_is_not_alone(folder: Path) -> None:
    first = collect(folder, 0)
    end = time.monotonic() + PATIENCE
    while not acknowledged(folder, 0) and time.monotonic() < end:
        time.sleep(0.02)
    second = collect(folder, 1)
    assert second.wait(PATIENCE) == 4
    first.terminate()
    assert first.wait(PATIENCE) == 0
    assert "another `serve` or `collect`" in (folder / "said").read_text()
