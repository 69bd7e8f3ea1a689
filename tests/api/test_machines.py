"""Machines over the API: how far they are known, when they were odd, and what people say to that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from linewarden.people.model import Grant
from tests.api.test_casework import ask, told
from tests.console.house import Served
from tests.console.works import works
from tests.service.analysing.plant import PLC, STRANGER


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with works(tmp_path_factory.mktemp("works")) as found:
        yield found


def live(site: Served, role: str = "engineer") -> dict[str, Any]:
    """The machine that the service learned."""
    found = ask(site, role, "GET", "/machines").json()["items"]
    return next(m for m in found if m["learned_by"] == "live-tap")


def one(site: Served) -> dict[str, Any]:
    found: dict[str, Any] = ask(site, "engineer", "GET", f"/machines/{live(site)['id']}").json()
    return found


def test_a_machine_says_how_far_it_is_known_and_when_it_was_odd(site: Served) -> None:
    row = live(site)
    assert (row["machine"], row["state"], row["tags"], row["devices"]) == (PLC, "learning", 4, [PLC])
    assert row["known"] == pytest.approx(1000 / 1800, abs=0.02)
    assert row["odd"] >= 1 and row["last_odd"] and row["last_verdict"] == "attack"


def test_both_readings_are_told_apart(site: Served) -> None:
    found = one(site)
    first = found["odd_times"][-1]
    assert first["verdict"] == "attack" and 0 < first["confidence"] <= 1
    assert any(STRANGER in line for line in first["network"]) and first["process"] and first["rule"] and first["settle"]
    assert first["tag"] in {t["tag"] for t in found["tags_known"]}
    assert all(t["low"] <= t["high"] for t in found["tags_known"])
    assert {t["kind"] for t in found["tags_known"]} >= {"measured", "setting"}


def test_what_was_odd_is_approved_and_stands_in_the_log(site: Served) -> None:
    before = one(site)
    first = datetime.fromisoformat(before["odd_times"][-1]["ts"])
    span = {"since": first.isoformat(), "until": (first + timedelta(minutes=5)).isoformat()}
    assert ask(site, "analyst", "POST", f"/machines/{before['id']}/approve", span).status_code == 403
    done = ask(site, "engineer", "POST", f"/machines/{before['id']}/approve", span)
    assert done.status_code == 200, done.text
    assert done.json()["rows"] == pytest.approx(300, abs=5)
    assert one(site)["hours"] > before["hours"]
    assert any("analytics.approved" in entry for entry in told(site))


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T09:00:00Z", "not after since"),
        ("2026-01-01T10:00:00Z", "2026-01-09T09:00:00Z", "at most 48 h"),
        ("2001-01-01T10:00:00Z", "2001-01-01T11:00:00Z", "no values of it in this time"),
    ],
)
def test_a_time_that_makes_no_sense_changes_nothing(site: Served, since: str, until: str, says: str) -> None:
    before = one(site)
    answer = ask(site, "engineer", "POST", f"/machines/{before['id']}/approve", {"since": since, "until": until})
    assert answer.status_code == 400 and says in answer.json()["detail"]
    assert one(site) == before


def test_it_is_frozen_and_goes_on_again_and_both_stand_in_the_log(site: Served) -> None:
    before = live(site)
    path = f"/machines/{before['id']}/freeze"
    assert ask(site, "analyst", "POST", path, {"frozen": True}).status_code == 403
    assert ask(site, "engineer", "POST", path, {"frozen": True}).status_code == 204
    assert live(site)["frozen"] and live(site)["hours"] == before["hours"]
    with site.client("engineer") as client:
        assert "frozen" in client.get("/machines").text
        assert "Go on learning" in client.get(f"/machines/{before['id']}").text
    assert ask(site, "engineer", "POST", path, {"frozen": False}).status_code == 204
    assert not live(site)["frozen"]
    for action in ("analytics.frozen", "analytics.thawed"):
        assert any(action in entry for entry in told(site))


def test_it_learns_anew(site: Served) -> None:
    assert ask(site, "engineer", "POST", f"/machines/{live(site)['id']}/forget").status_code == 204
    found = live(site)
    assert (found["state"], found["hours"], found["known"]) == ("new", 0, 0)
    assert any("analytics.forgotten" in entry for entry in told(site))


def test_who_sees_one_zone_sees_its_machines_only(site: Served) -> None:
    site.add("elsewhere", Grant("engineer", site.place.site, "packing"))
    assert ask(site, "elsewhere", "GET", "/machines").json()["total"] == 0
    assert ask(site, "elsewhere", "GET", f"/machines/{live(site)['id']}").status_code == 404


def test_a_damaged_file_hides_no_other(site: Served) -> None:
    folder = site.place.config.service.data / "analytics" / "live-tap"
    (folder / "damaged.parquet").write_bytes(b"no parquet")
    try:
        assert live(site)["machine"] == PLC
        with site.client("engineer") as client:
            page: httpx.Response = client.get("/machines")
        assert "damaged.parquet" in page.text and page.status_code == 200
    finally:
        (folder / "damaged.parquet").unlink()
