"""`linewarden analyse`, `energy`, `oee` and `trends` as a person and a program see them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.cli import main
from tests.protocols import harness

MONDAY = 1_767_571_200  # 2026-01-05 00:00 UTC
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Four weeks of a line by the quarter of an hour; on the 22nd day the oven runs away from its power."""
    dice = np.random.default_rng(4)
    n = 28 * 96
    at = MONDAY + np.arange(n) * 900
    hour, weekday = (at % 86400) / 3600, (at // 86400 + 3) % 7
    runs = (hour >= 6) & (hour < 22) & (weekday < 5)
    power = 12 + 60 * runs + dice.normal(0, 0.5, n)
    oven = 20 + 2.5 * power + dice.normal(0, 0.5, n)
    oven[21 * 96 + 40 : 21 * 96 + 60] += 30
    good = np.cumsum(np.where(runs, 25, 0))
    table = pl.DataFrame({"time": at * 1000, "Power_kW": power, "Oven_degC": oven, "Good": good, "note": ["x"] * n})
    table = table.with_columns(pl.col("time").cast(pl.Datetime("ms")))
    table.write_csv(tmp_path / "line.csv")
    return tmp_path / "line.csv"


def test_a_report_beside_the_file_and_the_moment_in_the_summary(export: Path, capsys: Capture) -> None:
    assert main(["analyse", str(export), "--without", "Good"]) == 0
    out = capsys.readouterr().out
    assert "2026-01-26 1" in out and "Oven_degC" in out and "Next" in out
    page = (export.parent / "line-analysis.html").read_text()
    assert "Oven_degC" in page and "Content-Security-Policy" in page and "style=" not in page


def test_json_has_the_findings(export: Path, capsys: Capture) -> None:
    args = ["analyse", str(export), "--json", "--no-report", "--without", "Good", "--normal", "2026-01-05..2026-01-18"]
    assert main(args) == 0
    told = json.loads(capsys.readouterr().out)
    (first, *_) = told["moments"]
    assert abs(first["from"] - (MONDAY + (21 * 96 + 40) * 900)) < 4 * 900
    assert first["because"][0]["tag"] in ("Oven_degC", "Power_kW")
    assert told["learned"][0] == MONDAY and told["learned"][1] == MONDAY + 14 * 86400
    assert told["energy"]["prices_are_examples"] is True
    assert told["energy"]["base_kw"] == pytest.approx(12, abs=1)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--normal", "yesterday"], "--normal"),
        (["--normal", "2026-02-01..2026-01-01"], "ends before"),
        (["--normal", "2030-01-01..2030-02-01"], "0 rows"),
        (["--zone", "Mars/Olympus"], "no time zone"),
        (["--tariff", "nope.toml"], "nope.toml"),
        (["--no-report", "--report", "x.html"], "one of them"),
    ],
)
def test_wrong_options_are_named(export: Path, args: list[str], says: str, capsys: Capture) -> None:
    assert main(["analyse", str(export), *args]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
    assert not list(export.parent.glob("*.html"))


def test_a_file_that_is_none(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.csv").write_bytes(b"\x00\x01")
    assert main(["analyse", str(tmp_path / "a.csv")]) == 2
    assert "neither Parquet nor CSV" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.html"))


def test_one_column_and_few_rows(tmp_path: Path, capsys: Capture) -> None:
    pl.DataFrame({"x": [1.0, 2.0, 3.0]}).write_csv(tmp_path / "a.csv")
    assert main(["analyse", str(tmp_path / "a.csv")]) == 0
    assert "Nothing was judged: 3 rows" in capsys.readouterr().out
    dice = np.random.default_rng(3)
    pl.DataFrame({"x": np.append(dice.normal(size=900), dice.normal(9, 1, 100))}).write_csv(tmp_path / "b.csv")
    assert main(["analyse", str(tmp_path / "b.csv"), "--json"]) == 0
    assert any(890 <= m["from"] <= 910 for m in json.loads(capsys.readouterr().out)["moments"])


def test_hundreds_of_columns(tmp_path: Path, capsys: Capture) -> None:
    dice = np.random.default_rng(3)
    hidden = dice.normal(size=(1500, 5))
    rows = hidden @ dice.normal(size=(5, 240)) + dice.normal(0, 0.3, (1500, 240))
    rows[1200:1230, 17] += 9
    pl.DataFrame(rows, schema=[f"t{k:03d}" for k in range(240)]).write_parquet(tmp_path / "a.parquet")
    assert main(["analyse", str(tmp_path / "a.parquet"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["tags"]) == 240
    assert any(m["because"][0]["tag"] == "t017" and 1195 <= m["from"] <= 1215 for m in told["moments"])


# --- energy ---


def test_energy_with_a_tariff_shifts_and_pieces(export: Path, capsys: Capture) -> None:
    tariff = export.parent / "tariff.toml"
    tariff.write_text('[tariff]\ncurrency = "CHF"\nenergy = 0.2\ndemand = 0\n')
    args = [
        "energy",
        str(export),
        "--tariff",
        str(tariff),
        "--good",
        "Good",
        "--shift",
        "day=mon-fri 06:00-22:00",
        "--json",
    ]
    assert main(args) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["currency"] == "CHF" and told["prices_are_examples"] is False
    assert told["bill"]["total"] == pytest.approx(told["kwh"] * 0.2)
    assert told["shifts"][0]["mean_kw"] == pytest.approx(72, abs=2)
    assert told["per_piece"]["good"] == pytest.approx(20 * 64 * 25, rel=0.01)
    assert told["per_piece"]["fixed_kw"] == pytest.approx(12, abs=2)
    assert main(args[:-1]) == 0
    out = capsys.readouterr().out
    assert "CHF" in out and "Each good piece" in out


def test_energy_says_what_is_missing(export: Path, capsys: Capture) -> None:
    other = export.parent / "other.csv"
    pl.read_csv(export).rename({"Power_kW": "P"}).write_csv(other)
    assert main(["energy", str(other)]) == 2
    assert "--tag and --kind" in capsys.readouterr().err
    assert main(["energy", str(other), "--tag", "P", "--kind", "power", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["base_kw"] == pytest.approx(12, abs=1)
    assert main(["energy", str(export), "--tag", "Nope"]) == 2
    assert "'Nope'" in capsys.readouterr().err
    assert main(["energy", str(export), "--shift", "6-14"]) == 2
    assert "--shift: '6-14'" in capsys.readouterr().err


def test_the_next_slot_is_foretold_with_an_interval(export: Path, capsys: Capture) -> None:
    assert main(["energy", str(export), "--forecast", "--json"]) == 0
    following = json.loads(capsys.readouterr().out)["next"]
    assert following["at"] == MONDAY + 28 * 86400 - 900 or following["at"] == MONDAY + 28 * 86400
    assert following["low"] <= following["kwh"] <= following["high"]
    assert following["kwh"] == pytest.approx(3.0, abs=1.5)


# --- oee ---


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """One early shift by the minute: 6:00-14:00, a stop of 45 min, a piece a minute, one in 20 is bad."""
    minutes = np.arange(8 * 60 + 1)
    state = np.where((minutes >= 120) & (minutes < 165), "Fault", "Auto")
    state = np.where((minutes >= 240) & (minutes < 270), "Break", state)
    made = np.cumsum(np.append(0, state[:-1] == "Auto"))
    rows = {"time": [f"2026-06-01 {6 + m // 60:02d}:{m % 60:02d}:00" for m in minutes], "State": state, "Made": made,
            "Bad": made // 20}  # fmt: skip
    pl.DataFrame(rows).write_csv(tmp_path / "line.csv")
    return tmp_path / "line.csv"


OEE = [
    "--state",
    "State",
    "--run",
    "Auto",
    "--stop",
    "Fault",
    "--planned",
    "Break",
    "--made",
    "Made",
    "--rejected",
    "Bad",
]


def test_oee_of_a_shift(line: Path, capsys: Capture) -> None:
    args = ["oee", str(line), *OEE, "--ideal", "54", "--shift", "early=mon-fri 06:00-14:00", "--zone", "Europe/Berlin"]
    assert main([*args, "--by", "shift", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["planned_h"] == pytest.approx(7.5)
    assert told["availability"] == pytest.approx(405 / 450)
    assert told["performance"] == pytest.approx(405 * 54 / (405 * 60))
    assert told["quality"] == pytest.approx(1 - 20 / 405)
    assert told["reasons_h"] == {"state Fault": pytest.approx(0.75)}
    assert told["by"][0]["name"] == "early"
    assert main([*args, "--by", "day"]) == 0
    out = capsys.readouterr().out
    assert "availability 90.0%" in out and "2026-06-01" in out


def test_oee_without_a_state_or_an_ideal(line: Path, capsys: Capture) -> None:
    assert main(["oee", str(line), "--made", "Made", "--ideal", "60", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["losses_h"]["stops"] == pytest.approx(75 / 60, abs=0.05)
    assert main(["oee", str(line), *OEE]) == 0
    assert "need --ideal" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "--state"),
        (["--state", "State"], "--run"),
        (["--state", "State", "--run", "9"], "it is Auto, Break, Fault"),
        (["--state", "Stat", "--run", "9"], "no column 'Stat'"),
        (["--made", "Made"], "--ideal"),
        (["--made", "Made", "--ideal", "0"], "--ideal"),
        (["--state", "State", "--run", "Auto", "--stop", "Auto"], "stands in --run"),
        (["--made", "Made", "--ideal", "60", "--shift", "sun 01:00-02:00"], "no shift lies"),
    ],
)
def test_oee_says_what_is_wrong(line: Path, args: list[str], says: str, capsys: Capture) -> None:
    assert main(["oee", str(line), *args]) == 2
    assert says in capsys.readouterr().err


# --- trends, and lakes ---


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    messages = []
    for tid in range(1, 40):
        values = (7, 100 + tid % 5)
        messages.append(("c", struct.pack("!HHHBBHH", tid, 0, 6, 1, 3, 40, 2)))
        messages.append(("s", struct.pack("!HHHBBB2H", tid, 0, 7, 1, 3, 4, *values)))
    capture = tmp_path / "poll.pcap"
    capture.write_bytes(harness.pcap(harness.tcp_frames(messages, 502, client_port=50_000)))
    assert main(["read", str(capture), "--out", str(tmp_path / "lake"), "--quiet"]) == 0
    return tmp_path / "lake"


def test_trends_of_a_file_and_of_a_lake(export: Path, lake: Path, capsys: Capture) -> None:
    assert main(["trends", str(export)]) == 0
    assert "Oven_degC" in capsys.readouterr().out
    assert main(["trends", str(export), "--tag", "Oven_degC"]) == 0
    assert "█" in capsys.readouterr().out
    assert main(["trends", str(export), "--tag", "Nope"]) == 2
    capsys.readouterr()
    assert main(["trends", str(lake), "--json"]) == 0
    told = {t["tag"].split(" ", 1)[1]: t for t in json.loads(capsys.readouterr().out)}
    assert (told["holding_register 41"]["min"], told["holding_register 41"]["max"]) == (100, 104)
    assert main(["trends", str(lake)]) == 0


def test_oee_of_a_lake(lake: Path, capsys: Capture) -> None:
    assert main(["trends", str(lake), "--json"]) == 0
    name = next(t["tag"] for t in json.loads(capsys.readouterr().out) if t["tag"].endswith("41"))
    assert main(["oee", str(lake), "--state", name, "--run", "100,101", "--stop", "102,103,104", "--json"]) == 0
    assert 0 < json.loads(capsys.readouterr().out)["availability"] < 1
    assert main(["oee", str(lake), "--state", "nope", "--run", "1"]) == 2
    assert "no tag 'nope'" in capsys.readouterr().err


def test_every_row_is_judged_where_that_is_asked_for(export: Path, capsys: Capture) -> None:
    table = pl.read_csv(export, try_parse_dates=True)
    table.write_parquet(export.with_suffix(".parquet"))
    out = export.with_name("verdicts.parquet")
    args = ["analyse", str(export.with_suffix(".parquet")), "--no-report", "--without", "Good", "--scores", str(out)]
    assert main(args) == 0
    told = pl.read_parquet(out)
    assert told.get_column("time").to_list() == table.get_column("time").to_list()
    runaway = told[21 * 96 + 44 : 21 * 96 + 60]
    assert runaway.get_column("alarm").mean() > 0.8 and "Oven_degC" in runaway.get_column("reasons")[8]
    assert told[: 9 * 96].get_column("alarm").mean() < 0.02
    assert main(["analyse", str(export), "--no-report", "--scores", str(out)]) == 2
    assert "is no Parquet file" in capsys.readouterr().err
