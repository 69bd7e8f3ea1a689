"""Energy and output over the API: figures that can be counted by hand, of a lake that a collector wrote."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linewarden.people.model import Grant
from linewarden.service.config.meters import MeterSaid, SubMeterSaid
from tests.api.made_up import make_press
from tests.console.house import Served, served_lake


@pytest.fixture(scope="module")
def press() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="linewarden-test-") as name, served_press(Path(name)) as found:
        yield found


@contextlib.contextmanager
def served_press(folder: Path) -> Iterator[Served]:
    folder.chmod(0o777)
    with served_lake(make_press(folder), folder) as found:
        until = time.monotonic() + 60
        while found.place.values.look().reading is not None and time.monotonic() < until:
            time.sleep(0.1)
        yield found


@pytest.fixture(scope="module")
def tags(press: Served) -> dict[str, str]:
    with press.client("viewer") as client:
        return {t["label"]: t["id"] for t in client.get("/api/v1/tags").json()["items"]}


def got(press: Served, path: str, **query: Any) -> dict[str, Any]:
    with press.client("viewer") as client:
        answer = client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wrong(press: Served, path: str, **query: Any) -> str:
    with press.client("viewer") as client:
        answer = client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["detail"])


def test_meters_are_tags_with_a_unit_and_others_by_words(press: Served, tags: dict[str, str]) -> None:
    found = got(press, "energy/meters")["items"]
    assert {(m["id"], m["kind"]) for m in found} == {(tags["Power"], "power"), (tags["Energy"], "energy")}
    by_name = got(press, "energy/meters", q="pieces")["items"]
    assert [(m["id"], m["kind"]) for m in by_name] == [(tags["Pieces"], None)]


def test_power_and_a_counter_of_energy_say_the_same(press: Served, tags: dict[str, str]) -> None:
    power, counter = got(press, "energy", tag=tags["Power"]), got(press, "energy", tag=tags["Energy"])
    assert (power["kind"], counter["kind"]) == ("power", "counter")
    whole = 14 * 24 * 10 + 10 * 7.5 * 50  # kWh
    for found in (power, counter):
        assert found["kwh"] == pytest.approx(whole, abs=2)
        assert found["base_kw"] == pytest.approx(10, abs=0.1)
        assert found["peaks"][0]["kw"] == pytest.approx(60, abs=0.1)
        assert found["hours"][0][7] == pytest.approx(60, abs=0.1)  # Monday
        assert found["hours"][5][7] == pytest.approx(10, abs=0.1)  # Saturday


def test_good_pieces_and_sub_meters_stand_beside_the_meter(
    press: Served, tags: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert got(press, "energy", tag=tags["Power"])["parts"] == []
    same = SubMeterSaid(name="all of it", tag="press/Energy", kind="counter")
    meter = MeterSaid(tag="press/Power", good="press/Pieces", part=(same,))
    monkeypatch.setitem(press.place.config.__dict__, "meter", (meter,))
    found = got(press, "energy", tag=tags["Power"])
    each = found["per_piece"]
    assert each["fixed_kw"] == pytest.approx(10, rel=0.1)
    assert each["each_kwh"] == pytest.approx(50 / 60, rel=0.1)
    assert [(p["name"], round(p["share"], 2)) for p in found["parts"]] == [("all of it", 1.0), ("", 0.0)]
    with press.client("viewer") as client:
        page = client.get("/energy", params={"tag": tags["Power"]}).text
    assert "kWh a good piece" in page and "not counted by a sub-meter" in page
    assert got(press, "energy", tag=tags["Energy"])["parts"] == []


def test_prices_are_examples_until_somebody_says_them(press: Served, tags: dict[str, str]) -> None:
    found = got(press, "energy", tag=tags["Power"])
    assert found["prices_are_examples"]
    assert found["bill"]["energy"] == pytest.approx(0.18 * found["kwh"])


def test_idle_running_is_what_runs_outside_of_shifts(press: Served, tags: dict[str, str]) -> None:
    found = got(press, "energy", tag=tags["Power"], shift="short=mon-fri 06:00-13:00")
    (idle,) = (w for w in found["waste"] if w["kind"] == "idle running")
    assert idle["kwh_a_year"] == pytest.approx(10 * 50 * 8766 / (14 * 24), rel=0.02)


def test_a_forecast_needs_three_weeks_and_says_so(press: Served, tags: dict[str, str]) -> None:
    found = got(press, "energy", tag=tags["Power"], forecast="true")
    assert found["next"] is None
    assert "21" in found["no_forecast"]


def test_hours_are_those_of_the_plants_clock(press: Served, tags: dict[str, str]) -> None:
    found = got(press, "energy", tag=tags["Power"], zone="Europe/Berlin")
    assert found["hours"][0][7] == pytest.approx(10, abs=0.1)
    assert found["hours"][0][8] == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "meters"),
        ({"tag": "Pieces"}, "kind"),
        ({"tag": "Power", "zone": "Mars/Base"}, "zone"),
        ({"tag": "Power", "shift": "always"}, "shift"),
        ({"tag": "Power", "from": "2031-01-01T00:00:00Z"}, "from"),
        ({"tag": "Power", "last": 600}, "slots"),
    ],
)
def test_what_makes_no_sense_is_said(press: Served, tags: dict[str, str], query: dict[str, Any], says: str) -> None:
    asked = {**query, "tag": tags[query["tag"]]} if "tag" in query else query
    assert says in wrong(press, "energy", **asked)


@pytest.fixture
def machine(tags: dict[str, str]) -> dict[str, Any]:
    return {"state": tags["Mode"], "run": "1", "stop": "2", "planned": "0", "made": tags["Pieces"],
            "rejected": tags["Bad"], "ideal": 50}  # fmt: skip


def test_figures_of_output_are_those_of_the_shifts(press: Served, machine: dict[str, Any]) -> None:
    found = got(press, "output", **machine)
    assert found["availability"] == pytest.approx(7.5 / 8, abs=0.001)
    assert found["performance"] == pytest.approx(50 / 60, abs=0.01)
    assert found["quality"] == pytest.approx(1 - 7 / 450, abs=0.001)
    assert found["oee"] == pytest.approx(found["availability"] * found["performance"] * found["quality"])
    assert found["stops"] == 10
    assert sum(found["losses_h"].values()) == pytest.approx(found["planned_h"])
    assert found["losses_h"]["stops"] == pytest.approx(5)


def test_each_day_has_a_row_without_a_shift(press: Served, machine: dict[str, Any]) -> None:
    by = got(press, "output", **machine)["by"]
    assert len(by) == 14
    assert [round(g["planned_h"], 6) for g in by[:7]] == [8, 8, 8, 8, 8, 0, 0]


def test_a_short_stop_is_a_micro_stop_if_so_said(press: Served, machine: dict[str, Any]) -> None:
    found = got(press, "output", **machine, micro=3600)
    assert (found["stops"], found["micro_stops"]) == (0, 10)


def test_values_that_mean_nothing_are_told(press: Served, machine: dict[str, Any]) -> None:
    found = got(press, "output", **{**machine, "stop": "9"})
    assert any("also is 2" in r for r in found["remarks"])
    assert any("never is 9" in r for r in found["remarks"])
    assert found["losses_h"]["unknown"] == pytest.approx(5)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"run": ""}, "run"),
        ({"run": "7", "stop": "8", "planned": "9"}, "never is"),
        ({"stop": "1"}, "stands in"),
        ({"state": "", "ideal": ""}, "ideal"),
        ({"shift": "night"}, "shift"),
    ],
)
def test_a_mapping_that_cannot_be_is_said(
    press: Served, machine: dict[str, Any], changed: dict[str, Any], says: str
) -> None:
    assert says in wrong(press, "output", **{**machine, **changed})


def test_a_tag_that_is_none_is_not_found(press: Served) -> None:
    with press.client("viewer") as client:
        assert client.get("/api/v1/energy", params={"tag": "0" * 16}).status_code == 404
        assert client.get("/api/v1/output", params={"state": "0" * 16, "run": "1"}).status_code == 404


def test_pages_show_the_same_figures(press: Served, tags: dict[str, str], machine: dict[str, Any]) -> None:
    with press.client("viewer") as client:
        energy = client.get("/energy", params={"tag": tags["Power"]}).text
        output = client.get("/oee", params=machine).text
        refused = client.get("/oee", params={**machine, "stop": "1"})
        empty = client.get("/energy").text
    assert "60 kW" in energy
    assert "example prices" in energy
    assert "93.8 %" in output
    assert refused.status_code == 400
    assert "stands in" in refused.text
    assert "Choose a meter." in empty


def test_who_may_see_another_zone_alone_finds_nothing(press: Served, tags: dict[str, str]) -> None:
    press.add("elsewhere", Grant("viewer", press.place.site, "elsewhere"))
    with press.client("elsewhere") as client:
        assert client.get("/api/v1/energy/meters").json()["items"] == []
        assert client.get("/api/v1/energy", params={"tag": tags["Power"]}).status_code == 404
        assert client.get("/api/v1/output", params={"state": tags["Mode"], "run": "1"}).status_code == 404
        assert client.get("/energy", params={"tag": tags["Power"]}).status_code == 404
