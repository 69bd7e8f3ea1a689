"""SQL over the API: what is answered, what is refused, and that nobody sees, takes or stops what they may not."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from linewarden.errors import BusyError, QueryError
from linewarden.people.model import Grant
from linewarden.service.hunt import Desk, Limits, Question, Sight
from linewarden.service.state.queries import RECENT, Queries
from tests.console.house import Served, served_lake

QUICK = Limits(seconds=1.0, memory="256MB")


def ask(served: Served, role: str, sql: str, **more: Any) -> httpx.Response:
    with served.client(role) as client:
        headers = {"X-CSRF-Token": served.csrf(client), "Origin": served.url}
        return client.post("/api/v1/query", json={"sql": sql, **more}, headers=headers)


@pytest.fixture
def desk(lake: Path) -> Desk:
    return Desk(lake, QUICK)


@pytest.fixture
def zoned(served: Served) -> str:
    """Somebody who may query what is of one zone only."""
    if served.place.people.store.account_of("cell") is None:
        served.add("cell", Grant("analyst", served.place.site, zone(served)))
    return "cell"


def zone(served: Served) -> str:
    """One with more than one asset, of several."""
    zones = [a.zone for a in served.place.follower.view.plant.assets if a.zone]
    return max(sorted(set(zones)), key=zones.count)


def addresses(served: Served) -> set[str]:
    view = served.place.follower.view
    return {a for a in view.addresses if view.zone(a) == zone(served)}


# --- what is answered ---


def test_rows_with_what_they_can_be_drawn_as(served: Served) -> None:
    found = ask(served, "analyst", "SELECT ts, verb, count FROM command ORDER BY ts", rows=3).json()
    assert [(c["name"], c["kind"]) for c in found["columns"]] == [("ts", "time"), ("verb", "text"), ("count", "number")]
    assert len(found["rows"]) == 3
    assert found["more"]
    assert not found["partial"]


@pytest.mark.parametrize("sql", [
    "DESCRIBE conn", "SHOW TABLES", 'SELECT "id.orig_h" FROM main.conn', "FROM conn", "VALUES (1)", "SELECT 'a;b' -- x",
    "WITH a AS (SELECT * FROM conn) SELECT count(*) FROM a JOIN a b USING (uid)",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT * FROM t",
    "SELECT unnest([1, 2]), * FROM range(3)", "SELECT count(*) FILTER (verb = 'write') FROM command",
    "SELECT lag(ts) OVER (PARTITION BY uid ORDER BY ts) FROM command",
    "SELECT * FROM conn c WHERE EXISTS (SELECT 1 FROM command WHERE uid = c.uid)",
    "SELECT time_bucket(INTERVAL 1 MINUTE, ts::TIMESTAMPTZ), count(*) FROM conn GROUP BY 1",
    "SELECT 'nan'::DOUBLE, 'inf'::DOUBLE",
])  # fmt: skip
def test_what_people_ask_is_answered(desk: Desk, sql: str) -> None:
    assert desk.ask("anna", Question(sql)).columns


def test_a_time_narrows_every_stream(desk: Desk) -> None:
    times = [int(r[0]) for r in desk.ask("anna", Question("SELECT epoch_ns(ts) FROM conn ORDER BY ts")).rows]
    middle = times[len(times) // 2]
    found = desk.ask("anna", Question("SELECT count(*) FROM conn", start=middle)).rows[0][0]
    assert found == sum(t >= middle for t in times)


@pytest.mark.parametrize(
    ("format", "read"), [("csv", pl.read_csv), ("parquet", pl.read_parquet), ("arrow", pl.read_ipc_stream)]
)
def test_as_a_file(served: Served, format: str, read: Any) -> None:
    found = ask(served, "analyst", "SELECT uid, proto FROM conn", rows=100_000, format=format)
    assert found.headers["content-disposition"].endswith(f'query.{format}"')
    assert read(io.BytesIO(found.content)).columns == ["uid", "proto"]


def test_a_mistake_is_explained(served: Served) -> None:
    found = ask(served, "analyst", "SELECT nothing FROM conn")
    assert found.status_code == 400
    assert "nothing" in found.json()["detail"]


# --- who may ---


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("operator", 403), ("analyst", 200), ("engineer", 200), ("owner", 200)]
)
def test_who_may_ask(served: Served, role: str, status: int) -> None:
    assert ask(served, role, "SELECT 1").status_code == status


def test_who_has_a_zone_sees_what_is_between_its_addresses(served: Served, zoned: str) -> None:
    own = addresses(served)
    found = ask(served, zoned, 'SELECT "id.orig_h", "id.resp_h" FROM conn', rows=10_000).json()
    everything = ask(served, "analyst", 'SELECT "id.orig_h", "id.resp_h" FROM conn', rows=10_000).json()
    assert found["partial"]
    assert sorted(found["rows"]) == sorted(r for r in everything["rows"] if set(r) <= own)
    assert len(found["rows"]) < len(everything["rows"])


HIDDEN = '(SELECT 1 FROM conn WHERE "id.orig_h" NOT IN ({own}) OR "id.resp_h" NOT IN ({own}))'


@pytest.mark.parametrize("sql", [
    "SELECT count(*) FROM {hidden}",
    "WITH conn2 AS (SELECT * FROM conn) SELECT (SELECT count(*) FROM {hidden})",
    "SELECT sum((SELECT count(*) FROM {hidden})) FROM range(1)",
    "SELECT count(*) FROM main.conn WHERE \"id.orig_h\" NOT IN ({own})",
    "SELECT count(*) FROM memory.main.\"CONN\" WHERE \"id.resp_h\" NOT IN ({own})",
    "SELECT count(*) FROM reading WHERE source NOT IN ({own})",
    "SELECT count(*) FROM identity WHERE address NOT IN ({own})",
    "SELECT count(*) FROM binding WHERE mac NOT IN ({own})",
    "SELECT count(*) FROM notice n WHERE n.\"id.orig_h\" NOT IN ({own})",
    "SELECT count(*) FROM judged",
])  # fmt: skip
def test_no_way_of_asking_shows_rows_of_other_zones(served: Served, zoned: str, sql: str) -> None:
    own = ", ".join(f"'{a}'" for a in sorted(addresses(served)))
    text = sql.format(hidden=HIDDEN.format(own=own), own=own)
    found = ask(served, zoned, text)
    if found.status_code == 200:
        assert found.json()["rows"] in ([[0]], [[None]])
    else:
        assert "there is no" in found.json()["detail"]  # this lake has no such stream


def test_an_error_tells_nothing_of_hidden_rows(served: Served, zoned: str) -> None:
    """A filter that fails would show the value at which it failed, if it ran before the rows are filtered."""
    everything = ask(served, "analyst", "SELECT uid FROM conn", rows=10_000).json()["rows"]
    own = {r[0] for r in ask(served, zoned, "SELECT uid FROM conn", rows=10_000).json()["rows"]}
    hidden = next(r[0] for r in everything if r[0] not in own)
    found = ask(
        served, zoned, f"SELECT count(*) FROM conn WHERE CASE WHEN uid = '{hidden}' THEN error('seen') ELSE true END"
    )
    assert found.status_code == 200, found.text


def test_a_copy_has_no_way_back_to_the_files(lake: Path) -> None:
    desk = Desk(lake, QUICK)
    nobody = Sight(frozenset())
    assert desk.ask("anna", Question("SELECT count(*) FROM conn", nobody)).rows == [[0]]
    assert desk.ask("anna", Question("DESCRIBE conn", nobody)).rows


# --- hostile statements ---

STATEMENTS = [
    "ATTACH '/tmp/x.db'", "ATTACH ':memory:' AS m", "COPY conn TO '/tmp/x.csv'", "COPY (SELECT 1) TO '/dev/stdout'",
    "INSTALL httpfs", "LOAD httpfs", "SET memory_limit = '100GB'", "RESET memory_limit", "PRAGMA database_list",
    "PRAGMA enable_external_access = true", "CALL duckdb_settings()", "CREATE TABLE t (a INT)",
    "CREATE TEMP MACRO m() AS TABLE SELECT * FROM duckdb_settings()", "CREATE VIEW v AS SELECT 1", "DROP VIEW conn",
    "INSERT INTO conn SELECT * FROM conn", "DELETE FROM conn", "EXPORT DATABASE '/tmp/x'", "VACUUM", "CHECKPOINT",
    "PREPARE p AS SELECT 1", "EXECUTE p", "BEGIN", "USE information_schema", "EXPLAIN ANALYZE SELECT 1", "",
    "SELECT 1; SELECT 2", "SELECT 1; COPY conn TO '/tmp/x'", "CREATE SECRET s (TYPE s3)", "SET VARIABLE x = 1",
]  # fmt: skip
FILES = [
    "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_csv_auto('/etc/passwd')", "FROM '/etc/passwd'",
    "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/proc/self/environ')", "FROM 'x.parquet'",
    "SELECT * FROM read_parquet('**/*.parquet')", "SELECT * FROM parquet_metadata('**/*.parquet')",
    "SELECT * FROM parquet_scan('stream=conn/*/*/*')", "SELECT * FROM glob('/**')", "SELECT * FROM glob('*')",
    "SELECT * FROM read_json('/etc/os-release')", "SELECT * FROM sniff_csv('/etc/passwd')", "FROM read_duckdb('x')",
    "SELECT * FROM \"/etc/passwd\"", "WITH \"/etc/passwd\" AS (SELECT 1) SELECT (SELECT 1 FROM \"/etc/passwd\")",
    "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))", "SELECT * FROM conn, LATERAL read_text(conn.uid)",
    "SELECT * FROM conn WHERE uid IN (FROM read_text('/etc/passwd'))", "DESCRIBE FROM '/etc/passwd'",
    "SUMMARIZE FROM read_csv('/etc/passwd')", "SELECT * FROM system.main.read_text('/etc/passwd')",
    "(SELECT 1) UNION ALL (SELECT size FROM read_blob('/etc/passwd'))",
    "VALUES ((SELECT content FROM read_text('/etc/passwd')))",
    "PIVOT (FROM read_csv('/etc/passwd')) ON column0", "SELECT * FROM (UNPIVOT (FROM glob('/*')) ON file)",
    "SELECT * FROM conn ORDER BY (SELECT count(*) FROM glob('/*'))",
    "SELECT * FROM conn LIMIT (SELECT count(*) FROM glob('/*'))",
    "SELECT * FROM conn QUALIFY row_number() OVER (ORDER BY (SELECT max(file) FROM glob('/*'))) = 1",
]  # fmt: skip
INSIGHTS = [
    "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_views()", "SELECT * FROM \"duckdb_settings\"()",
    "SELECT * FROM pg_catalog.pg_settings", "SELECT * FROM information_schema.tables", "SELECT * FROM sqlite_master",
    "SELECT * FROM duckdb_secrets()", "SELECT * FROM duckdb_temporary_files()", "SELECT * FROM pg_tables",
    "SELECT current_setting('temp_directory')", "SELECT main.current_setting('allowed_directories')",
    "SELECT getenv('HOME')", "SELECT current_query()", "SELECT getvariable('x')", "SELECT write_log('x')",
    "SELECT pg_get_viewdef(1)", "SELECT list_transform([1], x -> current_setting('home_directory'))", "SHOW DATABASES",
    "WITH duckdb_views AS (SELECT 1) SELECT (FROM duckdb_views)", "SELECT * FROM temp._allowed", "FROM _allowed",
    "SELECT * FROM pragma_database_size()", "SHOW ALL TABLES", "SELECT * FROM duckdb_logs", "SELECT pg_sleep(9)",
]  # fmt: skip
TEXTS = [
    "SELECT * FROM query('SELECT * FROM duckdb_settings()')", "SELECT * FROM query_table('conn')",
    "SELECT * FROM query_table(['conn', 'duckdb_views'])", "FROM json_execute_serialized_sql('{}')",
    "SELECT json_deserialize_sql(json_serialize_sql('SELECT 1'))", "SELECT * FROM summary('conn')",
    "SELECT * FROM python_map_function()", "SELECT * FROM pandas_scan(1)", "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
]  # fmt: skip


@pytest.mark.parametrize("sql", [*STATEMENTS, *FILES, *INSIGHTS, *TEXTS])
def test_refused(desk: Desk, sql: str) -> None:
    for sight in (Sight(), Sight(frozenset({"10.0.0.1"}))):
        with pytest.raises(QueryError) as refused:
            desk.ask("mallory", Question(sql, sight))
        text = str(refused.value)
        assert "root:" not in text
        assert str(desk.lake) not in text
        assert "linewarden-hunt-" not in text


@pytest.mark.parametrize("name", ["served", "os", "frame", "question", "connection"])
def test_no_variable_of_the_program_is_a_table(desk: Desk, name: str) -> None:
    with pytest.raises(QueryError, match="there is no"):
        desk.ask("mallory", Question(f"SELECT * FROM {name}"))


# --- too much ---


@pytest.mark.parametrize("sql", [
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 7",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT a.n FROM t a, range(10)) SELECT count(*) FROM t",
    "SELECT string_agg(repeat('x', 1000000)) FROM range(1000000)",
    "SELECT list(a.range) FROM range(100000) a, range(10000) b", "SELECT repeat('x', 2000000000)",
    "SELECT * FROM range(100000000) a, range(10) b ORDER BY hash(a.range)",
    "SELECT count(*) FROM conn a, conn b, conn c, conn d, conn e WHERE a.uid || b.uid || c.uid || d.uid || e.uid = ''",
    "SELECT " + "(" * 3_000 + "1" + ")" * 3_000,
])  # fmt: skip
def test_what_asks_too_much_ends_and_the_next_is_answered(desk: Desk, sql: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryError):
        desk.ask("mallory", Question(sql))
    assert time.monotonic() - began < QUICK.seconds + 8
    assert desk.ask("mallory", Question("SELECT 1")).rows == [[1]]


def test_an_answer_that_is_too_large_is_none(lake: Path) -> None:
    desk = Desk(lake, Limits(bytes=100_000))
    with pytest.raises(QueryError, match="larger"):
        desk.ask("anna", Question("SELECT repeat('x', 1000) FROM range(1000)", rows=10_000))


# --- turns ---


def endless(desk: Desk, who: str, gone: Any = lambda: False) -> threading.Thread:
    """A query of somebody that takes all its time."""

    def work() -> None:
        with pytest.raises(QueryError):
            desk.ask(who, Question("SELECT count(*) FROM range(1000000000) a, range(1000000000) b"), gone)

    thread = threading.Thread(target=work)
    thread.start()
    while who not in desk._asking:
        time.sleep(0.01)
    return thread


def test_one_query_of_a_person_at_a_time(desk: Desk) -> None:
    first = endless(desk, "anna")
    with pytest.raises(BusyError, match="last query"):
        desk.ask("anna", Question("SELECT 1"))
    assert desk.ask("bob", Question("SELECT 1")).rows == [[1]]
    first.join()


def test_others_wait_for_room_but_not_for_ever(lake: Path) -> None:
    desk = Desk(lake, Limits(seconds=2, at_once=1, waiting=1, wait_s=0.5))
    first = endless(desk, "anna")
    second: list[Any] = []

    def wait() -> None:
        with pytest.raises(BusyError) as told:
            desk.ask("bob", Question("SELECT 1"))
        second.append(told.value)

    thread = threading.Thread(target=wait)
    thread.start()
    while "bob" not in desk._asking:
        time.sleep(0.01)
    with pytest.raises(BusyError, match="wait already"):
        desk.ask("carol", Question("SELECT 1"))
    thread.join()
    assert "other queries" in str(second[0]).lower()
    first.join()


def test_a_query_ends_when_nobody_waits_for_it(lake: Path) -> None:
    desk = Desk(lake, Limits(seconds=60))
    gone = threading.Event()
    thread = endless(desk, "anna", gone.is_set)
    before = time.monotonic()
    gone.set()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - before < 5
    assert desk.ask("anna", Question("SELECT 1")).rows == [[1]]


def test_nothing_is_left_behind(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    desk.ask("anna", Question("SELECT * FROM conn"))
    with pytest.raises(QueryError):
        desk.ask("anna", Question("SELECT count(*) FROM range(1000000000) a, range(1000000000) b"))
    assert os.listdir(tmp_path) == []


# --- what people keep ---


def test_queries_are_kept_for_oneself_or_for_all(lake: Path, tmp_path: Path) -> None:
    with served_lake(lake, tmp_path) as mine:
        headers = {"Origin": mine.url}
        with mine.client("analyst") as anna, mine.client("engineer") as bob:
            word, others = ({**headers, "X-CSRF-Token": mine.csrf(c)} for c in (anna, bob))
            assert anna.post("/api/v1/query", json={"sql": "SELECT 7"}, headers=word).status_code == 200
            own = anna.post("/api/v1/queries", json={"title": "own", "sql": "SELECT 1"}, headers=word).json()
            all_see = {"title": "all", "sql": "SELECT 2", "shared": True}
            shared = anna.post("/api/v1/queries", json=all_see, headers=word).json()
            assert [q["sql"] for q in anna.get("/api/v1/queries?saved=false").json()["items"]] == ["SELECT 7"]
            assert {q["title"] for q in anna.get("/api/v1/queries?saved=true").json()["items"]} == {"own", "all"}
            assert [(q["title"], q["mine"]) for q in bob.get("/api/v1/queries").json()["items"]] == [("all", False)]
            for kept in (own, shared):
                assert bob.delete(f"/api/v1/queries/{kept['id']}", headers=others).status_code == 404
                assert anna.delete(f"/api/v1/queries/{kept['id']}", headers=word).status_code == 204
        with mine.client("auditor") as auditor:
            told = {e["action"] for e in auditor.get("/api/v1/audit?limit=100").json()["items"]}
        assert {"query.saved", "query.removed"} <= told


def test_what_was_run_is_bounded_and_each_text_once(served: Served) -> None:
    queries, account = Queries(served.place.state), served.place.people.store.account_of("owner")
    assert account is not None
    for n in (*range(RECENT + 5), RECENT + 4):
        queries.ran(account.id, f"SELECT {n}")
    found = [k.sql for k in queries.of(account.id) if not k.title]
    assert len(found) == RECENT
    assert found[:2] == [f"SELECT {RECENT + 4}", f"SELECT {RECENT + 3}"]
