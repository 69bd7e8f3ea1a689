"""`linewarden tags`: values of a capture that is made here, as a person and a program see them."""

from __future__ import annotations

import csv
import io
import json
import struct
from pathlib import Path

import pytest

from linewarden.cli import main
from tests.protocols import harness

VALUES = ([7, 100], [7, 140], [7, 120])


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    messages = []
    for tid, values in enumerate(VALUES, 1):
        messages.append(("c", struct.pack("!HHHBBHH", tid, 0, 6, 1, 3, 40, 2)))
        messages.append(("s", struct.pack("!HHHBBB2H", tid, 0, 7, 1, 3, 4, *values)))
    capture = tmp_path / "poll.pcap"
    capture.write_bytes(harness.pcap(harness.tcp_frames(messages, 502, client_port=50_000)))
    assert main(["read", str(capture), "--out", str(tmp_path / "lake"), "--quiet"]) == 0
    return tmp_path / "lake"


def test_what_moves_comes_first_with_its_range(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", str(lake), "--json"]) == 0
    moving, still = json.loads(capsys.readouterr().out)
    assert (moving["area"], moving["address"]) == ("holding_register", 41)
    assert (moving["min"], moving["mean"], moving["max"], moving["last"]) == (100, 120, 140, 120)
    assert (still["address"], still["min"], still["max"], still["count"]) == (40, 7, 7, 3)
    course = [v for v in moving["course"] if v is not None]
    assert course[0] == 100 and course[-1] == 120


def test_a_person_sees_a_course(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", str(lake)]) == 0
    out = capsys.readouterr().out
    assert "holding_register 41" in out and "█" in out and "▁" in out


def test_csv_and_one_device(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", str(lake), "--csv", "--device", "10.0.0.2"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [r["address"] for r in rows] == ["41", "40"]


@pytest.mark.parametrize("device", ["10.9.9.9", "x' OR '1'='1"])
def test_nothing_there_says_what_to_do(lake: Path, device: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", str(lake), "--device", device]) == 4
    assert "no process values" in capsys.readouterr().err


def test_a_unit_is_said_shown_and_converted(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ucum=bar", "alias=Filler pressure", "low=0", "high=200"]
    assert main(["tags", "set", str(lake), "holding_register 41", *words]) == 0
    assert "Filler pressure" in capsys.readouterr().out
    assert main(["tags", str(lake)]) == 0
    out = capsys.readouterr().out
    assert "Filler pressure (holding_register 41)" in out
    assert "bar" in out
    assert main(["tags", str(lake), "--in", "kPa", "--json"]) == 0
    (tag,) = json.loads(capsys.readouterr().out)
    assert (tag["min"], tag["mean"], tag["max"], tag["last"]) == (10_000, 12_000, 14_000, 12_000)
    assert (tag["ucum"], tag["low"], tag["high"]) == ("kPa", 0, 20_000)
    assert main(["tags", str(lake), "--in", "Cel"]) == 2
    assert "tags set" in capsys.readouterr().err


def test_a_wrong_unit_is_said_with_the_nearest(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", "set", str(lake), "holding_register 41", "ucum=degC"]) == 2
    assert "did you mean `Cel`?" in capsys.readouterr().err
    assert main(["tags", "set", str(lake), "holding_register 41", "ucum"]) == 2
    assert "FIELD=VALUE" in capsys.readouterr().err
    assert main(["tags", "set", str(lake), "holding_register 99", "ucum=m"]) == 2
    assert "no such tag" in capsys.readouterr().err


def test_a_table_goes_out_and_comes_back(lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags", str(lake), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for row in rows:
        row["ucum"], row["line"] = "mm", "Line 1"
    table = tmp_path / "t.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["tags", "import", str(lake), str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"tags": 2, "changed": 2, "unseen": 0}
    assert main(["tags", str(lake), "--json"]) == 0
    assert {(t["ucum"], t["line"]) for t in json.loads(capsys.readouterr().out)} == {("mm", "Line 1")}
