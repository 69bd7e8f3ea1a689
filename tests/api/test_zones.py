"""Zones and conduits in the API: membership, undo, rights at both places, what is known of a zone, what crosses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from linewarden.people.model import Grant
from linewarden.service.casing import cases_of
from linewarden.service.corrections_file import load
from tests.console.house import Served, make_lake, served_lake


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Its list of names has zones: office, supervisory, cell, utilities."""
    folder = tmp_path_factory.mktemp("zones")
    with served_lake(make_lake(folder / "lake"), folder) as served:
        served.add("celler", Grant("engineer", served.place.site, "cell"))
        yield served


def ask(served: Served, role: str, method: str, path: str, status: int = 200, **how: Any) -> Any:
    with served.client(role) as client:
        headers = {"Origin": served.url, "X-CSRF-Token": served.csrf(client)}
        answer = client.request(method, "/api/v1" + path, headers=headers, **how)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def zones(served: Served, role: str = "viewer") -> dict[str, Any]:
    return {z["name"]: z for z in ask(served, role, "GET", "/zones")["items"]}


def members(served: Served, zone: str) -> set[str]:
    found = ask(served, "viewer", "GET", "/assets", params={"zone": zone, "limit": 1000})["items"]
    return {a["id"] for a in found}


def test_zones_are_those_of_assets_and_those_that_were_made(plant: Served) -> None:
    made = ask(plant, "engineer", "PUT", "/zones/welding", json={"security_level": 2, "description": " robots "})
    assert (made["security_level"], made["description"], made["assets"], made["kept"]) == (2, "robots", 0, True)
    found = zones(plant)
    assert {"welding", "cell", "office"} <= set(found)
    assert found["cell"]["assets"] == len(members(plant, "cell")) > 0
    ask(plant, "engineer", "DELETE", "/zones/welding", 204)
    assert "welding" not in zones(plant)


def test_moving_undoing_and_the_log(plant: Served) -> None:
    chosen = sorted(members(plant, "utilities"))[:2]
    ask(plant, "engineer", "POST", "/zones/cell/assets", json={"assets": chosen})
    assert set(chosen) <= members(plant, "cell")
    last = ask(plant, "engineer", "GET", "/zone-moves/last")
    assert (last["assets"], last["person"]) == (2, "Engineer")
    entries = ask(plant, "auditor", "GET", "/audit", params={"limit": 50})["items"]
    told = next(e for e in entries if e["action"] == "zone.assets")
    assert "engineer" in json.dumps(told)
    ask(plant, "engineer", "POST", f"/zone-moves/undo?id={last['id']}", 204)
    assert set(chosen) <= members(plant, "utilities")
    ask(plant, "engineer", "POST", f"/zone-moves/undo?id={last['id']}", 404)


def test_a_move_that_somebody_else_made_is_not_undone_unseen(plant: Served) -> None:
    first, second = sorted(members(plant, "utilities"))[:2]
    ask(plant, "engineer", "POST", "/zones/cell/assets", json={"assets": [first]})
    seen = ask(plant, "engineer", "GET", "/zone-moves/last")["id"]
    ask(plant, "owner", "POST", "/zones/cell/assets", json={"assets": [second]})
    ask(plant, "engineer", "POST", f"/zone-moves/undo?id={seen}", 409)
    for _ in range(2):
        ask(plant, "engineer", "POST", "/zone-moves/undo", 204)
    assert {first, second} <= members(plant, "utilities")


def test_one_needs_to_be_allowed_at_both_places(plant: Served) -> None:
    own, other = min(members(plant, "cell")), min(members(plant, "office"))
    ask(plant, "celler", "POST", "/zones/cell/assets", 404, json={"assets": [other]})  # not seen from there
    ask(plant, "celler", "POST", "/zones/office/assets", 404, json={"assets": [own]})
    ask(plant, "operator", "POST", "/zones/office/assets", 403, json={"assets": [own]})
    ask(plant, "celler", "PUT", "/zones/elsewhere", 403, json={})
    ask(plant, "celler", "PUT", "/zones/cell", 403, json={"name": "mine"})
    assert own in members(plant, "cell")
    assert set(zones(plant, "celler")) == {"cell"}


def test_a_zone_is_renamed_with_all_that_is_in_it(plant: Served) -> None:
    before = members(plant, "office")
    ask(plant, "engineer", "PUT", "/zones/office", json={"name": "company", "colour": "3"})
    assert members(plant, "company") == before
    assert "office" not in zones(plant)
    ask(plant, "engineer", "PUT", "/zones/company", 409, json={"name": "cell"})
    ask(plant, "engineer", "DELETE", "/zones/company?to=office", 404)
    ask(plant, "engineer", "PUT", "/zones/company", json={"name": "office"})


def test_a_zone_of_the_list_of_names_goes_only_with_a_place_for_its_assets(plant: Served) -> None:
    before = members(plant, "supervisory")
    ask(plant, "engineer", "DELETE", "/zones/supervisory", 409)
    ask(plant, "engineer", "PUT", "/zones/control room", json={})
    ask(plant, "engineer", "DELETE", "/zones/supervisory?to=control room", 204)
    assert members(plant, "control room") == before
    assert "supervisory" not in zones(plant)
    ask(plant, "engineer", "DELETE", "/zones/control room", 204)  # put by hand: taken back
    assert members(plant, "supervisory") == before


def test_one_word_counts_for_an_asset(plant: Served) -> None:
    asset = next(a for a in plant.place.follower.view.plant.assets if a.ips and a.ips[0] != a.id and a.zone == "cell")
    for zone in ("utilities", "cell"):
        ask(plant, "engineer", "POST", f"/zones/{zone}/assets", json={"assets": [asset.ips[0]]})
    said = [f for f in load(plant.place.lake).corrections.fields if f[1] == "zone" and f[0] in (asset.id, *asset.ips)]
    assert said == [(asset.id, "zone", "cell")]
    ask(plant, "engineer", "DELETE", f"/zones/cell/assets?asset={asset.id}", 204)
    assert not [f for f in load(plant.place.lake).corrections.fields if f[0] == asset.id and f[1] == "zone"]


@pytest.mark.parametrize("name", ["a/b", " ", "x" * 81, "a\u202eb"])
def test_names_that_cannot_be_shown_are_refused(plant: Served, name: str) -> None:
    with plant.client("engineer") as client:
        headers = {"Origin": plant.url, "X-CSRF-Token": plant.csrf(client)}
        answer: httpx.Response = client.put("/api/v1/zones/cell", json={"name": name}, headers=headers)
    assert answer.status_code in (400, 422), answer.text


def test_conduits_are_the_conversations_that_cross(plant: Served) -> None:
    rows = ask(plant, "viewer", "GET", "/conduits", params={"limit": 1000})["items"]
    talks = ask(plant, "viewer", "GET", "/conversations", params={"limit": 1000, "crosses": True})["items"]
    pairs = {(c["source_zone"] or "", c["target_zone"] or "") for c in talks}
    assert {(r["source"], r["target"]) for r in rows} == pairs
    for row in rows:
        within = [
            c for c in talks if ((c["source_zone"] or ""), (c["target_zone"] or "")) == (row["source"], row["target"])
        ]
        assert row["conversations"] == len(within)
        assert row["packets"] == sum(c["packets"] for c in within)
        assert row["changing"] == sum(c["does"] == "change" for c in within)
        zones = {"source_zone": row["source"] or "-", "target_zone": row["target"] or "-"}
        asked = ask(plant, "viewer", "GET", "/conversations", params={**zones, "limit": 1000})
        assert asked["total"] == len(within)
    assert ask(plant, "celler", "GET", "/conduits")["total"] == 0


def test_how_much_depends_on_a_zone_makes_its_cases_more_urgent(plant: Served) -> None:
    case = ask(plant, "viewer", "GET", "/cases")["items"][0]
    hit = {plant.place.follower.view.zone(a["id"]) for a in case["assets"]} - {""}
    urgency = {}
    for word in ("low", "critical", "normal"):
        for zone in hit:
            ask(plant, "engineer", "PUT", f"/zones/{zone}", json={"criticality": word})
        plant.place.follower.look()
        urgency[word] = ask(plant, "viewer", "GET", f"/cases/{case['id']}")["priority"]
    assert urgency["low"] < urgency["normal"] < urgency["critical"]
    assert urgency["normal"] == case["priority"]


def test_commands_over_the_lake_judge_by_it_too(plant: Served) -> None:
    case = ask(plant, "viewer", "GET", "/cases")["items"][0]
    asset = case["assets"][0]["id"]
    zone = next(z for a in case["assets"] if (z := plant.place.follower.view.zone(a["id"])))

    def shown() -> tuple[int, int]:
        plant.place.follower.look()
        here = ask(plant, "viewer", "GET", f"/cases/{case['id']}")
        assert here["urgency"]["value"] > 0
        return here["priority"], cases_of(plant.place.lake).find(case["id"])[0]

    usual = shown()
    assert usual[0] == usual[1]
    ask(plant, "engineer", "PUT", f"/zones/{zone}", json={"criticality": "critical"})
    of_zone = shown()
    assert of_zone[0] == of_zone[1] > usual[0]
    for other in case["assets"]:
        ask(plant, "engineer", "PATCH", f"/assets/{other['id']}", json={"criticality": "low"})
    assert ask(plant, "viewer", "GET", f"/assets/{asset}")["criticality"] == "low"
    of_assets = shown()
    assert of_assets[0] == of_assets[1] < usual[0]
    for other in case["assets"]:
        ask(plant, "engineer", "PATCH", f"/assets/{other['id']}", json={"criticality": ""})
    ask(plant, "engineer", "PUT", f"/zones/{zone}", json={"criticality": "normal"})
    assert shown() == usual


def test_moves_over_a_lake_alone_stand_in_one_log(plant: Served) -> None:
    beside = plant.place.lake / ".linewarden" / "audit.db"
    before = beside.stat().st_mtime_ns
    first = plant.place.follower.view.plant.assets[0].id
    ask(plant, "engineer", "PUT", "/zones/a place of its own", json={})
    ask(plant, "engineer", "POST", "/zones/a place of its own/assets", json={"assets": [first]})
    assert beside.stat().st_mtime_ns == before
    actions = [e["action"] for e in ask(plant, "auditor", "GET", "/audit", params={"limit": 20})["items"]]
    assert {"assets.correct", "zone.assets"} <= set(actions)
