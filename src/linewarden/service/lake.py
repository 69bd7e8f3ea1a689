"""A lake that was written: SQL over it, and its plant.

SQL is the user's own, but may be pasted from anywhere, so it can only look: one SELECT at a time, no file outside the
lake, no network, no extension, no setting, and bounded memory.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import QueryError, StoreError

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from linewarden.plant.corrections import Corrections
    from linewarden.plant.model import Plant
    from linewarden.plant.names import Names

MEMORY = "1GB"
"""What a query may hold; beyond it DuckDB spills to a temporary folder."""
CHUNK = 5_000
"""Rows that are fetched at a time."""
SLICE = 131_072
"""Rows of a file that the fold takes at a time: the lake's row groups."""
_EXACT = frozenset(
    {
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
        "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "VARCHAR", "DOUBLE[]", "BIGINT[]", "INTEGER[]", "VARCHAR[]",
    }
)  # fmt: skip
"""DuckDB types that Python and JSON have too; all others are given as text, DECIMAL as a number."""


@dataclass(frozen=True, slots=True)
class Lake:
    """A folder `stream=/site=/date=` of Parquet files, and the streams that it has."""

    path: Path
    streams: tuple[str, ...]

    def files(self, stream: str) -> list[Path]:
        """The Parquet files of a stream, sorted."""
        return sorted((self.path / f"stream={stream}").glob("site=*/date=*/*.parquet"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: columns, and the rows as they come (times are text in UTC)."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def is_lake(path: Path) -> bool:
    """True if the folder has at least one Parquet file where a lake has them."""
    return path.is_dir() and next(path.glob("stream=*/site=*/date=*/*.parquet"), None) is not None


def open_lake(path: Path) -> Lake:
    """The lake in this folder. Raises StoreError if there is none, or it cannot be read."""
    if not path.exists():
        raise StoreError(f"{path}: no such folder; write a lake with `linewarden read CAPTURE --out {path}`")
    try:
        if not is_lake(path):
            raise StoreError(f"{path}: not a lake (no stream=*/site=*/date=*/*.parquet); give the folder of read --out")
        found = {f.parents[2].name for f in path.glob("stream=*/site=*/date=*/*.parquet")}
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); check the permission") from error
    return Lake(path, tuple(sorted(name.removeprefix("stream=") for name in found)))


@contextmanager
def query(lake: Lake, sql: str) -> Iterator[Answer]:
    """Runs one SELECT over the streams (one view each, with `site` and `date`); use the rows inside the block.

    Raises QueryError if the SQL is wrong or wants more than to look, StoreError if the lake is damaged.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="linewarden-") as place, tempfile.TemporaryDirectory() as spill:
        connection = _connect(lake, Path(place), spill)
        try:
            yield _answer(connection, sql)
        except duckdb.Error as error:
            raise _explained(error, lake, place) from error
        finally:
            connection.close()


def _connect(lake: Lake, place: Path, spill: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that sees the lake and nothing else."""
    import duckdb

    # Through a link, so that no character of the lake's path means something to DuckDB's patterns or quotes.
    root = place / "lake"
    root.symlink_to(lake.path.resolve())
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "memory_limit": MEMORY,
            "temp_directory": spill,
        },
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        for stream in lake.streams:
            name, folder = stream.replace('"', '""'), _quoted(f"{root}/stream={_literal(stream)}/*/*/*.parquet")
            connection.execute(
                f'CREATE VIEW "{name}" AS SELECT * EXCLUDE (stream) FROM read_parquet({folder}, '  # noqa: S608 - quoted
                "hive_partitioning = true, union_by_name = true, "
                "hive_types = {'stream': VARCHAR, 'site': VARCHAR, 'date': DATE})"
            )
        connection.execute(f"SET allowed_directories = [{_quoted(str(root))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        text = str(error).replace(str(root), str(lake.path)).splitlines()[0]
        raise StoreError(f"{lake.path}: a file of the lake is damaged ({text}); delete it and read again") from error
    return connection


def _answer(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    select = _only_select(connection, sql)
    head = _run(connection, f"SELECT * FROM (\n{select}\n) LIMIT 0").description or []  # noqa: S608 - the user's own
    wanted = ", ".join(_readable(i, str(column[1])) for i, column in enumerate(head, 1))
    _run(connection, f"SELECT {wanted} FROM (\n{select}\n)")  # noqa: S608 - the user's own
    return Answer(tuple(str(column[0]) for column in head), _rows(connection))


def _only_select(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    import duckdb

    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError('the query is empty; try "SELECT * FROM conn LIMIT 10"')
    if len(statements) > 1:
        raise QueryError(f"{len(statements)} statements; give one SELECT at a time")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = str(statements[0].type).rpartition(".")[2]
        raise QueryError(f"{kind} is not possible: a lake is only looked at; use SELECT, DESCRIBE or SHOW TABLES")
    return str(statements[0].query).rstrip().rstrip(";")


def _readable(position: int, kind: str) -> str:
    if kind in _EXACT:
        return f"#{position}"
    return f"#{position}::DOUBLE" if kind.startswith("DECIMAL") and not kind.endswith("]") else f"#{position}::VARCHAR"


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while chunk := connection.fetchmany(CHUNK):
        yield from chunk


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Executes in a thread: DuckDB 2.0 looks for Ctrl-C only now and then, but `interrupt` it heeds at once."""
    failed: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            connection.execute(sql)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
            failed.append(error)
        finally:
            done.set()

    threading.Thread(target=work, name="linewarden-query", daemon=True).start()
    try:
        while not done.wait(0.2):
            pass
    except KeyboardInterrupt:
        connection.interrupt()
        done.wait(10)
        raise
    if failed:
        raise failed[0]
    return connection


def _explained(error: duckdb.Error, lake: Lake, place: str) -> QueryError:
    """One line; where a table is missing, which there are."""
    import duckdb

    lines = [line.strip() for line in str(error).replace(f"{place}/lake", str(lake.path)).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith("LINE ") and set(line) - {"^"})
    if isinstance(error, duckdb.PermissionException):
        return QueryError("only the lake can be read: no other file, no network, no setting")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError(f"the query needs more than {MEMORY}; ask for less, or group before sorting")
    if isinstance(error, duckdb.CatalogException) and "Table" in text:
        text = f"{text.split(' Did you mean')[0]} The lake has: {', '.join(lake.streams)}"
    elif isinstance(error, duckdb.BinderException) and "column" in text:
        text += '; columns: linewarden streams, or DESCRIBE <stream>. Names with a dot need quotes: "id.orig_h"'
    return QueryError(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _literal(text: str) -> str:
    """Text in which no character is a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def plant_of(lake: Lake, names: Names | None = None, corrections: Corrections | None = None) -> Plant:
    """The plant that the lake's records tell of. Raises StoreError for a file that is damaged."""
    import polars as pl

    from linewarden.plant.fold import STREAMS, PlantFold

    fold = PlantFold()
    for stream in lake.streams:
        if stream not in STREAMS:
            continue
        for file in lake.files(stream):
            try:
                for frame in _slices(file):
                    fold.add(stream, frame)
            except (pl.exceptions.PolarsError, OSError) as error:
                text = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise StoreError(f"{file}: cannot be read ({text}); delete it and read the capture again") from error
    return fold.plant(names, corrections)


def _slices(file: Path) -> Iterator[pl.DataFrame]:
    import polars as pl

    # No hive columns: the fold knows no `date`, and a folder's name is not a record.
    scan = pl.scan_parquet(file, hive_partitioning=False, glob=False)
    at = 0
    while (frame := scan.slice(at, SLICE).collect()).height:
        yield frame
        at += frame.height
        if frame.height < SLICE:
            return
