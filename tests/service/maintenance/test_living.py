"""Remaining life scored while the service runs: what is kept, when it is told, and what is proposed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from linewarden.analytics.maintenance.runs import Run
from linewarden.cli import main
from linewarden.detections.run import Told
from linewarden.errors import ConfigError, StoreError
from linewarden.service.audit.ledger import Ledger
from linewarden.service.maintenance.calendar import Calendar
from linewarden.service.maintenance.lives import Courses, Life
from linewarden.service.maintenance.living import Asks, LiveLives
from linewarden.service.measuring import Measures
from linewarden.service.measuring.life import life
from linewarden.service.state import open_state
from tests.analytics.maintenance.made import COLUMNS, machines
from tests.cli.test_health import table

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
PRESS = "10.0.0.5"
TAGS = {c: f"{PRESS}/holding_register {40 + k}" for k, c in enumerate(COLUMNS)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    table(machines(14, 1)).write_parquet(folder / "failed.parquet")
    where = ["--unit", "machine", "--time", "hour", "--hours", "1", "--out", str(folder / "press.json")]
    assert main(["health", "train", str(folder / "failed.parquet"), *where]) == 0
    return folder / "press.json"


def lake_of(folder: Path, run: Run) -> Path:
    """A row an hour of holding registers 40 and on; what does not change is said once."""
    rows: list[dict[str, Any]] = []
    for n, values in enumerate(run.rows.tolist()):
        rows.append(row(n, 40, values[:-1]))
    rows.append(row(0, 44, run.rows[0, -1:].tolist()))
    types: dict[str, Any] = {"ts": pl.Datetime("ns", "UTC"), "unit": pl.Int64, "name": pl.String, "start": pl.Int64}
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types)
    for day, part in frame.group_by(pl.col("ts").dt.date()):
        place = folder / f"stream=reading/site=here/date={day[0]}"
        place.mkdir(parents=True, exist_ok=True)
        part.write_parquet(place / "live-00001.parquet")
    return folder


def row(hour: int, start: int, values: list[float]) -> dict[str, Any]:
    return {"ts": SINCE + timedelta(hours=hour, minutes=30), "source": PRESS, "protocol": "modbus", "unit": 1,
            "name": None, "area": "holding_register", "start": start, "values": values}  # fmt: skip


class Here:
    """Answers without a process of its own."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake

    def ask(self, what: str, question: dict[str, Any], _version: Any) -> dict[str, Any]:
        assert what == "life"
        found: dict[str, Any] = life({**question, "lake": str(self.lake)})
        return {k: None if v == float("inf") else v for k, v in found.items()}


class Plant:
    """A press that fails in `left` hours, by now."""

    def __init__(self, folder: Path, model: Path, left: int, **said: Any) -> None:
        whole = machines(1, 7)[0]
        self.hours = len(whole.at) - left
        self.told: list[Told] = []
        self.written: list[Told] = []
        self.folder, self.lake = folder, lake_of(folder / "lake", whole.until(self.hours))
        self.life = Life("press 3", model, TAGS, SINCE, **said)
        self.calendar = Calendar(Ledger(open_state(f"sqlite:///{folder / 'state.db'}"), folder / "key"), "here")
        self.away = False
        self.measures: Asks = Here(self.lake)

    @property
    def lives(self) -> LiveLives:
        return LiveLives(
            (self.life,), Courses(self.folder), self.measures, self.written.extend, self.told.append,
            self._calendar, now=lambda: SINCE + timedelta(hours=self.hours),
        )  # fmt: skip

    def _calendar(self) -> Calendar:
        if self.away:
            raise StoreError("the database is away")
        return self.calendar

    def score(self) -> str:
        """One turn of the job, by a service that has just begun."""
        (job,) = self.lives.jobs()
        return job.run(lambda: False)


def test_a_worn_unit_is_scored_told_once_and_work_is_proposed(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=12, costs=(20_000.0, 2_000.0, 0.0, 3.0, 900.0))
    plant.measures = Measures(plant.lake)
    assert "press 3: " in plant.score()
    course = Courses(tmp_path).of("press 3", SINCE)
    assert course.last is not None and course.wrong == ""
    assert course.last.left == pytest.approx(12, abs=10)
    assert course.last.low <= course.last.left
    assert course.last.at == (SINCE + timedelta(hours=plant.hours)).isoformat(timespec="seconds")
    plant.score()
    assert len(plant.told) == 1 and plant.written == plant.told
    assert "press 3 has" in plant.told[0].notice.msg and "below its limit of 72 h" in plant.told[0].notice.msg
    assert plant.told[0].resp_h == PRESS
    (entry,) = plant.calendar.all()
    assert entry.unit == "press 3" and entry.facts["saved"] >= 0
    assert len(Courses(tmp_path).of("press 3", SINCE).scored) == 2


def test_a_unit_without_wear_is_scored_and_not_told(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=90, limit_hours=10.0)
    plant.score()
    last = Courses(tmp_path).of("press 3", SINCE).last
    assert last is not None and last.left > 30
    assert plant.told == [] and plant.calendar.all() == []


def test_without_costs_work_is_proposed_for_when_nearly_all_still_last(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=12)
    plant.score()
    last = Courses(tmp_path).of("press 3", SINCE).last
    (entry,) = plant.calendar.all()
    assert last is not None
    now = SINCE + timedelta(hours=plant.hours)
    assert (entry.begin - now) / timedelta(hours=1) == pytest.approx(last.low, abs=0.01)


def test_a_proposal_waits_for_the_database(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=12)
    plant.away = True
    with pytest.raises(StoreError, match="away"):
        plant.score()
    plant.away = False
    plant.score()
    assert len(plant.told) == 1 and len(plant.calendar.all()) == 1


def test_what_cannot_be_scored_says_why_and_keeps_what_was(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=12)
    plant.score()
    plant.life = replace(plant.life, tags={**TAGS, "heat": f"{PRESS}/holding_register 99"})
    with pytest.raises(ConfigError, match=r"holding_register 99: no such tag|no value"):
        plant.score()
    course = Courses(tmp_path).of("press 3", SINCE)
    assert "holding_register 99" in course.wrong and len(course.scored) == 1


def test_after_a_repair_a_new_history_begins(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=12)
    plant.score()
    assert Courses(tmp_path).of("press 3", SINCE + timedelta(days=9)).scored == ()


def test_a_column_that_nobody_named_is_asked_for(tmp_path: Path, model: Path) -> None:
    plant = Plant(tmp_path, model, left=12)
    plant.life = replace(plant.life, tags={"speed": TAGS["speed"]})
    with pytest.raises(ConfigError, match=r"the model needs .*heat"):
        plant.score()


def test_a_tag_keeps_its_value_until_it_says_another() -> None:
    from linewarden.service.measuring.life import _held

    gaps = np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, 3.0]])
    np.testing.assert_array_equal(_held(gaps), [[np.nan, 1.0], [2.0, 1.0], [2.0, 3.0]])
