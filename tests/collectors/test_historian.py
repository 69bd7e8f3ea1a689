"""The historian collector over PostgreSQL and SQLite."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from linewarden.collectors._polling.sql_reading import Query, SqlReader
from linewarden.collectors._polling.table_settings import TableTag
from linewarden.collectors._polling.times import zone_of
from linewarden.collectors.contract import Quality
from linewarden.collectors.historian import KIND, Historian
from tests.collectors.polling_house import MemorySink, running, until
from tests.service import postgres

QUICK: dict[str, Any] = {"interval": 0.1, "pause": 0.0, "retry_first": 0.1, "retry_most": 0.3}
LONG: dict[str, Any] = {"name_column": "tag", "value_column": "val", "quality_column": "q"}
T0 = 1_795_741_200
"""2026-11-27 01:00 UTC."""
Execute = Callable[..., None]


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    if why := postgres.why_not():
        pytest.skip(why)
    found = postgres.Cluster()
    yield found
    found.end()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, Execute]:
    """URL, password, and a function that runs SQL as the historian itself does."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'hist.db'}"
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        password = ""
    else:
        url = request.getfixturevalue("cluster").new_database()
        password = postgres.PASSWORD
        engine = sa.create_engine(sa.make_url(url).set(password=password), poolclass=sa.pool.NullPool)

    def execute(text: str, rows: list[dict[str, Any]] | None = None) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text(text), rows)

    return url, password, execute


def comes(sink: MemorySink, count: int) -> bool:
    return len(sink.rows) == count


def stamp(second: float) -> str:
    return f"2026-11-27 01:{int(second // 60):02}:{second % 60:06.3f}+00:00"


def rows(first: int, count: int, tag: str = "A") -> list[dict[str, Any]]:
    return [{"ts": stamp(at), "tag": tag, "val": float(at), "q": "Good"} for at in range(first, first + count)]


INSERT = "INSERT INTO samples VALUES (:ts, :tag, :val, :q)"


def table(execute: Execute) -> None:
    execute("CREATE TABLE samples (ts TIMESTAMP WITH TIME ZONE, tag TEXT, val DOUBLE PRECISION, q TEXT)")


def series(sink: MemorySink, name: str) -> list[tuple[float, Any]]:
    return [((r.source_ts or 0) / 1e9 - T0, r.value) for r in sink.rows if r.name == name]


def test_what_is_there_comes_first_then_what_is_new_and_what_comes_late(
    database: tuple[str, str, Execute], tmp_path: Path
) -> None:
    url, password, execute = database
    table(execute)
    execute(INSERT, rows(0, 100))
    state = tmp_path / "state.json"
    own: dict[str, Any] = {"password": password, "device": "H", "state": state, "overlap": 60.0}
    settings = Historian(url, "samples", "ts", **own, **LONG, **QUICK)
    with running(KIND, settings) as sink:
        until(lambda: len(sink.rows) == 100)
        execute(INSERT, rows(100, 3))
        until(lambda: len(sink.rows) == 103)
        execute(INSERT, [{"ts": stamp(60.5), "tag": "A", "val": -1.0, "q": "64"}])  # 41.5 s late
        execute(INSERT, [{"ts": stamp(1.5), "tag": "A", "val": -2.0, "q": "Good"}])  # too late
        execute(INSERT, [{"ts": stamp(102), "tag": "A", "val": 7.0, "q": "Good"}])  # corrected
        until(lambda: len(sink.rows) == 105)
        time.sleep(0.5)
        found = series(sink, "A")
        assert found[:103] == [(at, at) for at in range(103)]
        assert sorted(found[103:]) == [(60.5, -1.0), (102.0, 7.0)]
        assert [r.quality for r in sink.rows if r.value == -1.0] == [Quality.UNCERTAIN]
        assert all(r.history for r in sink.rows) and sink.tags[0].source == "H"
        assert not [s for s in sink.said if not s.startswith("UP")]
    execute(INSERT, rows(103, 2))
    with running(KIND, settings) as sink:  # after a restart of ours
        until(lambda: len(sink.rows) == 2)
        time.sleep(0.4)
        assert series(sink, "A") == [(103, 103), (104, 104)]
    assert len(json.loads(state.read_text())["keys"]) <= 70


def test_more_rows_than_a_page_and_many_of_one_moment(
    database: tuple[str, str, Execute], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewarden.collectors._polling.historian_session.PAGE", 40)
    url, password, execute = database
    table(execute)
    execute(INSERT, rows(0, 100))
    execute(INSERT, [{"ts": stamp(50), "tag": f"T{at}", "val": float(at), "q": "Good"} for at in range(200)])
    with running(KIND, Historian(url, "samples", "ts", password=password, **LONG, **QUICK)) as sink:
        until(lambda: len(sink.rows) >= 300)
        time.sleep(0.3)
    assert len(sink.rows) == 300
    assert [v for _, v in series(sink, "A")] == list(range(100))


def test_a_wide_table_and_only_what_is_wanted(database: tuple[str, str, Execute]) -> None:
    url, password, execute = database
    execute("CREATE TABLE wide (ms BIGINT, level NUMERIC(8,2), mode TEXT, other INTEGER)")
    execute(
        "INSERT INTO wide VALUES (:ms, :level, :mode, 5)",
        [
            {"ms": T0 * 1000, "level": 1.25, "mode": "auto"},
            {"ms": T0 * 1000 + 500, "level": None, "mode": "Bad"},
            {"ms": None, "level": 9, "mode": "x"},
        ],
    )
    tags = (TableTag("level", "TANK.LEVEL", scale=2.0, ucum="m"), TableTag("mode"))
    own: dict[str, Any] = {"time_format": "ms", "tags": tags, "only": True, "password": password}
    with running(KIND, Historian(url, "wide", "ms", **own, **QUICK)) as sink:
        until(lambda: len(sink.rows) == 3)
    assert series(sink, "TANK.LEVEL") == [(0, 2.5)]
    assert series(sink, "mode") == [(0, "auto"), (0.5, None)]
    assert {t.name for t in sink.tags} == {"TANK.LEVEL", "mode"}
    assert len([s for s in sink.said if "no usable time" in s]) <= 1


def test_a_restart_of_the_database_loses_nothing(cluster: postgres.Cluster, tmp_path: Path) -> None:
    url = cluster.new_database()
    engine = sa.create_engine(sa.make_url(url).set(password=postgres.PASSWORD), poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE samples (ts TIMESTAMP, tag TEXT, val REAL, q TEXT)"))
        connection.execute(sa.text(INSERT), rows(0, 10))
    with running(KIND, Historian(url, "samples", "ts", password=postgres.PASSWORD, **LONG, **QUICK)) as sink:
        until(lambda: len(sink.rows) == 10)
        cluster.stop()
        until(sink.downs)
        time.sleep(0.5)
        cluster.start()
        with engine.begin() as connection:
            connection.execute(sa.text(INSERT), rows(10, 5))
        until(lambda: len(sink.rows) == 15)
        assert [v for _, v in series(sink, "A")] == list(range(15))
        assert postgres.PASSWORD not in "".join(sink.said)
    engine.dispose()


def test_nothing_can_be_written_through_its_connection(database: tuple[str, str, Execute]) -> None:
    url, password, execute = database
    table(execute)
    reader = SqlReader(url, password, Query("samples", "ts", "iso", zone_of("UTC")), "db")
    reader.open()
    assert reader._engine is not None
    with reader._engine.connect() as connection:
        for text in (
            "INSERT INTO samples VALUES (NULL, 'x', 1, 'y')",
            "CREATE TABLE t (a INTEGER)",
            "DROP TABLE samples",
        ):
            with pytest.raises(sa.exc.DBAPIError, match=r"read.?only"):
                connection.execute(sa.text(text))
            connection.rollback()
    reader.close()


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.000+01:00"])
def test_times_that_sqlite_keeps_as_text_are_compared_as_they_are_written(tmp_path: Path, form: str) -> None:
    from datetime import UTC, datetime, timedelta, timezone

    file = tmp_path / "t.db"
    zone = timezone(timedelta(hours=1)) if form.endswith("+01:00") else UTC
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE samples (ts TIMESTAMP, tag TEXT, val REAL, q TEXT)")

    def insert(first: int, count: int) -> None:
        for at in range(first, first + count):
            written = datetime.fromtimestamp(T0 + at, zone).strftime(form)
            database.execute("INSERT INTO samples VALUES (?, 'A', ?, 'Good')", (written, at))
        database.commit()

    with running(KIND, Historian(f"sqlite:///{file}", "samples", "ts", overlap=2.0, **LONG, **QUICK)) as sink:
        time.sleep(0.3)
        insert(0, 5)  # the table was empty at first
        until(lambda: len(sink.rows) == 5)
        insert(5, 5)
        until(lambda: len(sink.rows) == 10)
        assert series(sink, "A") == [(at, at) for at in range(10)]
    database.close()


def test_the_hour_that_comes_twice_loses_no_row(tmp_path: Path) -> None:
    """Local times without a zone: at 03:00 on 25 October 2026 clocks in Berlin go back to 02:00."""
    file = tmp_path / "t.db"
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE samples (ts TIMESTAMP, tag TEXT, val REAL, q TEXT)")
    clock = ["02:58", "02:59", "02:00", "02:01", "02:59", "03:00"]
    settings = Historian(f"sqlite:///{file}", "samples", "ts", zone="Europe/Berlin", overlap=10.0, **LONG, **QUICK)
    with running(KIND, settings) as sink:
        for at, minute in enumerate(clock):
            database.execute("INSERT INTO samples VALUES (?, 'A', ?, 'Good')", (f"2026-10-25 {minute}:00", at))
            database.commit()
            until(partial(comes, sink, at + 1))
    database.close()
    assert sorted(v for _, v in series(sink, "A")) == list(range(6))


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"table": "gone"}, "no table gone"),
        ({"time_column": "zeit"}, "no column 'zeit'; it has 'ts', 'tag', 'val', 'q'"),
    ],
)
def test_what_is_wrong_is_told_once_with_the_way_out(
    database: tuple[str, str, Execute], other: dict[str, Any], text: str
) -> None:
    url, password, execute = database
    table(execute)
    own = {"table": "samples", "time_column": "ts", "password": password, **other}
    with running(KIND, Historian(url, **own, **LONG, **QUICK)) as sink:
        until(sink.downs)
        time.sleep(0.5)
        (down,) = sink.downs()
        assert text in down and "\n" not in down


def test_a_wrong_password_or_no_file_is_told_without_the_secret(cluster: postgres.Cluster, tmp_path: Path) -> None:
    for url in (cluster.new_database(), f"sqlite:///{tmp_path / 'none.db'}"):
        with running(KIND, Historian(url, "samples", "ts", password="wrong-pass", **LONG, **QUICK)) as sink:
            until(sink.downs)
            (down,) = sink.downs()
            assert "check url" in down and "wrong-pass" not in down
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"url": "postgresql://u:p@h/d"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": "sqlite://"}, "url"),
        ({"name_column": "tag"}, "value_column"),
        ({"only": True}, "only"),
        ({"begin": "yesterday"}, "begin"),
        ({"zone": "Mars"}, "zone"),
        ({"time_format": "%d"}, "time_format"),
        ({"tags": (TableTag("TI101", low=5.0, high=5.0),)}, "tags[0].low"),
        ({"tags": (TableTag("TI101"), TableTag("TI101"))}, "tags[1].column"),
    ],
)
def test_wrong_settings_name_the_field(other: dict[str, Any], field: str) -> None:
    assert KIND.check is not None
    settings = Historian(**{"url": "postgresql://u@h/d", "table": "t", "time_column": "ts", **other})
    assert [f for f, _ in KIND.check(settings)] == [field]
