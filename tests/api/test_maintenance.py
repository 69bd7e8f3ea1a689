"""Maintenance over the API: proposals with what they rest on, answers, and models' cards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_casework import ask, told
from tests.console.house import Served, furnish, served_lake


@pytest.fixture(scope="module")
def site(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_lake(lake, tmp_path_factory.mktemp("maintenance")) as found:
        furnish(found)
        yield found


def entries(site: Served, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(site, "viewer", "GET", f"/maintenance{query}").json()["items"]
    return found


def test_a_proposal_says_what_it_rests_on(site: Served) -> None:
    (entry,) = entries(site)
    assert (entry["unit"], entry["state"], entry["model"]) == ("press 3", "proposed", "press 1")
    assert (entry["life"]["low"], entry["life"]["high"], entry["life"]["cap"]) == (4.0, None, 73.0)
    assert entry["life"]["hours"] == 8, "a unit of the model's time is a shift"
    assert entry["costs"] == {"best": 2400, "at_once": 2900, "waiting": 26000, "saved": 500}


def test_an_answer_is_kept_with_its_reason_and_who_gave_it(site: Served) -> None:
    (entry,) = entries(site)
    path = f"/maintenance/{entry['id']}/answer"
    assert ask(site, "operator", "POST", path, {"state": "accepted"}).status_code == 403
    done = ask(site, "planner", "POST", path, {"state": "declined", "reason": "the spare part comes on Friday"})
    assert done.status_code == 200, done.text
    (entry,) = entries(site, "?state=declined")
    assert (entry["by"], entry["reason"]) == ("Planner", "the spare part comes on Friday")
    assert entries(site, "?state=proposed") == []
    assert any("maintenance.decline" in entry for entry in told(site))
    assert ask(site, "planner", "POST", path, {"state": "proposed"}).status_code == 422
    assert ask(site, "planner", "POST", "/maintenance/none/answer", {"state": "accepted"}).status_code == 404


def test_other_calendars_take_it(site: Served) -> None:
    answer = ask(site, "viewer", "GET", "/maintenance/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "SUMMARY:Maintenance: press 3" in answer.text and answer.text.endswith("END:VCALENDAR\r\n")


def test_cards_are_read_and_what_is_none_says_why(site: Served, tmp_path: Path) -> None:
    from linewarden.cli import main
    from tests.analytics.maintenance.made import machines
    from tests.cli.test_health import table

    folder = site.place.config.service.data / "models"
    folder.mkdir()
    table(machines(14, 1)).write_parquet(tmp_path / "failed.parquet")
    where = ["--unit", "machine", "--time", "hour", "--hours", "1", "--out", str(folder / "press.json")]
    assert main(["health", "train", str(tmp_path / "failed.parquet"), *where]) == 0
    said = json.loads((folder / "press.json").read_text())
    said["model"]["units"] = 999
    (folder / "forged.json").write_text(json.dumps(said))
    found = {m["file"]: m for m in ask(site, "viewer", "GET", "/maintenance/models").json()}
    assert "its hash does not fit" in found["forged.json"]["wrong"]
    card = found["press.json"]
    assert (card["units"], card["version"], card["hours"], card["learned_from"]) == (14, 1, 1.0, "failed.parquet")
    assert card["rmse"] < card["rmse_of_mean"] and "heat" in card["tags"]
