"""The process of one query. It reads a question from its input, answers in lines of JSON, and ends.

    {"columns": [{"name": "ts", "type": "TIMESTAMPTZ_NS"}]}
    [[row], [row], ...]                        as often as there are rows
    {"more": true}                             or  {"error": "...", "kind": "time"}

It has no secret, no network, and what it may use of the machine is bounded by the kernel (setrlimit).
"""

from __future__ import annotations

import json
import resource
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from linewarden.errors import LinewardenError, QueryError
from linewarden.service import lake_files
from linewarden.service.hunt.guard import check
from linewarden.service.hunt.sight import columns_of
from linewarden.service.lake import literal, only_select, quoted, readable

if TYPE_CHECKING:
    import duckdb

ROWS = 500
"""Rows a line."""
PROCESS = 3 << 30
"""Bytes of addresses that the process may have, whatever DuckDB counts."""
SPILL = 2 << 30
DAY_NS = 86_400_000_000_000


def main() -> None:
    """Answers the question at the input."""
    question = json.loads(sys.stdin.readline())
    _bound(float(question["seconds"]))
    try:
        _answer(question, sys.stdout)
    except MemoryError:
        _say(sys.stdout, {"error": "the query needs too much memory; ask for less", "kind": "memory"})
    except LinewardenError as error:
        _say(sys.stdout, {"error": str(error), "kind": "query"})


def _bound(seconds: float) -> None:
    for what, most in (
        (resource.RLIMIT_AS, PROCESS), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, SPILL),
        (resource.RLIMIT_CPU, int(seconds * 8) + 5),
    ):  # fmt: skip
        with suppress(ValueError, OSError):  # the machine may allow less already
            resource.setrlimit(what, (most, most))


def _say(out: IO[str], what: Any) -> None:
    out.write(json.dumps(what, ensure_ascii=False, separators=(",", ":"), allow_nan=True, default=str) + "\n")
    out.flush()


def _answer(question: Mapping[str, Any], out: IO[str]) -> None:
    import duckdb

    lake = Path(question["lake"])
    with lake_files.reading(lake):
        connection = _connect(question)
        timer = threading.Timer(float(question["seconds"]), connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            _show(connection, lake, question)
            _lock(connection)
            _run(connection, question, out)
        except duckdb.InterruptException:
            text = f"the query took more than {question['seconds']:.0f} s; ask for a shorter time or fewer columns"
            _say(out, {"error": text, "kind": "time"})
        except duckdb.OutOfMemoryException:
            text = f"the query needs more than {question['memory']}; ask for less, or group before sorting"
            _say(out, {"error": text, "kind": "memory"})
        except duckdb.Error as error:
            _say(out, {"error": _plain(error, question), "kind": "query"})
        finally:
            timer.cancel()


def _connect(question: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False, "autoload_known_extensions": False,
            "allow_community_extensions": False, "allow_persistent_secrets": False, "memory_limit": question["memory"],
            "threads": question["threads"], "temp_directory": question["spill"],
            "max_temp_directory_size": f"{SPILL >> 20}MiB", "allow_unredacted_secrets": False,
        },
    )  # fmt: skip
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    return connection


def _show(connection: duckdb.DuckDBPyConnection, lake: Path, question: Mapping[str, Any]) -> None:
    """Each stream that the text names: a view of it for who may see all; else a copy of the rows that they may see.

    A copy, as a view would let what the query says run over the hidden rows before they are filtered: an error, or how
    long it takes, would tell of them (PostgreSQL calls the remedy a security barrier).
    """
    allowed = question["addresses"]
    if allowed is not None:
        connection.execute("CREATE TEMP TABLE _allowed AS SELECT unnest(?::VARCHAR[]) AS address", [allowed])
    root = Path(question["root"])
    text = question["sql"].lower()
    for folder in lake_files.streams(lake):
        stream = folder.name.removeprefix("stream=")
        files = [root / f.relative_to(lake) for f in lake_files.files(folder)]
        if not files or stream.startswith("_"):
            continue
        _show_one(connection, stream, files, question, wanted=stream.lower() in text)
    if allowed is not None:
        connection.execute("DROP TABLE _allowed")


def _show_one(
    connection: duckdb.DuckDBPyConnection, stream: str, files: list[Path], question: Mapping[str, Any], *, wanted: bool
) -> None:
    name, source = _named(stream), _source(files if wanted else files[-1:])
    when = " AND ".join(["true", *_when(question)])
    rows = f"SELECT * EXCLUDE (stream) FROM {source} WHERE {when}"  # noqa: S608 - quoted
    if question["addresses"] is None:
        connection.execute(f"CREATE VIEW {name} AS {rows}")
        return
    names = frozenset(str(c[0]) for c in connection.execute(f"SELECT * FROM ({rows}) LIMIT 0").description or ())  # noqa: S608
    by = columns_of(stream, names)
    seen = " AND ".join(_named(c) + " IN (SELECT address FROM _allowed)" for c in by) or "false"  # noqa: S608 - quoted
    # What the text does not name is there, empty, to be described.
    connection.execute(f"CREATE TABLE {name} AS {rows} AND {seen if wanted else 'false'}")


def _when(question: Mapping[str, Any]) -> Iterator[str]:
    for bound, sign in (("start", ">="), ("end", "<=")):
        if (ns := question[bound]) is not None:
            yield f"date {sign} DATE '1970-01-01' + {int(ns) // DAY_NS}"
            yield f"ts {sign} make_timestamp_ns({int(ns)})::TIMESTAMPTZ_NS"


def _source(files: list[Path]) -> str:
    listed = ", ".join(quoted(literal(str(file))) for file in files)
    return (
        f"read_parquet([{listed}], hive_partitioning = true, union_by_name = true, "
        "hive_types = {'stream': VARCHAR, 'site': VARCHAR, 'date': DATE})"
    )


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on: no file but those of the views, no setting, no way back."""
    views = connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchone()
    if views and views[0]:
        connection.execute(f"SET allowed_directories = [{quoted(_root(connection))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _root(connection: duckdb.DuckDBPyConnection) -> str:
    """The link to the lake; its name was made for this query alone, and nobody is told."""
    row = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    return str(Path(row[0]).parent / "lake") if row else "/nonexistent"


def _run(connection: duckdb.DuckDBPyConnection, question: Mapping[str, Any], out: IO[str]) -> None:
    streams = _names(connection, "internal = false")
    system = _names(connection, "internal") | {"_allowed"}
    select = only_select(connection, question["sql"])
    check(connection, select, streams, system)
    whole = f"SELECT * FROM (\n{select}\n) LIMIT {int(question['rows']) + 1}"  # noqa: S608 - looked through next
    check(connection, whole, streams, system)
    head = connection.execute(f"SELECT * FROM (\n{select}\n) LIMIT 0").description or []  # noqa: S608
    connection.fetchall()
    wanted = ", ".join(readable(i, str(column[1])) for i, column in enumerate(head, 1))
    connection.execute(f"SELECT {wanted} FROM (\n{whole}\n)")  # noqa: S608
    _say(out, {"columns": [{"name": str(c[0]), "type": str(c[1])} for c in head]})
    _tell_rows(connection, int(question["rows"]), out)


def _names(connection: duckdb.DuckDBPyConnection, which: str) -> frozenset[str]:
    rows = connection.execute(
        f"SELECT lower(view_name) FROM duckdb_views() WHERE {which} UNION "  # noqa: S608 - ours
        f"SELECT lower(table_name) FROM duckdb_tables() WHERE {which}"
    )
    return frozenset(str(row[0]) for row in rows.fetchall())


def _tell_rows(connection: duckdb.DuckDBPyConnection, most: int, out: IO[str]) -> None:
    left = most
    while rows := connection.fetchmany(min(ROWS, left + 1)):
        _say(out, rows[:left])
        left -= len(rows)
        if left < 0:
            break
    _say(out, {"more": left < 0})


def _plain(error: duckdb.Error, question: Mapping[str, Any]) -> str:
    """One line, without where things are on this machine."""
    import duckdb

    if isinstance(error, duckdb.PermissionException):
        return "only the streams can be read: no other file, no network, no setting"
    lines = [line.strip() for line in str(error).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith("LINE ") and set(line) - {"^"})
    for hidden in (question["root"], question["spill"], question["lake"]):
        text = text.replace(str(hidden), "lake")
    if isinstance(error, duckdb.BinderException) and "column" in text:
        text += ' Names with a dot need quotes: "id.orig_h".'
    return text


__all__ = ["QueryError", "main"]

if __name__ == "__main__":
    main()
