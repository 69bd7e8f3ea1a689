"""Reports over the API: made, kept, taken away; of a zone only what is in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linewarden.people.model import Grant
from linewarden.plant.diff import diff
from linewarden.service.lake import open_lake, plant_of
from linewarden.service.periods import parted
from linewarden.service.report_shelf import DAYS, MOST, Kept, Shelf
from tests.console.house import Served, served_lake


@pytest.fixture(scope="module")
def house(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_lake(lake, tmp_path_factory.mktemp("reports")) as found:
        zones = [a.zone for a in found.place.follower.view.plant.assets if a.zone]
        found.add("cell", Grant("analyst", found.place.site, max(sorted(set(zones)), key=zones.count)))
        yield found


def send(house: Served, role: str, method: str, path: str, body: Any = None) -> Any:
    with house.client(role) as client:
        headers = {"X-CSRF-Token": house.csrf(client), "Origin": house.url}
        return client.request(method, f"/api/v1/reports{path}", json=body, headers=headers)


def make(house: Served, role: str, **wanted: Any) -> dict[str, Any]:
    """One, once it is there."""
    begun = send(house, role, "POST", "", wanted)
    assert begun.status_code == 202, begun.text
    for _ in range(300):
        found: dict[str, Any] = send(house, role, "GET", f"/{begun.json()['id']}").json()
        if found["state"] != "making":
            break
        time.sleep(0.1)
    assert found["state"] == "made", found
    return found


def middle(house: Served) -> str:
    plant = house.place.follower.view.plant
    return datetime.fromtimestamp((plant.first_seen + plant.last_seen) / 2e9, UTC).isoformat()


@pytest.mark.parametrize("kind", ["plant", "cases", "changes"])
def test_a_report_is_made_and_taken_away(house: Served, kind: str) -> None:
    more = {"at": middle(house)} if kind == "changes" else {}
    found = make(house, "engineer", kind=kind, **more)
    file = send(house, "viewer", "GET", f"/{found['id']}/file")
    assert file.headers["content-disposition"] == f'attachment; filename="{found["name"]}"'
    assert file.text.startswith("<!doctype html>")
    assert len(file.content) == found["size"]
    if kind == "plant":
        assert all(a.name in file.text for a in house.place.follower.view.plant.assets[:5])


def test_as_pdf(house: Served) -> None:
    pytest.importorskip("weasyprint")
    found = make(house, "analyst", kind="cases", format="pdf")
    assert send(house, "analyst", "GET", f"/{found['id']}/file").content.startswith(b"%PDF-")


def test_of_a_zone_is_what_is_in_it(house: Served) -> None:
    plant = house.place.follower.view.plant
    zones = [a.zone for a in plant.assets if a.zone]
    zone = max(sorted(set(zones)), key=zones.count)
    assert send(house, "cell", "POST", "", {"kind": "plant"}).status_code == 403
    found = make(house, "cell", kind="plant", zone=zone)
    text = send(house, "cell", "GET", f"/{found['id']}/file").text
    other = next(a for a in plant.assets if a.zone != zone and a.ips)
    assert other.macs[0] not in text if other.macs else other.id not in text
    assert next(a for a in plant.assets if a.zone == zone).id in text


def test_of_the_site_only_for_who_may_see_the_site(house: Served) -> None:
    found = make(house, "owner", kind="cases")
    for path in ("", "/file"):
        assert send(house, "cell", "GET", f"/{found['id']}{path}").status_code == 404
    assert send(house, "cell", "DELETE", f"/{found['id']}").status_code == 404
    assert found["id"] not in {r["id"] for r in send(house, "cell", "GET", "").json()["items"]}


def test_removed_and_recorded(house: Served) -> None:
    found = make(house, "owner", kind="cases")
    assert send(house, "viewer", "DELETE", f"/{found['id']}").status_code == 403
    assert send(house, "owner", "DELETE", f"/{found['id']}").status_code == 204
    assert send(house, "owner", "GET", f"/{found['id']}").status_code == 404
    with house.client("auditor") as client:
        told = {e["action"] for e in client.get("/api/v1/audit?limit=200").json()["items"]}
    assert {"report.made", "report.removed"} <= told


@pytest.mark.parametrize("body", [{"kind": "changes"}, {"kind": "plant", "zone": "no such zone"}])
def test_what_cannot_be_made_is_said(house: Served, body: dict[str, str]) -> None:
    assert send(house, "owner", "POST", "", body).status_code == 400


@pytest.mark.parametrize("id", ["..%2F..%2Fetc", "0" * 24, "x"])
def test_no_other_file_is_given(house: Served, id: str) -> None:
    assert send(house, "owner", "GET", f"/{id}/file").status_code == 404


def test_before_and_after_are_all_of_it(lake: Path) -> None:
    whole = plant_of(open_lake(lake))
    at = (whole.first_seen + whole.last_seen) // 2
    before, after = parted(lake, at)
    assert before.packets + after.packets > 0
    assert before.first_seen < at <= after.first_seen
    assert diff(before, after).changes
    nothing, everything = parted(lake, 0)
    assert not nothing.assets
    assert {a.id for a in everything.assets} == {a.id for a in whole.assets}


def test_old_ones_go_and_unfinished_ones_are_told(tmp_path: Path) -> None:
    shelf, now = Shelf(tmp_path / "reports"), datetime.now(UTC)
    old = shelf.begin(Kept("plant", "html", "", "anna", now - timedelta(days=DAYS + 1)))
    assert shelf.get(old.id) is None
    stuck = shelf.begin(Kept("plant", "html", "", "anna", now - timedelta(hours=1)))
    found = shelf.get(stuck.id)
    assert found is not None
    assert found.state == "failed"
    for _ in range(MOST):
        shelf.begin(Kept("cases", "html", "", "anna", now))
    assert len(shelf.listed()) == MOST
    assert shelf.get(stuck.id) is None
