"""Records of a stream as rows: page by page in their order, or all of them as a file, never many in memory at once.

Their order is (ts, capture, frame): that of the wire. A page begins after the last row of the one before.
"""

from __future__ import annotations

import contextlib
import itertools
import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import StoreError
from linewarden.service import lake_files
from linewarden.service.hunt.sight import Sight, columns_of
from linewarden.service.lake import pieces_of

if TYPE_CHECKING:
    import polars as pl

ORDER = ("ts", "capture", "frame")
Place = tuple[int, str, int, int]
"""Of a row: ts (ns UTC), capture, frame, and which of the rows that this packet gave, from 1."""
CHUNK = 1 << 20
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""Of Arrow's IPC stream (Arrow columnar format, "Encapsulated message format")."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows. `addresses`: one of the row's own is one of these; `start` and `end`: ns UTC, both in it."""

    stream: str
    sight: Sight
    start: int | None = None
    end: int | None = None
    uids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """Empty: all."""
    after: Place | None = None
    newest: bool = False
    """The newest first: `after` is then the place of a later row. A file has no order."""


def page(lake: Path, wanted: Wanted, limit: int) -> tuple[list[dict[str, Any]], Place | None]:
    """The next rows in their order, and the place of the last if there are more. Raises StoreError.

    Days are looked at one after the other, so that a page costs the reading of its own day.
    """
    found: list[dict[str, Any]] = []
    with lake_files.reading(lake):
        for files in _days(lake, wanted):
            rows = _first(files, wanted, limit + 1 - len(found))
            found += rows.to_dicts()
            if len(found) > limit:
                break
    last = _last(found[:limit], wanted.after) if len(found) > limit else None
    return [_shown(row, wanted) for row in found[:limit]], last


def _last(rows: list[dict[str, Any]], before: Place | None) -> Place:
    """The place of the last row; a packet may have given several."""
    packet = _packet(rows[-1])
    alike = sum(1 for _ in itertools.takewhile(lambda row: _packet(row) == packet, reversed(rows)))
    return *packet, alike + (before[3] if before and before[:3] == packet and alike == len(rows) else 0)


def _packet(row: dict[str, Any]) -> tuple[int, str, int]:
    return int(row["_ns"]), str(row["capture"]), int(row["frame"])


def _shown(row: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """The columns that were asked for."""
    return {n: v for n, v in row.items() if n in wanted.columns or (not wanted.columns and n != "_ns")}


def _days(lake: Path, wanted: Wanted) -> Iterator[list[Path]]:
    """The files of each day, in the order of the rows."""
    days: dict[str, list[Path]] = {}
    for file in lake_files.files(lake / f"stream={wanted.stream}"):
        days.setdefault(file.parent.name, []).append(file)
    seen = [wanted.after[0]] if wanted.after else []
    first = max([wanted.start or 0, *([] if wanted.newest else seen)])
    last = min([*([] if wanted.end is None else [wanted.end]), *(seen if wanted.newest else [])], default=None)
    for day in sorted(days, reverse=wanted.newest):
        if _day(first) <= day and (last is None or day <= _day(last)):
            yield days[day]


def _day(ns: int) -> str:
    return f"date={datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d}"


def _first(files: Sequence[Path], wanted: Wanted, limit: int) -> pl.DataFrame:
    """The first rows of a day, in their order."""
    import polars as pl

    with _explained(files):
        scans = [pl.scan_parquet(f, hive_partitioning=False, glob=False) for f in files]
        whole = pl.concat(scans, how="diagonal_relaxed")
        # These hold `limit` times, not the day; of the rows with the last of these all are needed, to order them.
        seen = whole.filter(_fits(wanted, frozenset(whole.collect_schema().names())))
        times = pl.col("ts")
        most = limit + (wanted.after[3] if wanted.after else 0)
        bound = times.top_k(most).min() if wanted.newest else times.bottom_k(most).max()
        last = seen.select(bound).collect().item()
        if last is None:
            return seen.limit(0).with_columns(_ns=pl.lit(0)).collect()
        near = times >= last if wanted.newest else times <= last
        rows = _plain(seen.filter(near).with_columns(_ns=times.dt.epoch("ns")))
        ordered = rows.sort(ORDER, descending=wanted.newest, maintain_order=True).collect()
        return ordered.slice(_given(ordered, wanted.after), limit)


def _given(rows: pl.DataFrame, after: Place | None) -> int:
    """How many of the first rows were on the page before."""
    if after is None:
        return 0
    first = rows.head(after[3]).iter_rows(named=True)
    return sum(1 for row in first if _packet(row) == after[:3])


def _fits(wanted: Wanted, names: frozenset[str]) -> pl.Expr:
    import polars as pl

    ts = pl.col("ts").dt.epoch("ns")
    tests = [pl.lit(True)]
    tests += [ts >= wanted.start] if wanted.start is not None else []
    tests += [ts <= wanted.end] if wanted.end is not None else []
    tests += [pl.col("uid").is_in(list(wanted.uids))] if wanted.uids else []
    own = columns_of(wanted.stream, names)
    if wanted.addresses:
        any_of = [pl.col(c).is_in(list(wanted.addresses)) for c in own]
        tests.append(pl.any_horizontal(*any_of) if own else pl.lit(False))
    if wanted.sight.addresses is not None:
        tests += [pl.col(c).is_in(list(wanted.sight.addresses)) for c in own] or [pl.lit(False)]
    if wanted.after is not None:
        tests.append(_before(wanted.after) if wanted.newest else _after(wanted.after))
    return pl.all_horizontal(*tests)


def _after(place: Place) -> pl.Expr:
    """Of this packet, or later ones."""
    at, capture, frame = _place_of_rows()
    return (at > place[0]) | ((at == place[0]) & ((capture > place[1]) | ((capture == place[1]) & (frame >= place[2]))))


def _before(place: Place) -> pl.Expr:
    """Of this packet, or earlier ones."""
    at, capture, frame = _place_of_rows()
    return (at < place[0]) | ((at == place[0]) & ((capture < place[1]) | ((capture == place[1]) & (frame <= place[2]))))


def _place_of_rows() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    import polars as pl

    return pl.col("ts").dt.epoch("ns"), pl.col("capture").cast(pl.String), pl.col("frame")


def _plain(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Texts as texts, whatever a file keeps them as."""
    import polars as pl
    import polars.selectors as cs

    return rows.with_columns((cs.categorical() | cs.enum()).cast(pl.String))


@contextlib.contextmanager
def _explained(files: Sequence[Path]) -> Iterator[None]:
    import polars as pl

    try:
        yield
    except FileNotFoundError:
        raise StoreError("files of the lake went while they were read; ask again") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"{files[0].parent}: a file cannot be read; `linewarden lake files` finds it") from error


# --- all of them ---


def export(lake: Path, wanted: Wanted, format: str) -> Iterator[bytes]:
    """All rows, as they are read: `csv`, `arrow` (a stream) or `parquet`. By file, not sorted across files."""
    frames = _frames(lake, wanted)
    if format == "csv":
        return _csv(frames)
    return _arrow(frames) if format == "arrow" else _parquet(frames)


def _frames(lake: Path, wanted: Wanted) -> Iterator[pl.DataFrame]:
    """What fits, some thousand rows at a time, all with the same columns: at least one frame, perhaps empty."""
    import polars as pl

    schema: dict[str, Any] | None = None
    with lake_files.reading(lake):
        for files in _days(lake, wanted):
            for file in files:
                with contextlib.suppress(FileNotFoundError), _explained([file]):
                    for piece in pieces_of(file):
                        rows = _plain(piece.lazy().filter(_fits(wanted, frozenset(piece.columns)))).collect()
                        rows = rows.select(wanted.columns) if wanted.columns else rows
                        schema = schema or dict(rows.schema)
                        yield _as(rows, schema)
    if schema is None:
        yield pl.DataFrame(schema=dict.fromkeys(wanted.columns or ORDER, pl.String))


def _as(rows: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """The same columns as the frames before; a file of another version may lack one."""
    import polars as pl

    there = set(rows.columns)
    return rows.select(pl.col(n).cast(t) if n in there else pl.lit(None, t).alias(n) for n, t in schema.items())


def _csv(frames: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    import polars as pl
    import polars.selectors as cs

    for place, rows in enumerate(frames):
        lists = [n for n, t in rows.schema.items() if isinstance(t, pl.List)]
        inner = [pl.format("[{}]", pl.col(n).cast(pl.List(pl.String)).list.join(",")).alias(n) for n in lists]
        # A text that a spreadsheet would take for a formula is marked as text (OWASP, CSV injection).
        safe = rows.with_columns(cs.string().str.replace(r"^([=+\-@\t\r])", "'$1"))
        yield safe.with_columns(inner).write_csv(include_header=place == 0).encode()


def _arrow(frames: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """One stream of many: the schema of the first, the batches of all, one end."""
    import io

    for place, rows in enumerate(frames):
        out = io.BytesIO()
        rows.write_ipc_stream(out)
        whole = out.getvalue().removesuffix(END_OF_STREAM)
        yield whole if place == 0 else whole[_message(whole) :]
    yield END_OF_STREAM


def _message(stream: bytes) -> int:
    """Length of the first message, the schema: it has no body."""
    marker, length = struct.unpack_from("<Ii", stream)
    if marker != 0xFFFFFFFF:
        raise AssertionError("not an Arrow stream")
    return 8 + int(length)


def _parquet(frames: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """Its end tells where all is, so that it is made on disk and sent then."""
    import polars as pl

    with tempfile.TemporaryDirectory(prefix="linewarden-export-") as folder:
        parts = Path(folder)
        for place, rows in enumerate(frames):
            rows.write_parquet(parts / f"{place:08}.parquet")
        whole = parts / "whole"
        pl.scan_parquet(parts / "*.parquet").sink_parquet(whole)
        with whole.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
