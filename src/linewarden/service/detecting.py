"""Detections over captures, lakes and live records: one path.

Captures are first read into a lake (a temporary one, if nobody wants to keep it), since who is who is known best at
their end; then the lake's records are judged in the order of their times, a slice at a time, so that memory is bounded.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, ProtocolError, StoreError
from linewarden.service.judging import Judge
from linewarden.service.lake import Lake, is_lake, open_lake, plant_of
from linewarden.service.reading import Problem, Settings, read_captures
from linewarden.wire.captures import find_captures

if TYPE_CHECKING:
    import polars as pl

    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Progress

SLICE_ROWS = 200_000
"""Rows of all streams that are judged together, about."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, by time; the plant in which; the lake of the records, if it was kept."""

    told: tuple[Told, ...]
    plant: Plant
    problems: tuple[Problem, ...] = ()
    lake: Path | None = None

    @property
    def notices(self) -> list[Told]:
        """Without the rows that only count what came again."""
        return [t for t in self.told if not t.notice.again]


def chosen(only: Sequence[str] = (), without: Sequence[str] = (), rules: Path | None = None) -> tuple[Detection, ...]:
    """The detections of these names (all, if none is named), without some; `rules`: a folder of the site's own.

    ConfigError for a name that there is not, and for a folder that is not in order.
    """
    from linewarden.detections.catalogue import detections
    from linewarden.service.rules_files import own_detections

    all_of_them = (*detections(), *(own_detections(rules) if rules else ()))
    known = {d.name for d in all_of_them}
    if strange := sorted({*only, *without} - known):
        raise ConfigError(f"{strange[0]}: no such detection; `linewarden detections` lists them")
    return tuple(d for d in all_of_them if (not only or d.name in only) and d.name not in without)


def detect(
    sources: Sequence[str],
    detections: Sequence[Detection],
    *,
    out: Path | None = None,
    settings: Settings | None = None,
    baseline: Baseline | None = None,
    expected: Expected | None = None,
    on_step: Callable[[Progress], None] | None = None,
) -> Found:
    """Judges captures (files, folders, globs), or one lake. `out` keeps the records of captures, and their notices.

    `baseline`: what is usual, learned before (else it is learned as the records go by); `expected`: what people said.

    Raises CaptureError, StoreError or ConfigError as `read` does.
    """
    if len(sources) == 1 and is_lake(Path(sources[0])):
        if out is not None:
            raise ConfigError(f"--out: {sources[0]} is a lake already; notices are written into it with --write")
        lake = open_lake(Path(sources[0]))
        plant = plant_of(lake)
        judge = Judge(detections, _known(plant), baseline, expected)
        return Found(tuple(judge_lake(lake, judge)), plant, lake=lake.path)
    with _place(out) as folder:
        result = read_captures(find_captures(sources), out=folder, settings=settings, on_step=on_step)
        told = tuple(judge_lake(open_lake(folder), Judge(detections, _known(result.plant), baseline, expected)))
        return Found(told, result.plant, result.problems, out)


def _known(plant: Plant) -> Knowledge:
    from linewarden.detections.knowledge import knowledge_of

    return knowledge_of(plant)


@contextlib.contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    try:
        with tempfile.TemporaryDirectory(prefix="linewarden-") as folder:
            yield Path(folder) / "lake"
    except OSError as error:
        raise StoreError(f"{tempfile.gettempdir()}: no room for the records ({error}); give --out a folder") from error


def judge_lake(lake: Lake, judge: Judge) -> list[Told]:
    """What is found in a lake, by time. Raises ProtocolError if a detection is broken."""
    told = [t for stream, frame in slices(lake, judge.streams) for t in judge.add(stream, frame)]
    if judge.broken:
        name, why = next(iter(judge.broken.items()))
        raise ProtocolError(f"the detection {name} is broken ({why}): report it; --without {name} runs the others")
    return sorted([*told, *judge.end()], key=lambda t: (t.ts, t.notice.note, t.frame))


def slices(lake: Lake, streams: Sequence[str]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Records of these streams in slices of time, each slice stream by stream, each batch in the order of its times.

    Hold `lake_files.reading` meanwhile: the files are listed once.
    """
    import polars as pl

    there = [s for s in streams if s in lake.streams]
    scans = {s: pl.scan_parquet(lake.files(s), hive_partitioning=False, glob=False) for s in there}
    if not scans:
        return
    for begin, end in _cuts(scans):
        for stream, scan in scans.items():
            frame = scan.filter((pl.col("ts") >= begin) & (pl.col("ts") < end)).collect()
            if frame.height:
                yield stream, _in_order(frame)


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """By time; among equal times by capture and frame. Lists are dear to sort, and most files are in order already."""
    if frame.get_column("ts").is_sorted() and frame.get_column("capture").n_unique() == 1:
        return frame
    return frame.sort("ts", "capture", "frame", maintain_order=True)


def _cuts(scans: dict[str, pl.LazyFrame]) -> list[tuple[Any, Any]]:
    """Bounds of time such that each slice has about SLICE_ROWS rows."""
    import polars as pl

    times = pl.concat([scan.select("ts") for scan in scans.values()]).collect().get_column("ts").sort()
    # Through integers: Python's own times have no ns. As literals: files are skipped by what they say of their times.
    stamps = times.to_physical()
    marks = [*dict.fromkeys(stamps.gather_every(SLICE_ROWS).to_list()), stamps[-1] + 1]
    return list(itertools.pairwise(pl.lit(mark, dtype=times.dtype) for mark in marks))


def notice_row(told: Told) -> tuple[Any, ...]:
    """A notice in the order of its stream's columns."""
    from dataclasses import astuple

    envelope = (told.ts, told.uid, told.sensor, told.capture, told.frame)
    return (*envelope, told.orig_h, told.orig_p, told.resp_h, told.resp_p, *astuple(told.notice))


def keep_notices(lake: Path, site: str, told: Sequence[Told]) -> None:
    """Writes the notices of a run over a whole lake into it, in the place of those of an earlier run.

    Raises StoreError if they cannot be written; then those of the earlier run stay.
    """
    from linewarden.sensor.sensor import Sensor

    sensor = Sensor(lake=lake, site=site, prefix="detect")
    try:
        sensor.append("notice", [notice_row(t) for t in told])
        sensor.finish()
    except BaseException:
        sensor.abort()
        raise
