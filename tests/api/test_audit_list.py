"""The audit log as a list: words, time and order, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.house import Served


@pytest.fixture
def log(served: Served) -> Iterator[Any]:
    with served.client("analyst") as client:  # something for the log: somebody signs in
        assert client.get("/api/v1/me").status_code == 200
    with served.client("auditor") as client:
        yield lambda **wanted: client.get("/api/v1/audit", params=wanted)


def test_the_newest_come_first_and_the_oldest_where_they_are_asked_for(log: Any) -> None:
    newest = [e["seq"] for e in log(limit=5).json()["items"]]
    oldest = [e["seq"] for e in log(limit=5, sort="seq").json()["items"]]
    assert oldest == [0, 1, 2, 3, 4]
    assert newest == sorted(newest, reverse=True) and newest[0] > 4


@pytest.mark.parametrize("sort", ["seq", "-seq"])
def test_pages_in_either_order_have_each_entry_once(log: Any, sort: str) -> None:
    until = log(limit=1).json()["items"][0]["ts"]  # what comes while pages are read is not of these
    found, cursor = [], ""
    while cursor is not None:
        page = log(limit=3, sort=sort, until=until, cursor=cursor).json()
        found += [e["seq"] for e in page["items"]]
        cursor = page["next"]
    assert sorted(found) == list(range(len(found))) and found == sorted(found, reverse=sort == "-seq")


def test_words_are_looked_for_anywhere_in_an_entry_and_all_must_be_there(log: Any) -> None:
    found = log(q="ANALYST session").json()["items"]
    assert ("session.begin", "analyst") in {(e["action"], e["target"]) for e in found}
    assert 0 not in {e["seq"] for e in found}, "of the log's beginning nobody was told"
    assert log(q="analyst nothing-has-this-word").json() == {"items": [], "total": 0, "next": None}
    assert log(q="100%_").json()["items"] == []  # no pattern of the database


def test_hours_are_those_until_now(log: Any) -> None:
    assert log(hours=1).json()["items"]
    assert log(hours=1, until="2020-01-01T00:00:00Z").json()["items"] == []


NONSENSE = [{"sort": "who"}, {"cursor": "x"}, {"cursor": "9" * 19}, {"since": "2026-11-27T00:00:00"}]


@pytest.mark.parametrize("wanted", NONSENSE, ids=("sort", "cursor", "far cursor", "no zone"))
def test_what_makes_no_sense_is_named(log: Any, wanted: dict[str, str]) -> None:
    answer = log(**wanted)
    assert answer.status_code in (400, 422)
    assert next(iter(wanted)) in answer.text
