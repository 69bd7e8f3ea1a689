"""Records over the API: each once, in their order, as page and as file, and those of other zones never."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pytest

from linewarden.people.model import Grant
from linewarden.service import lake_files
from tests.console.house import Served


def written(served: Served, stream: str) -> pl.DataFrame:
    files = lake_files.files(served.place.lake / f"stream={stream}")
    return pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in files], how="diagonal_relaxed")


def pages(client: Any, stream: str, **query: Any) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        answer = client.get(f"/api/v1/records/{stream}", params={**query, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if not cursor:
            return found


@pytest.mark.parametrize("stream", ["conn", "command", "reading", "binding"])
def test_each_record_once_in_order(served: Served, stream: str) -> None:
    with served.client("analyst") as client:
        found = pages(client, stream, limit=37)
    assert len(found) == written(served, stream).height
    places = [(r["ts"], r["capture"], r["frame"]) for r in found]
    assert places == sorted(places)


@pytest.mark.parametrize("stream", ["conn", "command", "reading", "binding"])
def test_the_newest_first_where_they_are_asked_for(served: Served, stream: str) -> None:
    with served.client("analyst") as client:
        found = pages(client, stream, limit=37, sort="-ts")
        usual = pages(client, stream, limit=1_000)
        middle = usual[len(usual) // 2]["ts"]
        until = pages(client, stream, limit=100, sort="-ts", to=middle)
        assert client.get(f"/api/v1/records/{stream}", params={"sort": "uid"}).status_code == 422
    places = [(r["ts"], r["capture"], r["frame"]) for r in found]
    assert places == sorted(places, reverse=True)
    assert sorted(map(repr, found)) == sorted(map(repr, usual))
    assert until[0]["ts"] <= middle and len(until) == sum(r["ts"] <= middle for r in usual)


def test_filters(served: Served) -> None:
    whole = written(served, "conn")
    uid = whole.item(3, "uid")
    address = whole.item(3, "id.resp_h")
    times = whole.get_column("ts").sort()
    with served.client("analyst") as client:
        assert {r["uid"] for r in pages(client, "conn", uid=uid)} == {uid}
        of_address = whole.filter((pl.col("id.orig_h") == address) | (pl.col("id.resp_h") == address))
        assert len(pages(client, "conn", address=address)) == of_address.height
        assert list(pages(client, "conn", column=["proto", "uid"])[0]) == ["uid", "proto"]
        middle = times[len(times) // 2].isoformat()
        part = pages(client, "conn", **{"from": middle})
        assert 0 < len(part) < whole.height
        assert client.get("/api/v1/records/conn", params={"column": "nothing"}).status_code == 400
        assert client.get("/api/v1/records/conn", params={"cursor": "x"}).status_code == 400
        assert client.get("/api/v1/records/nothing").status_code == 404


@pytest.mark.parametrize(
    ("format", "read"), [("csv", pl.read_csv), ("parquet", pl.read_parquet), ("arrow", pl.read_ipc_stream)]
)
@pytest.mark.parametrize("stream", ["conn", "reading"])
def test_all_of_it_as_a_file(served: Served, stream: str, format: str, read: Any) -> None:
    with served.client("analyst") as client:
        answer = client.get(f"/api/v1/records/{stream}", params={"format": format})
    assert answer.headers["content-disposition"].endswith(f'{stream}.{format}"')
    found = read(io.BytesIO(answer.content))
    whole = written(served, stream)
    assert found.height == whole.height
    assert set(found.columns) == set(whole.columns)
    assert sorted(found.get_column("uid")) == sorted(whole.get_column("uid").cast(pl.String))


@pytest.mark.parametrize("format", ["csv", "parquet", "arrow"])
def test_a_file_of_nothing_can_be_read(served: Served, format: str) -> None:
    read: dict[str, Any] = {"csv": pl.read_csv, "parquet": pl.read_parquet, "arrow": pl.read_ipc_stream}
    with served.client("analyst") as client:
        answer = client.get("/api/v1/records/conn", params={"format": format, "from": "2099-01-01T00:00:00Z"})
    assert read[format](io.BytesIO(answer.content)).height == 0


def test_records_of_other_zones_are_not_there(served: Served) -> None:
    view = served.place.follower.view
    zones = [a.zone for a in view.plant.assets if a.zone]
    zone = max(sorted(set(zones)), key=zones.count)
    own = {a for a in view.addresses if view.zone(a) == zone}
    served.add("records", Grant("engineer", served.place.site, zone))
    with served.client("records") as client:
        found = pages(client, "conn")
        assert found
        assert {r["id.orig_h"] for r in found} | {r["id.resp_h"] for r in found} <= own
        assert {r["source"] for r in pages(client, "reading")} <= own
        file = client.get("/api/v1/records/conn", params={"format": "csv"})
        assert pl.read_csv(io.BytesIO(file.content)).height == len(found)
        assert client.get("/api/v1/records/conn").json()["partial"]
    whole = written(served, "conn").filter(pl.col("id.orig_h").is_in(own) & pl.col("id.resp_h").is_in(own))
    assert len(found) == whole.height
