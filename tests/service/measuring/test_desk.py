"""Questions are answered apart, kept for a while, and end in their time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.errors import BusyError, ConfigError, QueryError
from linewarden.service.measuring import Measures, desk, reading
from linewarden.service.values.tag import TagKey

KEY = TagKey("10.0.0.5", "modbus", 1, "holding_register", None, 40)
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
BEGAN_NS = int(BEGAN.timestamp()) * 1_000_000_000
DAY_NS = 86_400_000_000_000


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A day of a reading each minute: 3 kW, and a counter that has 2 kWh more each time."""
    write(tmp_path / "lake", "live-00001.parquet", range(1_440))
    return tmp_path / "lake"


def write(lake: Path, name: str, minutes: range) -> None:
    rows = [
        {"ts": BEGAN + timedelta(minutes=n), "source": KEY.source, "protocol": KEY.protocol, "unit": KEY.unit,
         "name": None, "area": KEY.area, "start": 40, "values": [3.0, 2.0 * n]}
        for n in minutes
    ]  # fmt: skip
    types: dict[str, Any] = {"ts": pl.Datetime("ns", "UTC"), "unit": pl.Int64, "name": pl.String, "start": pl.Int64}
    folder = lake / "stream=reading/site=here/date=2026-03-01"
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types).write_parquet(folder / name)


def question(**more: Any) -> dict[str, Any]:
    return {
        "key": list(KEY), "tag": "t", "kind": "power", "stated": True, "scale": 1.0, "start": BEGAN_NS,
        "end": BEGAN_NS + DAY_NS, "zone": "UTC", "shifts": [], "tariff": None, "forecast": False, **more,
    }  # fmt: skip


def test_a_meter_says_what_it_took(lake: Path) -> None:
    found = Measures(lake).ask("energy", question(), 1)
    assert found["kwh"] == pytest.approx(72, abs=1)
    assert found["values"] == 1_440


def test_good_pieces_and_sub_meters_stand_beside_it(lake: Path) -> None:
    half = {"name": "half", "tag": "10.0.0.5/holding_register 40", "kind": "power", "scale": 0.5}
    gone = {"name": "gone", "tag": "10.0.0.5/holding_register 99", "kind": "power", "scale": 1.0}
    found = Measures(lake).ask("energy", question(good="10.0.0.5/holding_register 41", parts=[half]), 1)
    assert found["per_piece"]["kwh"] == pytest.approx(72 / 2_878, rel=0.01)
    assert [(p["name"], round(p["share"], 3)) for p in found["parts"]] == [("half", 0.5), ("", 0.5)]
    found = Measures(lake).ask("energy", question(good="10.0.0.5/Good", parts=[gone]), 1)
    assert found["per_piece"] is None and "10.0.0.5/Good: no such tag" in found["no_pieces"]
    assert found["parts"][0]["kwh"] is None and found["parts"][0]["wrong"]


def test_the_sites_prices_count(lake: Path) -> None:
    tariff = {"currency": "CHF", "energy": 0.5, "band": [{"hours": "00:00-12:00", "energy": 0.1}]}
    found = Measures(lake).ask("energy", question(tariff=tariff), 1)
    assert (found["currency"], found["prices_are_examples"]) == ("CHF", False)
    assert found["bill"]["energy"] == pytest.approx(36 * 0.5 + 36 * 0.1, abs=0.6)


def test_the_same_question_is_not_counted_twice(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measures = Measures(lake)
    first = measures.ask("energy", question(), 1)
    write(lake, "live-00002.parquet", range(1_440, 1_500))
    assert measures.ask("energy", question(end=BEGAN_NS + 2 * DAY_NS), 2)["values"] == 1_500
    assert measures.ask("energy", question(), 2) is first  # within a minute, whatever came
    monkeypatch.setattr(desk, "KEPT_S", 0.0)
    assert measures.ask("energy", question(), 1) is first  # nothing came
    assert measures.ask("energy", question(), 2) is not first


def test_what_makes_no_sense_is_an_error_of_who_asks(lake: Path) -> None:
    with pytest.raises(ConfigError, match="said nothing in this time"):
        Measures(lake).ask("energy", question(start=BEGAN_NS + 9 * DAY_NS, end=BEGAN_NS + 10 * DAY_NS), 1)
    with pytest.raises(ConfigError, match="not a lake"):
        Measures(lake.parent).ask("energy", question(), 1)


def test_what_takes_too_long_is_ended(lake: Path) -> None:
    with pytest.raises(QueryError, match="shorter time"):
        Measures(lake, seconds=-4.99).ask("energy", question(), 1)


def test_who_comes_when_all_wait_is_told_at_once(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "AT_ONCE", 1)
    monkeypatch.setattr(desk, "WAITING", 0)
    measures = Measures(lake)
    first = threading.Thread(target=measures.ask, args=("energy", question(), 1))
    first.start()
    time.sleep(0.2)
    with pytest.raises(BusyError, match="try again"):
        measures.ask("energy", question(zone="Europe/Berlin"), 1)
    first.join()
    assert measures.ask("energy", question(zone="Europe/Berlin"), 1)["kwh"] > 0


@pytest.mark.parametrize(("kind", "place", "total"), [("power", 40, 72.0), ("counter", 41, 2 * 1_439.0)])
def test_of_too_many_readings_pieces_are_taken(
    lake: Path, monkeypatch: pytest.MonkeyPatch, kind: str, place: int, total: float
) -> None:
    from linewarden.service.measuring.energy import energy

    monkeypatch.setattr(reading, "PIECES", 200)
    found = energy({**question(kind=kind, key=list(KEY._replace(address=place))), "lake": str(lake)})
    assert found["piece_s"] > 60
    assert found["values"] <= 202
    assert found["kwh"] == pytest.approx(total, rel=0.02)


def test_a_state_with_too_many_values_wants_a_shorter_time(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from linewarden.service.measuring.output import output

    monkeypatch.setattr(reading, "MOST", 100)
    asked = {"tags": {"state": [list(KEY), "mode"]}, "kinds": {"run": "3"}, "ideal": None, "micro": 0, "stale": 60,
             "shifts": [], "zone": "UTC", "by": "all", "start": BEGAN_NS, "end": BEGAN_NS + DAY_NS,
             "lake": str(lake)}  # fmt: skip
    with pytest.raises(ConfigError, match="state: more than 100 values"):
        output(asked)
    assert output({**asked, "end": BEGAN_NS + 60 * 60_000_000_000})["availability"] == 1.0
