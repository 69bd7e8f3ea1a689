"""A lake that was written: SQL over it, and its plant.

SQL is the user's own, but may be pasted from anywhere, so it can only look: one SELECT at a time, no file outside the
lake, no network, no extension, no setting, and bounded memory.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import QueryError, StoreError
from linewarden.service import lake_files

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from linewarden.plant.corrections import Corrections
    from linewarden.plant.fold import PlantFold
    from linewarden.plant.model import Plant
    from linewarden.plant.names import Names

MEMORY = "1GB"
"""What a query may hold; beyond it DuckDB spills to a temporary folder."""
CHUNK = 5_000
"""Rows that are fetched at a time."""
TRIES = 8
"""How often a query begins anew, because files that it was about to read went meanwhile."""
MOST_KNOWN = 8_000
"""Files of which a session remembers the footers (some 50 kB each) before it begins anew."""
SLICE = 131_072
"""Rows of a file that are taken at a time: the lake's row groups."""
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
        """The files of a stream that count now; hold `lake_files.reading` while they are read one after the other."""
        return lake_files.files(self.path / f"stream={stream}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: columns, and the rows as they come (times are text in UTC)."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def is_lake(path: Path) -> bool:
    """True if the folder has at least one Parquet file where a lake has them."""
    return path.is_dir() and any(map(lake_files.has_files, lake_files.streams(path)))


def open_lake(path: Path) -> Lake:
    """The lake in this folder. Raises StoreError if there is none, or it cannot be read."""
    if not path.exists():
        raise StoreError(f"{path}: no such folder; write a lake with `linewarden read CAPTURE --out {path}`")
    try:
        streams = streams_of(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); check the permission") from error
    if not streams:
        raise StoreError(f"{path}: not a lake (no stream=*/site=*/date=*/*.parquet); give the folder of read --out")
    return Lake(path, streams)


def streams_of(path: Path) -> tuple[str, ...]:
    """The streams of which there is a file."""
    return tuple(f.name.removeprefix("stream=") for f in lake_files.streams(path) if lake_files.has_files(f))


@contextmanager
def query(lake: Lake, sql: str) -> Iterator[Answer]:
    """Runs one SELECT over the streams (one view each, with `site` and `date`); use the rows inside the block.

    Raises QueryError if the SQL is wrong or wants more than to look, StoreError if the lake is damaged.
    """
    with Session(lake.path) as session, session.query(sql) as answer:
        yield answer


class Session:
    """A lake that is asked again and again: what was learned of its files is kept. Close it, or use it in `with`.

    Files may come, be merged and go meanwhile; each query sees those that count when it begins. One query at a time:
    others wait. `threads`: None is as many as there are cores.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self.path, self._threads = path, threads
        self._folder = tempfile.TemporaryDirectory(prefix="linewarden-", ignore_cleanup_errors=True)
        # Through a link, so that no character of the lake's path means something to DuckDB's patterns or quotes.
        self._root = Path(self._folder.name) / "lake"
        self._root.symlink_to(path.resolve())
        self._spill = Path(self._folder.name) / "spill"
        self._connection = _connect(self._root, self._spill, self._threads)
        self._listed: dict[str, list[Path]] = {}
        self._shown: dict[str, list[Path]] = {}
        self._known = 0
        self._one = threading.Lock()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forgets all."""
        self._connection.close()
        self._folder.cleanup()

    def interrupt(self) -> None:
        """Ends the query that runs, from another thread; it raises QueryError."""
        self._connection.interrupt()

    @contextmanager
    def query(self, sql: str) -> Iterator[Answer]:
        """As `query` of this file."""
        import duckdb

        with self._one, lake_files.reading(self.path):
            try:
                yield self._asked(sql)
            except duckdb.Error as error:
                raise self._explained(error) from error

    def _asked(self, sql: str) -> Answer:
        """The answer with its first rows; while there is none, files that went are no error, but looked for anew."""
        import duckdb

        if self._known > MOST_KNOWN:
            self._begin_anew()
        there = self._streams()
        named = _named(there, sql)
        for left in reversed(range(TRIES)):
            try:
                self._show(named)
                return _answer(self._connection, sql)
            except duckdb.CatalogException:
                if named == there or not left:
                    raise
                named = there  # A table may be named in a roundabout way.
            except (duckdb.Error, StoreError):
                if not left or not self._went(named):
                    raise
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    def _begin_anew(self) -> None:
        """Files come and go for months, and what is known of each stays in memory."""
        self._connection.close()
        self._connection = _connect(self._root, self._spill, self._threads)
        self._shown, self._known = {}, 0

    def _streams(self) -> list[str]:
        return [folder.name.removeprefix("stream=") for folder in lake_files.streams(self.path)]

    def _went(self, streams: list[str]) -> bool:
        return any(not file.exists() for stream in streams for file in self._listed.get(stream, []))

    def _show(self, streams: list[str]) -> None:
        """A view of each stream over the files that count now."""
        import duckdb

        for stream in streams:
            files = lake_files.files(self._root / f"stream={stream}")
            self._listed[stream] = files
            if self._shown.get(stream) == files:
                continue
            self._known += len(set(files).difference(self._shown.get(stream, [])))
            try:
                self._connection.execute(_view(stream, files))
                self._shown[stream] = files
            except duckdb.Error as error:
                text = str(error).replace(str(self._root), str(self.path)).splitlines()[0]
                raise StoreError(
                    f"{self.path}: a file of the lake is damaged ({text}); delete it and read again"
                ) from error

    def _explained(self, error: duckdb.Error) -> QueryError:
        """One line; where a table is missing, which there are."""
        import duckdb

        lines = [line.strip() for line in str(error).replace(str(self._root), str(self.path)).splitlines()]
        text = " ".join(line for line in lines if line and not line.startswith("LINE ") and set(line) - {"^"})
        if isinstance(error, duckdb.PermissionException):
            return QueryError("only the lake can be read: no other file, no network, no setting")
        if isinstance(error, duckdb.OutOfMemoryException):
            return QueryError(f"the query needs more than {MEMORY}; ask for less, or group before sorting")
        if isinstance(error, duckdb.CatalogException) and "Table" in text:
            text = f"{text.split(' Did you mean')[0]} The lake has: {', '.join(streams_of(self.path))}"
        elif isinstance(error, duckdb.BinderException) and "column" in text:
            text += '; columns: linewarden streams, or DESCRIBE <stream>. Names with a dot need quotes: "id.orig_h"'
        return QueryError(text)


def _connect(root: Path, spill: Path, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that sees the lake and nothing else."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
            **({} if threads is None else {"threads": threads}),
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute(f"SET allowed_directories = [{quoted(str(root))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _named(streams: list[str], sql: str) -> list[str]:
    """The streams whose names are in the text: only they are looked at. All, where it asks which there are."""
    text = sql.lower()
    if any(word in text for word in ("show", "tables", "duckdb_", "information_schema", "pg_")):
        return streams
    return [stream for stream in streams if stream.lower() in text] or streams


def _view(stream: str, files: list[Path]) -> str:
    """A list of files and no pattern: it is the rule of lake_files that says which count."""
    name = '"' + stream.replace('"', '""') + '"'
    if not files:
        return f"DROP VIEW IF EXISTS {name}"
    listed = ", ".join(quoted(literal(str(file))) for file in files)
    return (
        f"CREATE OR REPLACE VIEW {name} AS SELECT * EXCLUDE (stream) FROM read_parquet([{listed}], "  # noqa: S608 - quoted
        "hive_partitioning = true, union_by_name = true, "
        "hive_types = {'stream': VARCHAR, 'site': VARCHAR, 'date': DATE})"
    )


def _answer(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    select = only_select(connection, sql)
    _run(connection, f"SELECT * FROM (\n{select}\n) LIMIT 0")  # noqa: S608 - the user's own
    head = connection.description or []
    wanted = ", ".join(readable(i, str(column[1])) for i, column in enumerate(head, 1))
    first = _run(connection, f"SELECT {wanted} FROM (\n{select}\n)")  # noqa: S608 - the user's own
    return Answer(tuple(str(column[0]) for column in head), itertools.chain(first, _rows(connection)))


def only_select(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The text of the one SELECT. Raises QueryError if it is another statement, none, or several."""
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


def readable(position: int, kind: str) -> str:
    """The column at a position (from 1) as Python and JSON have it."""
    if kind in _EXACT:
        return f"#{position}"
    return f"#{position}::DOUBLE" if kind.startswith("DECIMAL") and not kind.endswith("]") else f"#{position}::VARCHAR"


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while chunk := connection.fetchmany(CHUNK):
        yield from chunk


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The first rows, in a thread: DuckDB 2.0 looks for Ctrl-C only now and then, but `interrupt` it heeds at once."""
    failed: list[BaseException] = []
    first: list[tuple[Any, ...]] = []
    done = threading.Event()

    def work() -> None:
        try:
            first.extend(connection.execute(sql).fetchmany(CHUNK))
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
    return first


def quoted(text: str) -> str:
    """Text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def literal(text: str) -> str:
    """Text in which no character is a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def plant_of(lake: Lake, names: Names | None = None, corrections: Corrections | None = None) -> Plant:
    """The plant that the lake's records tell of. Raises StoreError for a file that is damaged."""
    for _ in range(TRIES):
        with lake_files.reading(lake.path), suppress(FileNotFoundError):
            return _folded(lake).plant(names, corrections)
    raise StoreError(f"{lake.path}: files went each time while they were read; try again when `lake retain` has ended")


def _folded(lake: Lake) -> PlantFold:
    """All records of a lake. FileNotFoundError if a file went meanwhile: its rows are elsewhere, or too old."""
    import polars as pl

    from linewarden.plant.fold import STREAMS, PlantFold

    fold = PlantFold()
    for stream in lake.streams:
        if stream not in STREAMS:
            continue
        for file in lake.files(stream):
            try:
                for frame in pieces_of(file):
                    fold.add(stream, frame)
            except FileNotFoundError:
                raise
            except (pl.exceptions.PolarsError, OSError) as error:
                text = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise StoreError(f"{file}: cannot be read ({text}); delete it and read the capture again") from error
    return fold


def pieces_of(file: Path) -> Iterator[pl.DataFrame]:
    """The records of a file, SLICE at a time."""
    import polars as pl

    # No hive columns: the fold knows no `date`, and a folder's name is not a record.
    scan = pl.scan_parquet(file, hive_partitioning=False, glob=False)
    at = 0
    while (frame := scan.slice(at, SLICE).collect()).height:
        yield frame
        at += frame.height
        if frame.height < SLICE:
            return
