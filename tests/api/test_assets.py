"""What a person puts right of an asset: it counts, it can be taken back, and only where they may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from linewarden.people.model import Grant
from linewarden.service.corrections_file import load
from tests.console.house import Served, make_lake, served_lake


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Somebody of it is an engineer of one zone only."""
    folder = tmp_path_factory.mktemp("assets")
    with served_lake(make_lake(folder / "lake"), folder) as served:
        served.add("celler", Grant("engineer", served.place.site, "cell"))
        yield served


def patch(served: Served, login: str, asset: str, status: int = 200, **fields: Any) -> Any:
    with served.client(login) as client:
        headers = {"Origin": served.url, "X-CSRF-Token": served.csrf(client)}
        answer = client.patch(f"/api/v1/assets/{asset}", json=fields, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def an_asset(served: Served, zone: str = "cell") -> str:
    return next(a.id for a in served.place.follower.view.plant.assets if a.zone == zone)


def test_what_is_put_right_counts_and_can_be_taken_back(plant: Served) -> None:
    asset = an_asset(plant)
    before = patch(plant, "engineer", asset)
    after = patch(plant, "engineer", asset, name="Filler <left>", firmware=" 9.1 ", role="drive")
    assert (after["name"], after["firmware"], after["role"]) == ("Filler <left>", "9.1", "drive")
    assert {"name", "firmware", "role"} == {e["what"] for e in after["evidence"] if e["source"] == "correction"}
    again = patch(plant, "engineer", asset, name="", firmware=None, role="")
    assert [again[k] for k in ("name", "firmware", "role")] == [before[k] for k in ("name", "firmware", "role")]


def test_it_stands_in_the_audit_log_with_who_did_it(plant: Served) -> None:
    patch(plant, "engineer", an_asset(plant), location="hall 3")
    with plant.client("auditor") as client:
        log = client.get("/api/v1/audit", params={"limit": 20}).text
    assert "assets.correct" in log
    assert "hall 3" in log
    patch(plant, "engineer", an_asset(plant), location="")


def test_a_wrong_value_changes_nothing(plant: Served) -> None:
    asset = an_asset(plant)
    before = load(plant.place.lake)
    patch(plant, "engineer", asset, 422, role="toaster")
    patch(plant, "engineer", asset, 422, level=3)
    patch(plant, "engineer", asset, 422, name="x" * 500)
    patch(plant, "engineer", "none", 404, name="x")
    assert load(plant.place.lake) == before


def test_one_needs_the_right_where_it_is_and_where_it_goes(plant: Served) -> None:
    before = load(plant.place.lake)
    asset = an_asset(plant)
    patch(plant, "viewer", asset, 403, name="mine")
    patch(plant, "celler", an_asset(plant, "office"), 404, name="mine")
    patch(plant, "celler", asset, 403, name="mine", zone="office")
    assert load(plant.place.lake) == before
    assert patch(plant, "celler", asset, name="ours")["name"] == "ours"
    assert patch(plant, "engineer", asset, name="", zone="utilities")["zone"] == "utilities"
    assert patch(plant, "engineer", asset, zone="")["zone"] == "cell"


def test_closed_cases_are_counted_apart(plant: Served) -> None:
    case = plant.place.follower.view.cases[0][1]
    asset = case.assets[0]
    with plant.client("analyst") as client:
        headers = {"Origin": plant.url, "X-CSRF-Token": plant.csrf(client)}

        def counts() -> tuple[int, int]:
            found = client.get(f"/api/v1/assets/{asset}").json()
            rows = client.get("/api/v1/assets", params={"limit": 1000}).json()["items"]
            row = next(r for r in rows if r["id"] == asset)
            assert (row["cases"], row["closed_cases"]) == (found["cases"], found["closed_cases"])
            return found["cases"], found["closed_cases"]

        before = counts()
        version = client.get(f"/api/v1/cases/{case.id}").json()["version"]
        change = {"version": version, "state": "benign"}
        answer = client.patch(f"/api/v1/cases/{case.id}", json=change, headers=headers)
        assert answer.status_code == 200, answer.text
        assert counts() == (before[0] - 1, before[1] + 1)
