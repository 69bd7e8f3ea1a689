"""Files of values: CSV and Parquet, one or a folder that is watched. They are read, never moved, changed or removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal

from linewarden.collectors._polling import table_settings as tabular, usual
from linewarden.collectors._polling.table_settings import TableTag, layout_of, wrong_table
from linewarden.collectors.contract import Kind, Sink, setting


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file, or a folder of files of one layout."""

    path: Path = setting("a file, or a folder", examples=("/srv/export",))
    time_column: str = tabular.time_column("timestamp")
    device: str = usual.device("that of the file or folder")
    files: tuple[str, ...] = setting("which names in a folder", default=("*.csv", "*.parquet"))
    follow: bool = setting("watch for new files and new rows; else take what is there, and end", default=True)
    state: Path | None = usual.state()
    interval: float = setting("how often the folder is looked at", default=10.0, unit="s", least=0.1, most=86_400)
    settle: float = setting(
        "how long a file must not have changed to be complete", default=10.0, unit="s", least=0, most=86_400
    )
    most_mb: int = setting(
        "longest file; it is held in memory while it is read", default=512, unit="MB", least=1, most=8192
    )
    time_format: str = usual.time_format()
    zone: str = usual.zone()
    name_column: str = tabular.name_column()
    value_column: str = tabular.value_column()
    quality_column: str = tabular.quality_column()
    good: tuple[str, ...] = tabular.good()
    uncertain: tuple[str, ...] = tabular.uncertain()
    bad: tuple[str, ...] = tabular.bad()
    separator: str = setting("between cells; empty: as the header shows", default="", examples=(";",))
    decimal: Literal[".", ","] = setting("in numbers; with a comma, points are thousands", default=".")
    encoding: str = setting("of a CSV; UTF-16 is seen by its mark", default="utf-8", examples=("cp1252",))
    skip_lines: int = setting("lines before the header", default=0, least=0, most=10_000)
    units_row: bool = setting("the row behind the header tells units", default=False)
    tags: tuple[TableTag, ...] = setting("what columns mean; those that are not here keep their names", default=())
    only: bool = setting("take only the columns of tags", default=False)
    retry_first: float = usual.retry_first()
    retry_most: float = usual.retry_most()


def check(settings: TableFile) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    s = settings
    return [*wrong_table(s), *_of_text(s), *usual.wrong_times(s.zone, s.time_format)]


def _of_text(s: TableFile) -> Iterator[tuple[str, str]]:
    if len(s.separator) > 1 or (s.separator and s.separator == s.decimal):
        yield "separator", "use a single character that is not that of decimal"
    if s.decimal == "," and not s.separator:
        yield "separator", 'with a decimal comma say it, such as separator = ";"'
    try:
        "".encode(s.encoding)
    except LookupError:
        yield "encoding", f"{s.encoding} is not known; use utf-8, cp1252, latin-1 or utf-16"


def run(settings: TableFile, sink: Sink, stop: Event) -> None:
    """Takes files until `stop` is set, or (follow = false) what is there."""
    from linewarden.collectors._polling.file_session import FileSession, Place
    from linewarden.collectors._polling.loop import Poller
    from linewarden.collectors._polling.table_parsing import Csv
    from linewarden.collectors._polling.trouble import LostError

    s = settings
    if s.follow and s.state is None:
        sink.say(f"{s.path}: without state, all files are taken again after a restart; give state = a file of its own")
    csv = Csv(s.separator, s.encoding, s.skip_lines, s.units_row)
    place = Place(s.path, s.files, s.settle, s.most_mb * 10**6)
    session = FileSession(
        place, csv, layout_of(s, s.device or s.path.stem, "file", s.decimal), s.state, sink, stop, s.follow
    )
    peer = str(s.path)
    if s.follow:
        Poller(session, {"files": s.interval}, sink, peer, (s.retry_first, s.retry_most)).run(stop)
        return
    try:
        session.open()
        session.poll("files")
        sink.up(peer)
    except LostError as lost:
        sink.down(peer, str(lost).removeprefix(f"{peer}: "))


LOADS = (
    "polars",
    "duckdb",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.file_session",
)
KIND = Kind("table_file", "CSV and Parquet files", TableFile, run, loads=LOADS, check=check)
