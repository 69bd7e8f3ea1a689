"""Detections over captures, lakes and live records: one path.

Captures are first read into a lake (a temporary one, if nobody wants to keep it), since who is who is known best at
their end; then the lake's records are judged in the order of their times, a slice at a time, so that memory is bounded.
What a sensor judged live is judged as it was then (`following.py`), so that the same is found.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, ProtocolError, StoreError
from linewarden.service.following import Following, Place, is_of, places
from linewarden.service.judging import Judge
from linewarden.service.lake import Lake, is_lake, open_lake, plant_of
from linewarden.service.lake_files import reading
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

REWRITTEN = "detect"
"""What the files begin with that hold the notices of a run over the whole lake."""
SLICE_ROWS = 200_000
"""Rows of all streams that are judged together, about."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, by time; the plant in which; the lake of the records, if it was kept."""

    told: tuple[Told, ...]
    plant: Plant
    problems: tuple[Problem, ...] = ()
    lake: Path | None = None
    lacking: int = 0
    """Entries that a live judge knew to be usual when it began, where this run was given none."""

    @property
    def notices(self) -> list[Told]:
        """Without the rows that only count what came again."""
        return [t for t in self.told if not t.notice.again]


def chosen(
    only: Sequence[str] = (), without: Sequence[str] = (), rules: Path | None = None, own: Sequence[Detection] = ()
) -> tuple[Detection, ...]:
    """The detections of these names (all, if none is named), without some; `rules`: a folder of the site's own.

    `own`: rules of the site that were read already. ConfigError for a name that there is not, and for a folder that is
    not in order.
    """
    from linewarden.detections.catalogue import detections
    from linewarden.service.rules_files import own_detections

    all_of_them = (*detections(), *own, *(own_detections(rules) if rules else ()))
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
    hindsight: bool = False,
    on_step: Callable[[Progress], None] | None = None,
) -> Found:
    """Judges captures (files, folders, globs), or one lake. `out` keeps the records of captures, and their notices.

    `baseline`: what is usual, learned before (else it is learned as the records go by); `expected`: what people said;
    `hindsight`: what was judged live is judged with what is known of the plant now, and in the order of time.

    Raises CaptureError, StoreError or ConfigError as `read` does.
    """
    if len(sources) == 1 and is_lake(Path(sources[0])):
        if out is not None:
            raise ConfigError(f"--out: {sources[0]} is a lake already; notices are written into it with --write")
        lake = open_lake(Path(sources[0]))
        plant = plant_of(lake)
        told, lacking = _again(lake, plant, detections, baseline, expected, [] if hindsight else places(lake))
        return Found(told, plant, lake=lake.path, lacking=0 if baseline else lacking)
    with _place(out) as folder:
        result = read_captures(find_captures(sources), out=folder, settings=settings, on_step=on_step)
        told = tuple(judge_lake(open_lake(folder), Judge(detections, _known(result.plant), baseline, expected)))
        return Found(told, result.plant, result.problems, out)


def _again(
    lake: Lake,
    plant: Plant,
    detections: Sequence[Detection],
    baseline: Baseline | None,
    expected: Expected | None,
    live: Sequence[Place],
) -> tuple[tuple[Told, ...], int]:
    """Judges a lake: what each of the live sensors heard as it did, the rest in the order of time.

    Each learns on by itself, as live: what is usual at one tap is news at another.
    """
    told: list[Told] = []
    lacking = 0
    with reading(lake.path):
        for place in live:
            following = Following(lake, place, lambda b: Judge(detections, None, b, expected), _as_given(baseline))
            told += following.judge()
            refuse_broken(following.broken)
            lacking = max(lacking, following.lacking)
        told += judge_lake(lake, Judge(detections, _known(plant), _as_given(baseline), expected), but=live)
    return tuple(sorted(told, key=_by_time)), lacking


def _as_given(baseline: Baseline | None) -> Baseline:
    from linewarden.baseline.baseline import Baseline

    return Baseline.from_snapshot(baseline.snapshot(), baseline.params) if baseline is not None else Baseline()


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


def judge_lake(lake: Lake, judge: Judge, but: Sequence[Place] = ()) -> list[Told]:
    """What is found in a lake, by time; `but`: not by these sensors. Raises ProtocolError if a detection is broken."""
    told = [t for stream, frame in slices(lake, judge.streams, but) for t in judge.add(stream, frame)]
    refuse_broken(judge.broken)
    return sorted([*told, *judge.end()], key=_by_time)


def refuse_broken(broken: Mapping[str, str]) -> None:
    """Raises ProtocolError if a detection stumbled: over history nothing is left out in silence."""
    if broken:
        name, why = next(iter(broken.items()))
        raise ProtocolError(f"the detection {name} is broken ({why}): report it; --without {name} runs the others")


def _by_time(told: Told) -> tuple[int, str, int]:
    return told.ts, told.notice.note, told.frame


def slices(lake: Lake, streams: Sequence[str], but: Sequence[Place] = ()) -> Iterator[tuple[str, pl.DataFrame]]:
    """Records of these streams in slices of time, each slice stream by stream, each batch in the order of its times.

    `but`: without what these sensors wrote. Hold `lake_files.reading` meanwhile: the files are listed once.
    """
    import polars as pl

    files = {s: [f for f in lake.files(s) if not is_of(f, but)] for s in streams if s in lake.streams}
    scans = {s: pl.scan_parquet(there, hive_partitioning=False, glob=False) for s, there in files.items() if there}
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

    What a sensor told live and is told again is there already, and would be counted twice. Raises StoreError if they
    cannot be written; then those of the earlier run stay.
    """
    from linewarden.sensor.sensor import Sensor

    there = _told_live(lake)
    new = [t for t in told if (t.notice.notice_id, t.notice.again, t.notice.until) not in there]
    sensor = Sensor(lake=lake, site=site, prefix=REWRITTEN)
    try:
        sensor.append("notice", [notice_row(t) for t in new])
        sensor.finish()
    except BaseException:
        sensor.abort()
        raise


def _told_live(path: Path) -> set[tuple[str, bool, int]]:
    """Id, whether it counts what came again, and until when, of the notices that no run over the whole lake wrote."""
    import polars as pl

    if not is_lake(path):
        return set()
    lake = open_lake(path)
    files = lake.files("notice") if "notice" in lake.streams else []
    found: set[tuple[str, bool, int]] = set()
    for file in (f for f in files if not f.name.startswith(f"{REWRITTEN}-")):
        rows = pl.read_parquet(file, columns=["notice_id", "again", "until"], hive_partitioning=False)
        found.update(rows.with_columns(pl.col("until").to_physical()).iter_rows())
    return found
