"""The map's API: what stands where, what may be seen, and what was active when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from linewarden.people.model import Grant
from linewarden.service.correcting import Said, correct
from tests.console.house import Served, make_lake, served_lake


@pytest.fixture(scope="module")
def zoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console whose plant has two zones: the controllers, and all else; with somebody who may see the first only."""
    folder = tmp_path_factory.mktemp("zoned")
    lake = make_lake(folder / "lake")
    with served_lake(lake, folder) as served:
        assets = served.place.follower.view.plant.assets
        sets = [(a.id, "zone=cell" if a.level == 1 else "zone=rest") for a in assets if not a.public]
        correct(lake, Said(sets=sets))
        served.place.follower.hurry()
        served.place.follower.look()
        served.add("celler", Grant("viewer", served.place.site, "cell"))
        yield served


def get(served: Served, role: str, path: str = "/api/v1/map", **query: Any) -> Any:
    with served.client(role) as client:
        answer = client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_boxes_stand_in_their_frames_and_do_not_overlap(zoned: Served) -> None:
    found = get(zoned, "viewer")
    w, h = found["box_width"], found["box_height"]
    for node in found["nodes"]:
        frame = found["frames"][node["frame"]]
        lane = found["lanes"][frame["lane"]]
        assert frame["x"] <= node["x"] and node["x"] + w <= frame["x"] + frame["w"]
        assert frame["y"] <= node["y"] and node["y"] + h <= frame["y"] + frame["h"]
        assert lane["y"] <= frame["y"] and frame["y"] + frame["h"] <= lane["y"] + lane["h"]
        assert lane["level"] == node["level"]
    for a, b in combinations(found["nodes"], 2):
        assert abs(a["x"] - b["x"]) >= w or abs(a["y"] - b["y"]) >= h


def test_edges_are_the_conversations_between_assets(zoned: Served) -> None:
    found = get(zoned, "viewer")
    ids = [n["id"] for n in found["nodes"]]
    drawn = {(ids[e["source"]], ids[e["target"]]) for e in found["edges"]}
    listed = get(zoned, "viewer", "/api/v1/conversations", limit=1000)["items"]
    assert drawn == {(c["source"], c["target"]) for c in listed if not c["group"] and c["source"] != c["target"]}
    does = {(c["source"], c["target"]): c["does"] for c in listed}
    assert all(does[ids[e["source"]], ids[e["target"]]] == e["does"] for e in found["edges"])


def test_who_may_see_one_zone_sees_no_trace_of_another(zoned: Served) -> None:
    mine = get(zoned, "celler")
    assert mine["nodes"]
    assert {f["title"] for f in mine["frames"]} == {"cell"}
    assert len(mine["lanes"]) == 1
    all_ = get(zoned, "viewer")
    assert len(mine["nodes"]) < len(all_["nodes"])
    activity = get(zoned, "celler", "/api/v1/map/activity")
    assert set(activity["assets"]) <= {n["id"] for n in mine["nodes"]}
    whole = get(zoned, "viewer", "/api/v1/map/activity")
    assert sum(b["packets"] for b in activity["buckets"]) < sum(b["packets"] for b in whole["buckets"])


def test_a_picture_that_still_holds_is_not_sent_again(served: Served) -> None:
    with served.client("viewer") as client:
        first = client.get("/api/v1/map")
        again = client.get("/api/v1/map", headers={"If-None-Match": first.headers["ETag"]})
        other = client.get("/api/v1/map", headers={"If-None-Match": '"something"'})
    assert (again.status_code, again.content) == (304, b"")
    assert other.json() == first.json()


def test_volumes_add_up_to_what_was_recorded(served: Served) -> None:
    plant = served.place.follower.view.plant
    found = get(served, "viewer", "/api/v1/map/activity", buckets=17)
    assert len(found["buckets"]) == 17
    assert sum(b["packets"] for b in found["buckets"]) == pytest.approx(plant.packets, abs=17)
    assert all(0 < int(e["active"], 16) < 1 << 17 for e in found["edges"])
    assert all(int(e["changed"], 16) & ~int(e["active"], 16) == 0 for e in found["edges"])


def test_halves_of_a_range_have_what_the_whole_has(served: Served) -> None:
    whole = get(served, "viewer", "/api/v1/map/activity", buckets=2)
    middle = whole["buckets"][1]["begin"]
    first = get(served, "viewer", "/api/v1/map/activity", buckets=5, **{"from": whole["begin"], "to": middle})
    assert sum(b["packets"] for b in first["buckets"]) == pytest.approx(whole["buckets"][0]["packets"], rel=0.02, abs=5)
    early = {(whole["assets"][e["source"]], whole["assets"][e["target"]])
             for e in whole["edges"] if int(e["active"], 16) & 1}  # fmt: skip
    assert {(first["assets"][e["source"]], first["assets"][e["target"]]) for e in first["edges"]} == early


def test_a_range_that_ends_before_it_begins_is_refused(served: Served) -> None:
    with served.client("viewer") as client:
        answer = client.get(
            "/api/v1/map/activity", params={"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
        )
    assert answer.status_code == 400


def test_conversations_by_what_they_do(served: Served) -> None:
    every = get(served, "viewer", "/api/v1/conversations", limit=1000)["items"]
    changing = get(served, "viewer", "/api/v1/conversations", limit=1000, does="change")["items"]
    assert changing == [c for c in every if c["does"] == "change"]
    grave = get(served, "viewer", "/api/v1/conversations", limit=1000, severity="high")["items"]
    cases = get(served, "viewer", "/api/v1/cases", severity=["high", "critical"])["items"]
    hit = {a["id"] for c in cases for a in c["assets"]}
    assert {(c["source"], c["target"]) for c in grave} == {
        (c["source"], c["target"]) for c in every if c["source"] in hit or c["target"] in hit
    }


def test_the_layout_is_stable_when_something_comes() -> None:
    from linewarden.plant.model import Role
    from linewarden.service.network_map import laid_out
    from tests.reports.factory import asset

    old = [asset(n, f"PLC {n}", Role.CONTROLLER, zone="a") for n in range(3)]
    old += [asset(n, f"HMI {n}", Role.HMI, zone="b") for n in range(10, 13)]
    before = {p.id: (p.x, p.y) for p in laid_out(old).places}
    new = asset(99, "PLC 99", Role.CONTROLLER, zone="a")
    after = {p.id: (p.x, p.y) for p in laid_out([new, *reversed(old)]).places}
    assert before.items() <= after.items()


def test_conversations_that_last_are_active_in_every_bucket(tmp_path: Path) -> None:
    from linewarden.service.network_map.playback import Span, played

    lake = make_lake(tmp_path / "lake")
    import polars as pl

    rows = pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in lake.glob("stream=conn/**/*.parquet")])
    long = rows.sort(pl.col("until") - pl.col("ts")).tail(1)
    begin, end = long["ts"].dt.epoch("ns")[0], long["until"].dt.epoch("ns")[0]
    found = played(lake, Span(begin, end + 1, 10), [long["id.orig_h"][0], long["id.resp_h"][0]])
    assert any(p.active == (1 << 10) - 1 for p in found.pairs)
