"""Reading as a library call."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from linewarden import plant
from linewarden.errors import ConfigError, StoreError
from linewarden.sensor.sensor import Sensor, streams
from linewarden.service.reading import WANTED, Settings, read_captures, taken
from linewarden.wire.captures import find_captures
from tests.cli.conftest import capture


def test_the_fold_gets_all_that_it_reads() -> None:
    assert WANTED == plant.STREAMS
    assert set(taken()) == plant.STREAMS & {s.name for s in streams()}


def test_progress_ends_at_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(capture(3))
    steps = []
    result = read_captures(find_captures([str(path)]), on_step=steps.append)
    assert steps[-1].packets == result.totals.packets == 11
    assert steps[-1].read == steps[-1].total == path.stat().st_size


def test_a_named_pipe_loses_no_byte(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(capture(3),))
    writer.start()
    result = read_captures(find_captures([str(pipe)]), out=tmp_path / "lake")
    writer.join()
    assert result.totals.packets == 11


def test_settings_reach_the_records(tmp_path: Path) -> None:
    import polars as pl

    path = tmp_path / "x.pcap"
    path.write_bytes(capture(3))
    read_captures(find_captures([str(path)]), out=tmp_path / "lake", settings=Settings("north", "tap-1", 5.0))
    conn = pl.scan_parquet(tmp_path / "lake/stream=conn/**/*.parquet", hive_partitioning=True).collect()
    assert conn["site"].to_list() == ["north"]
    assert conn["sensor"].to_list() == ["tap-1"]


@pytest.mark.parametrize(
    "settings",
    [Settings(site=""), Settings(site=".x"), Settings(site="a/b"), Settings(sensor=""), Settings(sensor="\n")],
)
def test_settings_that_make_no_path(settings: Settings) -> None:
    with pytest.raises(ConfigError):
        settings.check()


def test_a_bad_lake_leaves_the_capture_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(capture(3))
    steps = []
    with pytest.raises(StoreError):
        read_captures(find_captures([str(path)]), out=path, on_step=steps.append)
    assert steps == []


def test_who_only_writes_rows_needs_no_tables(tmp_path: Path) -> None:
    """Rows of the common streams come into a lake; a protocol's own are not known then."""
    sensor = Sensor(lake=tmp_path, reads=False)
    sensor.append(
        "binding", [(10**18, "", "s", "c.pcap", 1, "02:00:00:00:00:01", "10.0.0.1", None, "arp", 1, None, None)]
    )
    ((stream, _, rows, _),) = sensor.finish()
    assert (stream, rows) == ("binding", 1)
    with pytest.raises(ValueError, match="no stream modbus"):
        Sensor(reads=False).append("modbus", [()])
