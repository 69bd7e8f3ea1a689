"""The SQL state, on each kind of database."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from linewarden.errors import ConfigError, StoreError
from linewarden.service.state import Event, State, engine, look_at, open_state, store
from linewarden.service.state.engine import engine_of
from linewarden.service.state.migrate import newest
from linewarden.service.state.tables import METADATA
from tests.service.postgres import PASSWORD

Database = tuple[str, str | None]


@pytest.fixture
def state(database: Database) -> Iterator[State]:
    opened = open_state(database[0], password=database[1])
    yield opened
    opened.close()


def tables(database: Database) -> list[str]:
    found, _ = engine_of(*database)
    try:
        return sorted(inspect(found).get_table_names())
    finally:
        found.dispose()


def test_the_migrations_lead_to_the_tables_of_the_program(state: State) -> None:
    with state.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        names = {t: inspect(connection).get_unique_constraints(t) for t in METADATA.tables}
    assert {c["name"] for found in names.values() for c in found} == {
        "uq_account_login", "uq_event_id", "uq_job_run_job_started",
    }  # fmt: skip


def test_opened_again_it_has_what_it_had(database: Database, state: State) -> None:
    state.add_events([Event.now("info", "here", "one")])
    again = open_state(database[0], password=database[1])
    assert [e.text for e in again.events()] == ["one"]
    again.close()


def test_programs_that_start_at_once_do_not_collide(database: Database) -> None:
    """Each is a process of its own; whoever comes second finds the tables made."""
    code = (
        "import sys\n"
        "from linewarden.service.state import open_state\n"
        "sys.stdin.readline()\n"
        "state = open_state(sys.argv[1], password=sys.argv[2] or None)\n"
        "print(state.begin_run('1', 'here', 1))\n"
    )
    command = [sys.executable, "-c", code, database[0], database[1] or ""]
    several = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    time.sleep(1.0)  # all have imported what they need, about
    for one in several:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60) for one in several]
    assert sorted(int(out) for out, _ in told) == [1, 2, 3, 4], told


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    open_state(database[0], password=database[1]).close()
    found, _ = engine_of(*database)
    with found.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9000'"))
    with pytest.raises(
        StoreError, match=rf"tables are newer \(9000\) than this program \({newest()}\); install the newer"
    ):
        open_state(database[0], password=database[1])
    with pytest.raises(StoreError, match="newer"):
        look_at(database[0], password=database[1])
    with found.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9000"
    found.dispose()


def test_a_migration_that_breaks_off_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(op, "create_index", lambda *_a, **_k: op.execute("SELECT * FROM nowhere"))
        with pytest.raises(StoreError, match="nowhere"):
            open_state(database[0], password=database[1])
    assert tables(database) == []
    open_state(database[0], password=database[1]).close()
    assert tables(database) == sorted(["alembic_version", *METADATA.tables])


def test_looking_changes_nothing(database: Database) -> None:
    before = look_at(database[0], password=database[1])
    assert "will be made" in before
    assert look_at(database[0], password=database[1]) == before
    open_state(database[0], password=database[1]).close()
    assert look_at(database[0], password=database[1]) == "there, up to date"


def test_a_run_that_was_killed_is_seen_by_the_next(state: State) -> None:
    asked, killed = state.begin_run("1.0", "plc-room", 11), state.begin_run("1.0", "plc-room", 12)
    state.end_run(asked, clean=True)
    now = state.begin_run("1.1", "plc-room", 13)
    (found,) = state.unclean_runs(but=now)
    assert (found.id, found.ended, found.clean, found.version, found.host, found.pid) == (
        killed, None, False, "1.0", "plc-room", 12,
    )  # fmt: skip
    state.end_run(now, clean=False)
    assert [r.id for r in state.unclean_runs()] == [now, killed]
    assert [r.clean for r in state.runs()] == [False, False, True]
    assert all(r.ended is None or r.ended >= r.started for r in state.runs())


def test_times_come_back_as_the_same_moment_in_utc(state: State) -> None:
    summer = datetime(2026, 7, 1, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    state.add_events([Event(summer, "info", "clock", "half past two")])
    state.record_job("compact", summer, 1.5, "merged")
    (event,), (job,) = state.events(), state.jobs()
    assert event.ts == job.started == summer
    assert event.ts.tzinfo is not None and event.ts.utcoffset() == timedelta(0)
    assert job.ended - job.started == timedelta(seconds=1.5)
    assert state.events(since=summer) and not state.events(since=summer + timedelta(microseconds=1))


def test_events_are_kept_once_in_their_order_and_found(state: State) -> None:
    events = [Event.now("warning" if n % 2 else "info", f"sensor {n % 3}", f"said {n}") for n in range(9)]
    state.add_events(events[:5])
    state.add_events(events[3:])  # the answer to the first was lost
    assert state.events() == events[::-1]
    assert state.events(limit=2) == [events[8], events[7]]
    assert state.events(severity="warning", source="sensor 1") == [events[7], events[1]]


def test_events_come_all_or_none(state: State) -> None:
    good, bad = Event.now("info", "a", "good"), Event.now("info", "a", "bad")
    object.__setattr__(bad, "text", None)
    with pytest.raises(StoreError):
        state.add_events([good, bad])
    assert state.events() == []


def test_what_a_device_calls_itself_is_storable(state: State) -> None:
    text_of_device = "PLC\0\ud83d\u2028'; DROP TABLE event; --" + "x" * 5000
    state.add_events([Event.now("very severe indeed", "s" * 300, text_of_device)])
    (event,) = state.events()
    assert event.text.startswith("PLC\ufffd?\u2028'; DROP TABLE event; --x")
    assert (len(event.text), len(event.source), event.severity) == (4000, 200, "very severe inde")


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        Event(datetime(2026, 1, 1), "info", "a", "b")  # noqa: DTZ001


def test_turns_of_jobs_are_kept_once_and_bounded_by_job(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "JOB_RUNS", 3)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    state.record_job("retain", began, 2.0, "disk full", failed=True)
    for n in range(6):
        for _told_again in range(2):
            state.record_job("compact", began + timedelta(minutes=n), 0.1, f"turn {n}")
    assert [j.detail for j in state.jobs("compact")] == ["turn 5", "turn 4", "turn 3"]
    (failed,) = state.jobs("retain")
    assert (failed.outcome, failed.detail) == ("failed", "disk full")
    assert len(state.jobs()) == 4


def test_the_oldest_events_and_runs_go(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "EVENTS", 10)
    monkeypatch.setattr(store, "RUNS", 2)
    events = [Event.now("info", "a", str(n)) for n in range(25)]
    for at in range(0, 25, 5):
        state.add_events(events[at : at + 5])
    assert state.events() == events[:14:-1]
    runs = [state.begin_run("1", "h", n) for n in range(4)]
    assert [r.id for r in state.runs()] == runs[:1:-1]


def test_sqlite_is_set_up_to_survive_a_power_cut(tmp_path: Path) -> None:
    opened = open_state(f"sqlite:///{tmp_path / 's.db'}")
    with opened.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in
                 ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")]  # fmt: skip
    opened.close()
    assert found == ["wal", 2, 1, 5000]


def test_who_reads_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    opened = open_state(f"sqlite:///{tmp_path / 's.db'}")
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM event")
        began = time.monotonic()
        assert opened.events() == []
        assert time.monotonic() - began < 1
    opened.close()


def test_opening_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    opened = open_state(f"sqlite:///{tmp_path / 's.db'}")
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM event")
        began = time.monotonic()
        open_state(f"sqlite:///{tmp_path / 's.db'}").close()
        assert time.monotonic() - began < 2
    opened.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at " * 100)
    with pytest.raises(StoreError, match=r"notes.txt: file is not a database; check that"):
        open_state(f"sqlite:///{file}")
    assert file.read_text().startswith("not a database")


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        open_state(f"sqlite:///{tmp_path / 'file' / 'state.db'}")


def test_a_url_that_makes_no_sense() -> None:
    with pytest.raises(ConfigError, match="no URL of a database"):
        open_state("nonsense")


def test_a_server_that_is_not_there_is_said_soon_and_without_the_password() -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"refused|failed") as caught:
        open_state("postgresql+psycopg://u:secret-in-url@127.0.0.1:1/x", password="secret-beside")
    assert time.monotonic() - began < 5
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CONNECT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(StoreError, match="timeout"):
            open_state(f"postgresql+psycopg://u@127.0.0.1:{silent.getsockname()[1]}/x")
    assert time.monotonic() - began < 5


def test_a_wrong_password_is_refused(cluster: object) -> None:
    url = cluster.new_database()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="password authentication failed"):
        open_state(url, password=f"not-{PASSWORD}")


def test_once_prepared_no_file_of_the_program_is_read(database: Database) -> None:
    """The service opens its state after it became a user who may not even read the program."""
    code = (
        "import sys\n"
        "from linewarden.service.state import Event, open_state, prepare\n"
        "prepare(sys.argv[1])\n"
        "def hook(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith(('.py', '.pyc', '.so')):\n"
        "        raise PermissionError(args[0])\n"
        "sys.addaudithook(hook)\n"
        "state = open_state(sys.argv[1], password=sys.argv[2] or None)\n"
        "run = state.begin_run('1', 'here', 1)\n"
        "state.add_events([Event.now('info', 'a', 'b')])\n"
        "state.end_run(run, clean=True)\n"
        "print(len(state.events()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, database[0], database[1] or ""], capture_output=True, text=True, check=False
    )
    assert done.stdout == "1\n", done.stderr
