"""Tags over the API: which there are, how they ran, and what happened meanwhile."""

from __future__ import annotations

import csv
import io
from typing import Any

import polars as pl
import pytest

from linewarden.people.model import Grant
from linewarden.service import lake_files
from linewarden.service.values.pieces import single_values
from tests.console.house import Served

ROUNDED = ("first_seen", "last_seen", "every_s", "mean")
"""In their last digit, one way or the other; the columns with ns are exact."""


@pytest.fixture
def tags(served: Served) -> list[dict[str, Any]]:
    with served.client("viewer") as client:
        found: list[dict[str, Any]] = client.get("/api/v1/tags", params={"limit": 1000}).json()["items"]
    return found


def recorded(served: Served) -> pl.DataFrame:
    """Every single value of the lake."""
    files = lake_files.files(served.place.lake / "stream=reading")
    return single_values(pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in files]))


def test_tags_are_those_of_the_records(served: Served, tags: list[dict[str, Any]]) -> None:
    values = recorded(served)
    assert len(tags) == values.select("source", "protocol", "unit", "area", "name", "address").n_unique()
    assert sum(t["count"] for t in tags) == values.height
    assert [t["moved"] for t in tags] == sorted((t["moved"] for t in tags), reverse=True)
    assert any(v is not None for v in tags[0]["course"])


def test_all_values_are_in_the_points(served: Served, tags: list[dict[str, Any]]) -> None:
    chosen = tags[:3]
    with served.client("viewer") as client:
        found = client.get("/api/v1/tags/values", params={"tag": [t["id"] for t in chosen], "points": 20}).json()
    assert [s["tag"] for s in found["series"]] == [t["id"] for t in chosen]
    for series, tag in zip(found["series"], chosen, strict=True):
        assert len(series["t"]) <= 20
        assert sum(series["n"]) == tag["count"]
        assert min(series["low"]) == tag["low"]
        assert max(series["high"]) == tag["high"]
        assert series["t"] == sorted(series["t"])


def test_pages_are_the_whole_list(served: Served, tags: list[dict[str, Any]]) -> None:
    for sort in ("-moved", "label", "-every", "device"):
        query: dict[str, Any] = {"sort": sort, "limit": 7}
        got: list[str] = []
        with served.client("viewer") as client:
            while True:
                page = client.get("/api/v1/tags", params=query).json()
                got += [t["id"] for t in page["items"]]
                if page["next"] is None:
                    break
                query["cursor"] = page["next"]
        assert sorted(got) == sorted(t["id"] for t in tags)
        assert len(got) == page["total"]


def test_a_list_as_a_file_has_the_same_columns(served: Served, tags: list[dict[str, Any]]) -> None:
    with served.client("viewer") as client:
        file = client.get("/api/v1/tags", params={"format": "parquet", "sort": "-moved"})
        table = client.get("/api/v1/tags", params={"format": "csv"})
        wrong = client.get("/api/v1/tags", params={"cursor": "bm9uc2Vuc2U"})
    found = pl.read_parquet(io.BytesIO(file.content)).to_dicts()
    assert [list(r) for r in found[:1]] == [list(tags[0])]
    for row, tag in zip(found, tags, strict=True):
        assert {k: v for k, v in row.items() if k not in ROUNDED} == {k: v for k, v in tag.items() if k not in ROUNDED}
    assert 'filename="tags.csv"' in table.headers["content-disposition"]
    assert len(list(csv.DictReader(io.StringIO(table.text)))) == len(tags)
    assert wrong.status_code == 400


def test_a_part_of_the_time(served: Served, tags: list[dict[str, Any]]) -> None:
    tag = tags[0]
    with served.client("viewer") as client:
        whole = client.get("/api/v1/tags/values", params={"tag": tag["id"], "points": 5000}).json()
        part = client.get("/api/v1/tags/values", params={"tag": tag["id"], "points": 5000, "last": 5}).json()
        wrong = client.get("/api/v1/tags/values", params={"tag": tag["id"], "from": whole["to"], "to": whole["from"]})
    end = whole["series"][0]["t"][-1]
    assert part["series"][0]["t"] == [t for t in whole["series"][0]["t"] if t >= end - 5 - 1e-6]
    assert wrong.status_code == 400


def test_values_as_a_file(served: Served, tags: list[dict[str, Any]]) -> None:
    with served.client("viewer") as client:
        found = client.get("/api/v1/tags/values", params={"tag": tags[0]["id"], "points": 5000, "format": "csv"})
    assert "attachment" in found.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert sum(int(r["values"]) for r in rows) == tags[0]["count"]


def test_events_are_of_the_device(served: Served, tags: list[dict[str, Any]]) -> None:
    with served.client("viewer") as client:
        devices = {t["device"]: t["id"] for t in tags}
        found = {d: client.get("/api/v1/tags/events", params={"tag": t}).json()["items"] for d, t in devices.items()}
    assert any(found.values())
    for device, events in found.items():
        assert {e["device"] for e in events} <= {device}
        assert [e["ts"] for e in events] == sorted(e["ts"] for e in events)
    assert {"command", "notice"} <= {e["kind"] for events in found.values() for e in events}


def test_a_tag_of_another_zone_is_not_there(served: Served, tags: list[dict[str, Any]]) -> None:
    zones = sorted({t["zone"] for t in tags if t["zone"]})
    assert len(zones) > 1, "the demonstration has values in several zones"
    if served.place.people.store.account_of("zoned") is None:
        served.add("zoned", Grant("viewer", served.place.site, zones[0]))
    hidden = next(t["id"] for t in tags if t["zone"] != zones[0])
    with served.client("zoned") as client:
        seen = client.get("/api/v1/tags", params={"limit": 1000}).json()["items"]
        for path in ("values", "events"):
            assert client.get(f"/api/v1/tags/{path}", params={"tag": hidden}).status_code == 404
    assert {t["zone"] for t in seen} == {zones[0]}


def describe(served: Served, login: str, tag: str, status: int = 200, **fields: Any) -> Any:
    with served.client(login) as client:
        headers = {"Origin": served.url, "X-CSRF-Token": served.csrf(client)}
        answer = client.patch(f"/api/v1/tags/{tag}", json=fields, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_tag_gets_a_unit_and_a_name(served: Served, tags: list[dict[str, Any]]) -> None:
    tag = tags[-1]["id"]
    told = describe(served, "engineer", tag, ucum="m3/h", alias="Feed pump flow", low=0, high=12.5)
    assert (told["ucum"], told["unit_text"], told["alias"]) == ("m3/h", "m³/h", "Feed pump flow")
    with served.client("viewer") as client:
        (found,) = client.get("/api/v1/tags", params={"q": "feed pump"}).json()["items"]
    assert (found["id"], found["range_low"], found["range_high"]) == (tag, 0, 12.5)
    wrong = describe(served, "engineer", tag, 400, ucum="m^3/h")
    assert "`m3/h`" in wrong["detail"]
    back = describe(served, "engineer", tag, ucum="", alias="", low="", high="")
    assert (back["ucum"], back["alias"], back["range_low"]) == ("", "", None)
    describe(served, "viewer", tag, 403, ucum="m")
    describe(served, "engineer", "0123456789abcdef", 404, ucum="m")
