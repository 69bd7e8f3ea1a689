"""The small files of a lake made into few large ones, while it is written and read (docs/adr/0011-compaction.md).

A merged file is written under a hidden name, synced, and renamed to a name that says which files it replaces; only then
these go. So a crash at any moment leaves each row visible once, and what it left lying is cleared at the next start.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import StoreError
from linewarden.service import lake_files
from linewarden.service.lake_files import HIDDEN, alone_at_work, listed, nobody_reads, numbered
from linewarden.service.merging import LIVE, Limits, Merge, plan

if TYPE_CHECKING:
    pass

BUSY = "another `lake compact`, `lake retain` or `serve` is at work on this lake; try again when it has ended"


@dataclass(slots=True)
class Compacted:
    """What a pass did: files that became how many, their rows, bytes read and written, and what was wrong."""

    files: int = 0
    merged: int = 0
    rows: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Recovered:
    """What was cleared: files that merged ones replace, half-written ones, folders that retention began to remove."""

    replaced: int = 0
    halves: int = 0
    folders: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a pass is: the folder that it comes to now, of how many."""

    folder: Path
    done: int
    total: int


class _FullError(Exception):
    """No space is left: it makes no sense to go on."""


class _ChangedError(Exception):
    """The folder is not as it was when the merge began."""


def recover(lake: Path) -> Recovered:
    """Clears what a compaction or retention that was killed left lying. Call it before the lake's first pass.

    Quick: it looks at names only. While another is at work on the lake it does nothing.
    """
    done = Recovered()
    try:
        with alone_at_work(lake) as alone:
            if alone:
                _recover(lake, done)
    except OSError as error:
        done.problems.append(_why(lake, error))
    return done


def compact(
    lake: Path,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    should_end: Callable[[], bool] = lambda: False,
    now: float | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> Compacted:
    """One pass over all folders of a lake, the newest day first. `now`: s since 1970, UTC.

    What cannot be merged is left as it is and told in `problems`. Raises StoreError if another is at work on the lake,
    or the user may not write to it.
    """
    began, done = time.monotonic(), Compacted()
    clock = time.time() if now is None else now
    try:
        with alone_at_work(lake) as alone:
            if not alone:
                raise StoreError(f"{lake}: {BUSY}")
            recovered = Recovered()
            _recover(lake, recovered)
            done.problems += recovered.problems
            _pass(lake, limits, done, should_end, clock, on_step)
    except OSError as error:
        raise StoreError(_why(lake, error)) from error
    done.seconds = time.monotonic() - began
    return done


def _pass(
    lake: Path,
    limits: Limits,
    done: Compacted,
    should_end: Callable[[], bool],
    now: float,
    on_step: Callable[[Step], None] | None,
) -> None:
    folders = sorted(
        (f for s in lake_files.streams(lake) for f in lake_files.folders(s)), key=lambda f: f.name, reverse=True
    )
    with _Merger(lake, limits) as merger:
        for at, folder in enumerate(folders):
            if on_step is not None:
                on_step(Step(folder, at, len(folders)))
            try:
                _folder(folder, merger, done, should_end, now)
            except _FullError as error:
                done.problems.append(f"{folder}: {error}; compaction stopped, nothing is lost: free space")
                return
            if should_end():
                return


def _folder(folder: Path, merger: _Merger, done: Compacted, should_end: Callable[[], bool], now: float) -> None:
    """Merges until there is nothing more to merge in a folder."""
    avoid: set[str] = set()
    while not should_end():
        names = listed(folder)
        if sum(n.startswith(LIVE) for n in names) < 2:
            return
        sizes, newest = _sizes(folder, names)
        over = _is_past(folder, now) and newest < now - merger.limits.quiet_s
        merges = plan(names, sizes, over=over, limits=merger.limits, avoid=avoid)
        if not merges:
            return
        for merge in merges:
            if should_end():
                return
            avoid |= _tried(folder, merge, sizes, merger, done)


def _tried(folder: Path, merge: Merge, sizes: dict[str, int], merger: _Merger, done: Compacted) -> set[str]:
    """Does a merge. Gives the files to leave alone from now on, if it could not be done."""
    try:
        rows, size = merger.merge(folder, merge)
    except _ChangedError:
        return set(merge.sources)  # The next pass sees what there is then.
    except _Unfit as unfit:
        done.problems += unfit.problems
        return unfit.files
    done.files += len(merge.sources)
    done.merged += 1
    done.rows += rows
    done.bytes_in += sum(sizes[name] for name in merge.sources)
    done.bytes_out += size
    return set()


class _Unfit(Exception):  # noqa: N818 - no error, a finding
    """Files that cannot be merged with their neighbours, and what to say of them."""

    def __init__(self, files: set[str], problems: list[str]) -> None:
        super().__init__()
        self.files, self.problems = files, problems


class _Merger:
    """DuckDB, which reads and writes row group by row group, in bounded memory, on one thread beside the listening."""

    def __init__(self, lake: Path, limits: Limits) -> None:
        import duckdb

        self.lake, self.limits = lake, limits
        self._folder = tempfile.TemporaryDirectory(prefix="linewarden-", ignore_cleanup_errors=True)
        # Through a link, so that no character of the lake's path means something to DuckDB's patterns or quotes.
        self._root = Path(self._folder.name) / "lake"
        self._root.symlink_to(lake.resolve())
        spill = str(Path(self._folder.name) / "spill")
        self._database = duckdb.connect(
            ":memory:", config={"memory_limit": limits.memory, "threads": 1, "temp_directory": spill}
        )
        self._database.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> _Merger:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._folder.cleanup()

    def merge(self, folder: Path, merge: Merge) -> tuple[int, int]:
        """Makes one file of many; gives its rows and bytes."""
        before = _identity(folder, merge.sources)
        half = folder / f"{HIDDEN}{merge.target}.tmp"
        try:
            rows = self._write(folder, merge, half)
            size = _synced(half)
            _check_unchanged(folder, merge, before)
            os.rename(half, folder / merge.target)
        except OSError as error:
            raise _full_or(error) from error
        finally:
            half.unlink(missing_ok=True)
        _sync_folder(folder)
        with nobody_reads(self.lake) as free:
            if free:  # else they go at the next pass
                _unlink(folder, merge.sources)
        return rows, size

    def _write(self, folder: Path, merge: Merge, half: Path) -> int:
        import duckdb

        files = self._list(folder, merge.sources)
        try:
            self._check_columns(files, merge)
            want = self._number(f"SELECT sum(num_rows) FROM parquet_file_metadata({files})")  # noqa: S608
            # DuckDB writes bloom filters where a column has a dictionary: they find a needle without the pages.
            got = self._number(
                f"COPY ({_select(files)}) TO {self._quoted(half)} "
                f"(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, ROW_GROUP_SIZE {self.limits.group_rows})"
            )
        except duckdb.Error as error:
            text = str(error).splitlines()[0].replace(str(self._root), str(self.lake))
            if _is_full(text):
                raise _FullError(text) from error
            if any(not (folder / name).exists() for name in merge.sources):
                raise _ChangedError from error
            raise self._damaged(folder, merge, text) from error
        if got != want:
            raise _Unfit(set(merge.sources), [f"{folder / merge.target}: {want} rows became {got}; not merged"])
        return got

    def _check_columns(self, files: str, merge: Merge) -> None:
        """All files must have the same columns; where they change, as with a new version, the merge is cut."""
        sql = (
            "SELECT file_name, string_agg(concat_ws(' ', name, duckdb_type), ',') "  # noqa: S608
            f"FROM parquet_schema({files}) WHERE name NOT IN ('list', 'item', 'element') "
            "AND coalesce(num_children, 0) < 2 GROUP BY file_name"  # the root has many, and each writer its own name
        )
        columns = {Path(str(file)).name: str(text) for file, text in self._database.execute(sql).fetchall()}
        first = columns.get(merge.sources[0])
        other = next((name for name in merge.sources if columns.get(name) != first), None)
        if other is not None:
            raise _Unfit({other}, [])

    def _damaged(self, folder: Path, merge: Merge, text: str) -> _Unfit:
        """Those of the files that cannot be read whole."""
        import duckdb

        bad: dict[str, str] = {}
        for name in merge.sources:
            try:
                self._number(f"SELECT max(hash(rows)) FROM ({_select(self._list(folder, (name,)))}) rows")  # noqa: S608
            except duckdb.Error as error:
                bad[name] = str(error).splitlines()[0].replace(str(self._root), str(self.lake))
        problems = [f"{folder / n}: damaged, left as it is ({why}); restore or delete it" for n, why in bad.items()]
        return _Unfit(set(bad) or set(merge.sources), problems or [f"{folder / merge.target}: not merged ({text})"])

    def _number(self, sql: str) -> int:
        row = self._database.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    def _list(self, folder: Path, names: tuple[str, ...]) -> str:
        return "[" + ", ".join(self._quoted(folder / name, pattern=True) for name in names) + "]"

    def _quoted(self, path: Path, *, pattern: bool = False) -> str:
        from linewarden.service.lake import literal, quoted

        text = str(self._root / path.relative_to(self.lake))
        return quoted(literal(text) if pattern else text)


def _select(files: str) -> str:
    return f"SELECT * FROM read_parquet({files}, hive_partitioning = false)"  # noqa: S608 - quoted


def _recover(lake: Path, done: Recovered) -> None:
    for stream in lake_files.streams(lake):
        for site in stream.glob("site=*"):
            for name in listed(site):
                if name.startswith(HIDDEN):
                    shutil.rmtree(site / name, ignore_errors=True)
                    done.folders += 1
    with nobody_reads(lake) as free:
        for folder in (f for s in lake_files.streams(lake) for f in lake_files.folders(s)):
            names = listed(folder)
            halves = [n for n in names if n.startswith(HIDDEN) and n.endswith(".tmp")]
            gone = lake_files.replaced(n for n in names if not n.startswith(".")) if free else set()
            try:
                _unlink(folder, halves)
                _unlink(folder, gone)
            except OSError as error:
                done.problems.append(_why(folder, error))
                continue
            done.halves += len(halves)
            done.replaced += len(gone)


def _sizes(folder: Path, names: list[str]) -> tuple[dict[str, int], float]:
    """Sizes of the live files, and when the newest that is not merged was written."""
    sizes: dict[str, int] = {}
    newest = 0.0
    for name in names:
        if not name.startswith(LIVE):
            continue
        with contextlib.suppress(FileNotFoundError):
            about = (folder / name).stat()
            sizes[name] = about.st_size
            parts = numbered(name)
            if parts is not None and not parts.merged:
                newest = max(newest, about.st_mtime)
    return sizes, newest


def _is_past(folder: Path, now: float) -> bool:
    return folder.name.removeprefix("date=") < datetime.fromtimestamp(now, UTC).date().isoformat()


def _identity(folder: Path, names: tuple[str, ...]) -> list[tuple[int, int, int]]:
    """What tells that files are still the same ones."""
    try:
        about = [(folder / name).stat() for name in names]
    except FileNotFoundError as error:
        raise _ChangedError from error
    return [(a.st_ino, a.st_size, a.st_mtime_ns) for a in about]


def _check_unchanged(folder: Path, merge: Merge, before: list[tuple[int, int, int]]) -> None:
    """Just before the merged file appears: what it will replace is what was read, and nothing else."""
    within = set()
    for name in listed(folder):
        parts = numbered(name.removeprefix(".").removesuffix(".tmp") if name.endswith(".tmp") else name)
        if parts and parts.prefix == merge.prefix and merge.first <= parts.first and parts.last <= merge.last:
            within.add(name)
    within -= lake_files.replaced(within)  # left of an earlier merge, because somebody was reading
    if within != set(merge.sources) or _identity(folder, merge.sources) != before:
        raise _ChangedError


def _unlink(folder: Path, names: Iterator[str] | set[str] | list[str] | tuple[str, ...]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _synced(file: Path) -> int:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
        return os.fstat(handle.fileno()).st_size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_full(text: str) -> bool:
    return any(os.strerror(code) in text for code in (errno.ENOSPC, errno.EDQUOT))


def _full_or(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _FullError(error.strerror or str(error))
    return _ChangedError() if isinstance(error, FileNotFoundError) else error


def _why(path: Path, error: OSError) -> str:
    return f"{path}: cannot be written ({error.strerror or error}); check the permission, or run as the lake's owner"
