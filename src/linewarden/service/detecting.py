"""Detections over captures, lakes and live records: one path.

Captures are first read into a lake (a temporary one, if nobody wants to keep it), since who is who is known best at
their end; then the lake's records are judged in the order of their times, a slice at a time, so that memory is bounded.
What a sensor judged live is judged as it was then (`following.py`), so that the same is found.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, ProtocolError, StoreError
from linewarden.sensor.points import Readings
from linewarden.service.corrections_file import Kept, load
from linewarden.service.lake import Lake, is_lake, open_lake, pieces_of, plant_of
from linewarden.service.lake_files import reading
from linewarden.service.reading import Problem, Settings, read_captures
from linewarden.service.uncollected import uncollected
from linewarden.wire.captures import find_captures

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Batch, Progress
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.following import Place
    from linewarden.service.judging import Judge

REWRITTEN = "detect"
"""What the files begin with that hold the notices of a run over the whole lake."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, by time; the plant in which; the lake of the records, if it was kept."""

    told: tuple[Told, ...]
    plant: Plant
    problems: tuple[Problem, ...] = ()
    lake: Path | None = None
    unjudged: str = ""
    """Why process values were not judged, where they could not be."""
    packets: int = 0
    records: int = 0
    """Of captures: what was read, and written if the lake was kept."""
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

    if rules:
        from linewarden.service.rules_files import own_detections

        own = (*own, *own_detections(rules))
    all_of_them = (*detections(), *own)
    known = {d.name for d in all_of_them}
    if strange := sorted({*only, *without} - known):
        raise ConfigError(f"{strange[0]}: no such detection; `linewarden detections` lists them")
    return tuple(d for d in all_of_them if (not only or d.name in only) and d.name not in without)


def detect(
    sources: Sequence[str],
    detections: Sequence[Detection] | Callable[[], Sequence[Detection]],
    *,
    out: Path | None = None,
    settings: Settings | None = None,
    baseline: Baseline | None = None,
    expected: Expected | None = None,
    hindsight: bool = False,
    values: Values | None = None,
    on_step: Callable[[Progress], None] | None = None,
) -> Found:
    """Judges captures (files, folders, globs), or one lake. `out` keeps the records of captures, and their notices.

    `detections`: those, or what gives them, and is called while the engine reads already (all of them: `chosen`).
    `baseline`: what is usual, learned before (else it is learned as the records go by); `expected`: what people said;
    `hindsight`: what was judged live is judged with what is known of the plant now, and in the order of time.
    `values`: and process values are judged so (None: they are not).

    Raises CaptureError, StoreError or ConfigError as `read` does.
    """

    def judge(usual: Baseline | None) -> Judge:
        from linewarden.service.judging import Judge

        return Judge(detections() if callable(detections) else detections, baseline=usual, expected=expected)

    if len(sources) == 1 and is_lake(Path(sources[0])):
        from linewarden.service.following import places

        if out is not None:
            raise ConfigError(f"--out: {sources[0]} is a lake already; notices are written into it with --write")
        lake = open_lake(Path(sources[0]))
        kept = load(lake.path)
        plant = plant_of(lake, kept.names, kept.corrections)
        told, lacking = _again(lake, plant, judge, baseline, [] if hindsight else places(lake))
        told, why = _with_values(lake, told, plant, values, expected)
        return Found(told, plant, lake=lake.path, unjudged=why, lacking=0 if baseline else lacking)
    beside = _Beside(lambda: judge(baseline), None if callable(detections) else judge(None))
    with _place(out) as folder, contextlib.closing(beside):
        kept = load(out) if out is not None else Kept()
        result = read_captures(
            find_captures(sources), out=folder, names=kept.names, corrections=kept.corrections, settings=settings,
            on_step=on_step, beside=beside,
        )  # fmt: skip
        told = tuple(beside.told(_known(result.plant)))
        told, why = _with_values(open_lake(folder), told, result.plant, values, expected)
        rows = sum(f.rows for f in result.files)
        return Found(
            told, result.plant, result.problems, out, unjudged=why, packets=result.totals.packets, records=rows
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Values:
    """How process values are judged. `learned`: a folder in which a service, or `linewarden analytics learn`, keeps
    what machines learned; it is not written."""

    said: Analytics
    learned: Path | None = None


def _with_values(
    lake: Lake, told: tuple[Told, ...], plant: Plant, values: Values | None, expected: Expected | None
) -> tuple[tuple[Told, ...], str]:
    """These notices and those of the process values; why there are none of these, where they could not be judged."""
    if values is None:
        return told, ""
    from linewarden.service.analysing.settings import lacking

    if why := lacking():
        return told, why if "reading" in lake.streams else ""
    from linewarden.service.analysing.worth import who_may_tell

    with reading(lake.path):
        only = who_may_tell(lake, values.said, expected) if values.learned is None else None
        if only is not None and not only:
            return told, ""
        from linewarden.service.analysing.over_lake import analyse_lake, taps_of

        taps = taps_of(lake, values.said, values.learned, expected) if values.learned else {}
        more = analyse_lake(lake, values.said, told, known=_known(plant), expected=expected, taps=taps, only=only)
    return tuple(sorted([*told, *more], key=_by_time)), ""


JUDGED = frozenset(
    {
        "arp", "bacnet", "binding", "command", "conn", "dcerpc", "dns", "dns_tcp", "ftp", "http", "identity",
        "modbus", "mqtt", "opcua", "reading", "s7comm", "smb", "snmp", "ssdp", "ssh", "telnet", "tls", "transfer",
        "weird",
    }
)  # fmt: skip
"""The streams of a judge with all detections, without importing them; a test holds them equal."""
ONE_IN = 4
"""The share of readings that it looks at, likewise."""


class _Beside:
    """Gathers what is to be judged while captures are read. What comes before all is imported waits; but not readings,
    which are most of it, and of which the engine keeps what is looked at.

    `like`: a judge that wants the same, if it is not one with all detections.
    """

    def __init__(self, judge: Callable[[], Judge], like: Judge | None) -> None:
        self.streams: Collection[str] = JUDGED if like is None else like.streams
        self._readings = Readings(ONE_IN) if like is None else None
        self._make = judge
        self._ready = threading.Event()
        self._failed: Exception | None = None
        self._early: list[Batch] = []

    def prepare(self) -> None:
        """Imports and makes the judge."""
        try:
            with uncollected():
                from linewarden.service.gathering import Gathering
                from linewarden.service.sifting import Sifting

                self._judge = self._make()
                self._gathering = Gathering(self._judge)
                self._sifting = Sifting(self._judge, self._gathering, self._readings)
        except Exception as error:  # noqa: BLE001 - raised where somebody hears it
            self._failed = error
        finally:
            self._ready.set()

    def take(self, batch: Batch) -> None:
        """One more batch."""
        if self._ready.is_set():
            self._gather()
            self._sifting.take(batch.stream, batch.arrow)
        elif batch.stream == "reading" and self._readings is not None:
            self._readings.add(batch.arrow)
        else:
            self._early.append(batch)

    def end(self) -> None:
        """No more batches come."""
        self._ready.wait()
        self._gather()
        self._gathering.end(self._sifting)

    def close(self) -> None:
        """Lets go of what was gathered."""
        if self._ready.is_set() and self._failed is None:
            self._gathering.close()

    def _gather(self) -> None:
        if self._failed is not None:
            raise self._failed
        early, self._early = self._early, []
        for batch in early:
            self._sifting.take(batch.stream, batch.arrow)

    def told(self, known: Knowledge) -> list[Told]:
        """What is found, after `end`."""
        self._judge.know(known)
        return _ended(self._judge, self._gathering.told())


def _again(
    lake: Lake,
    plant: Plant,
    judge: Callable[[Baseline | None], Judge],
    baseline: Baseline | None,
    live: Sequence[Place],
) -> tuple[tuple[Told, ...], int]:
    """Judges a lake: what each of the live sensors heard as it did, the rest in the order of time.

    Each learns on by itself, as live: what is usual at one tap is news at another.
    """
    from linewarden.service.following import Following

    told: list[Told] = []
    lacking = 0
    with reading(lake.path):
        for place in live:
            following = Following(lake, place, judge, _as_given(baseline))
            told += following.judge()
            refuse_broken(following.broken)
            lacking = max(lacking, following.lacking)
        rest = judge(_as_given(baseline))
        rest.know(_known(plant))
        told += judge_lake(lake, rest, but=live)
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
    """What is found in a lake, by time; `but`: not in what these sensors wrote.

    Raises ProtocolError if a detection is broken. Hold `lake_files.reading` meanwhile: the files are listed once.
    """
    from linewarden.sensor.sieve import batches_of
    from linewarden.service.following import is_of
    from linewarden.service.gathering import Gathering
    from linewarden.service.lake_rows import as_written
    from linewarden.service.sifting import Sifting

    with contextlib.closing(Gathering(judge)) as gathering:
        sifting = Sifting(judge, gathering)
        for stream in sorted(set(judge.streams).intersection(lake.streams)):
            for file in (f for f in lake.files(stream) if not is_of(f, but)):
                for piece in pieces_of(file):
                    for batch in batches_of(as_written(file, stream, piece)):
                        sifting.take(stream, batch)
        gathering.end(sifting)
        return _ended(judge, gathering.told())


def _ended(judge: Judge, told: Sequence[Told]) -> list[Told]:
    """With what came again, by time."""
    refuse_broken(judge.broken)
    return sorted([*told, *judge.end()], key=_by_time)


def refuse_broken(broken: Mapping[str, str]) -> None:
    """Raises ProtocolError if a detection stumbled: over history nothing is left out in silence."""
    if broken:
        name, why = next(iter(broken.items()))
        raise ProtocolError(f"the detection {name} is broken ({why}): report it; --without {name} runs the others")


def _by_time(told: Told) -> tuple[int, str, int]:
    return told.ts, told.notice.note, told.frame


def notice_row(told: Told) -> tuple[Any, ...]:
    """A notice in the order of its stream's columns."""
    from dataclasses import astuple

    envelope = (told.ts, told.uid, told.sensor, told.capture, told.frame)
    return (*envelope, told.orig_h, told.orig_p, told.resp_h, told.resp_p, *astuple(told.notice))


def keep_notices(lake: Path, site: str, told: Sequence[Told], prefix: str = REWRITTEN) -> None:
    """Writes the notices of a run over a whole lake into it, in the place of those of an earlier run.

    `prefix`: of the files; another one than that of runs over the whole lake replaces none of theirs.

    What a sensor told live and is told again is there already, and would be counted twice. Raises StoreError if they
    cannot be written; then those of the earlier run stay.
    """
    from linewarden.sensor.sensor import Sensor

    there = _told_live(lake)
    new = [t for t in told if (t.notice.notice_id, t.notice.again, t.notice.until) not in there]
    sensor = Sensor(lake=lake, site=site, prefix=prefix, reads=False)
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
