"""The records behind a notice."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from linewarden.cli import main
from linewarden.service.evidence import evidence, evidence_of, plain
from linewarden.service.lake import Lake, open_lake
from tests.cli.test_detect import CONFIRM_COTP, REQUEST_DOWNLOAD, SETUP_COTP, s7
from tests.protocols import harness


def lake_of(tmp_path: Path, *began: int) -> Lake:
    """A download, recorded at each of these times (s) under one and the same name."""
    messages = [("c", SETUP_COTP), ("s", CONFIRM_COTP), ("c", REQUEST_DOWNLOAD), ("s", s7(3, b"\x1a\0", b"\0\0"))]
    frames = harness.tcp_frames(messages, 102, client_port=50_000)
    path = tmp_path / "plant.pcap"
    for start in began:
        path.write_bytes(harness.pcap(frames, start_s=start))
        assert main(["read", str(path), "--out", str(tmp_path / "lake"), "--quiet"]) == 0
    assert main(["detect", str(tmp_path / "lake"), "--write", "--only", "program_download", "--json"]) == 0
    return open_lake(tmp_path / "lake")


def notices(lake: Lake) -> pl.DataFrame:
    rows = pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in lake.files("notice")])
    return rows.filter(~pl.col("again")).with_columns(pl.col("ts").to_physical()).sort("ts")


def test_what_was_said_in_the_packet_of_a_notice(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, 1_700_000_000)
    (notice,) = notices(lake).to_dicts()
    records = evidence(lake, notice["notice_id"])
    assert {"command", "s7comm"} <= {r.stream for r in records}
    assert "notice" not in {r.stream for r in records}
    for record in records:
        assert (record.uid, record.capture, record.frame) == (notice["uid"], "plant.pcap", notice["frame"])
        assert not {"ts", "uid", "frame", "capture"} & set(record.fields)
    (command,) = (r for r in records if r.stream == "command")
    assert command.fields["protocol"] == "s7comm"
    assert command.ts == notice["ts"]


def test_a_capture_of_the_same_name_of_another_day_is_another(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, 1_700_000_000, 1_700_000_000 + 3 * 86_400)
    rows = notices(lake).to_dicts()
    assert len(rows) == 2
    found = evidence_of(lake, [r["notice_id"] for r in rows])
    for row in rows:
        records = found[row["notice_id"]]
        assert records and all(abs(r.ts - row["ts"]) < 86_400 * 10**9 for r in records)


def test_a_notice_that_there_is_not_has_none(tmp_path: Path) -> None:
    assert evidence(lake_of(tmp_path, 1_700_000_000), "no such notice") == ()


def test_values_that_json_does_not_know_are_text() -> None:
    """A device may send any float."""
    value = [1.5, float("nan"), float("-inf"), None, "x", 7]
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == [1.5, "nan", "-inf", None, "x", 7]
