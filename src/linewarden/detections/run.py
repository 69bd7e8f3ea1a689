"""Runs detections over batches of records, and makes notices of what they find.

    run = Run(detections(), knowledge)
    for stream, frame in batches: notices += run.add(stream, frame)
    notices += run.end()

A finding that comes again with the same key is counted and not told again within the detection's refractory time; how
often it came is told in a row of its own when that time is over, or at the end, with the id of the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from polars import selectors

from linewarden.detections.attack import TECHNIQUES
from linewarden.detections.detection import Detection, Finding, Stateless, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.looks import Look, look_of
from linewarden.detections.memory import Bounded
from linewarden.detections.series import in_time
from linewarden.detections.wanted import any_of
from linewarden.records.notice import Notice

KEYS = 20_000
"""Findings that are remembered, of all detections; beyond it the least recent is told again when it comes again."""
MOST_WHY = 12
FEW = 500
"""Rows of which it is not worth the while to find those that are alike."""
RARE = 16
"""Who wants less than one in so many rows."""
PLACE = ("uid", "sensor", "capture")
COMMON = ""
"""Whose rows they are that all detections look at which boil nothing down."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with the envelope of the record that proves it."""

    ts: int
    uid: str
    sensor: str
    capture: str
    frame: int
    orig_h: str
    orig_p: int | None
    resp_h: str
    resp_p: int | None
    notice: Notice


@dataclass(slots=True)
class _Open:
    """A finding that was told, and how often it came since."""

    told: Told
    detection: Detection
    since: int = 0
    until: int = 0


@dataclass(frozen=True, slots=True)
class _Watching:
    """A detection at work on one stream. `mark`: the column that says which rows it wants."""

    detection: Detection
    watch: Watch
    wanted: pl.Expr
    mark: str


class Run:
    """One run, live or over history. `knowledge` may be replaced between batches.

    `sieve` and `judge` are the two halves of `add`: the first needs no knowledge and keeps only what somebody looks at,
    so that it can be done while records still come.
    """

    def __init__(self, detections: Sequence[Detection], knowledge: Knowledge | None = None) -> None:
        self.knowledge = knowledge or Knowledge()
        self._watches: dict[str, list[_Watching]] = {}
        for found in detections:
            watch = found.watch(found.params)
            for stream, wanted in found.needs.items():
                there = self._watches.setdefault(stream, [])
                there.append(_Watching(found, watch, wanted, f"wanted {len(there)}"))
        self._open: Bounded[tuple[str, ...], _Open | None] = Bounded(lambda: None, KEYS)
        self.broken: dict[str, str] = {}
        """Detections that stumbled, and over what: a mistake of ours. They are left out from then on."""

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that any of the detections looks at."""
        return tuple(sorted(self._watches))

    def wanted(self, stream: str) -> Any:
        """Which rows of a stream anybody looks at, as the engine asks it: a test for a `sensor.sieve.Sieve`."""
        return any_of(w.wanted for w in self._watches[stream])

    def looks(self, stream: str) -> list[Look]:
        """What each of its detections looks at in a stream, in the words of the engine (`sensor.sieve.Held`)."""
        return [look_of(w.detection, stream, w.wanted, w.mark) for w in self._watches.get(stream, ())]

    def sampling(self, stream: str) -> Detection | None:
        """Who looks at a stream, if it is one detection only, and that looks at a sample (`Detection.sample`)."""
        watching = [w.detection for w in self._watches.get(stream, ())]
        return watching[0] if len(watching) == 1 and stream in watching[0].sample else None

    def add(self, stream: str, frame: pl.DataFrame) -> list[Told]:
        """Judges a batch: new notices, and the counts of those whose refractory time is over."""
        return [told for who, rows in self.sieve(stream, frame) for told in self.judge(stream, who, rows)]

    def sieve(self, stream: str, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """The rows that somebody wants: for a detection that boils them down by its name, for all others together."""
        watches = self._watches.get(stream, ())
        if frame.height and watches:
            # One pass over the batch says who has anything to look at; for most batches that is nobody.
            yield from self._sieved(stream, frame, _marks(frame, watches))

    def marked(self, stream: str, frame: pl.DataFrame, again: Collection[str]) -> Iterator[tuple[str, pl.DataFrame]]:
        """The same of rows that the engine has marked (`Look.mark`); these marks have to be asked for `again`."""
        watches = self._watches[stream]
        marks = [frame.get_column(w.mark) for w in watches if w.mark in frame.columns and w.mark not in again]
        rows = frame.drop(w.mark for w in watches if w.mark in frame.columns)
        asked = _asked(rows, [w for w in watches if w.mark in again])
        yield from self._sieved(stream, rows, pl.DataFrame([*marks, *asked.get_columns()]))

    def _sieved(self, stream: str, rows: pl.DataFrame, marks: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        hits = [w for w in self._watches[stream] if w.mark in marks.columns and marks.get_column(w.mark).any()]
        for one in hits:
            if stream in one.detection.boil:
                yield one.detection.name, self._boiled(one, stream, rows.filter(marks.get_column(one.mark)))
        if common := [w.mark for w in hits if stream not in w.detection.boil]:
            yield COMMON, rows.hstack(marks.select(common)).filter(pl.any_horizontal(common))

    def judge(self, stream: str, who: str, rows: pl.DataFrame) -> list[Told]:
        """Judges what `sieve` gave, or several of these put together in the order of time."""
        if who != COMMON:
            one = self._watching(stream, who)
            return self._watched(one, stream, _plain(self._boiled(one, stream, rows)))
        there = set(rows.columns)
        marked = [w for w in self._watches[stream] if w.mark in there]
        marks = rows.select(w.mark for w in marked)
        own = _own(_plain(rows.drop(marks.columns)), marks)
        return [t for w, wanted in zip(marked, own, strict=True) for t in self._watched(w, stream, wanted)]

    def of_interest(self, stream: str, name: str, firsts: pl.DataFrame) -> list[int]:
        """Of rows that stand for all that are alike them (`Look.alike`) the numbers of those that are told of."""
        one = self._watching(stream, name)
        if not isinstance(one.detection.watch, Stateless) or name in self.broken:
            return []
        try:
            some = one.detection.watch.of_interest(_plain(firsts), self.knowledge)
        except Exception as error:  # noqa: BLE001 - said by who runs this, see `broken`
            self._broke(one, error)
            return []
        return some.arg_true().to_list()

    def _watching(self, stream: str, name: str) -> _Watching:
        return next(w for w in self._watches[stream] if w.detection.name == name)

    def _broke(self, watching: _Watching, error: Exception) -> None:
        self.broken.setdefault(watching.detection.name, f"{type(error).__name__}: {error}")

    def _boiled(self, watching: _Watching, stream: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows boiled down; none, if the detection stumbles over them."""
        boil = watching.detection.boil.get(stream)
        try:
            return rows if boil is None else boil(rows)
        except Exception as error:  # noqa: BLE001 - said by who runs this, see `broken`
            self._broke(watching, error)
            return rows.clear()

    def _watched(self, watching: _Watching, stream: str, rows: pl.DataFrame) -> list[Told]:
        """What it finds; one that stumbles must neither end a sensor nor the other detections."""
        told: list[Told] = []
        detection = watching.detection
        if rows.height == 0 or detection.name in self.broken:
            return told
        thin = detection.thin.get(stream)
        try:
            for finding in watching.watch(stream, rows if thin is None else thin(in_time(rows)), self.knowledge):
                told += self._take(detection, finding)
        except Exception as error:  # noqa: BLE001 - said by who runs this, see `broken`
            self._broke(watching, error)
        return told

    def end(self) -> list[Told]:
        """The counts of what came again since it was told."""
        return [again for key in list(self._open) if (again := self._again(self._open.get(key))) is not None]

    def _take(self, detection: Detection, finding: Finding) -> Iterator[Told]:
        key = (detection.name, *finding.key)
        known = self._open.get(key)
        ts = int(finding.row["ts"])
        if known is not None and ts - known.told.ts < detection.refractory_s * 1e9 and not _worse(known, finding):
            self._open.at(key)
            known.since += finding.count
            known.until = max(known.until, ts)
            return
        if (again := self._again(known)) is not None:
            yield again
        told = _told(detection, finding, key)
        self._open.put(key, _Open(told, detection, 0, ts))
        yield told

    @staticmethod
    def _again(known: _Open | None) -> Told | None:
        if known is None or known.since == 0:
            return None
        notice = replace(known.told.notice, count=known.since, until=known.until, again=True)
        known.since = 0
        return replace(known.told, notice=notice)


def _marks(frame: pl.DataFrame, watches: Sequence[_Watching]) -> pl.DataFrame:
    """A column for each who wants some of the rows. Rows that are alike in what is asked for are asked once.

    Numbers are asked as fast as they are compared, so it is for texts only; and not for those that are hardly ever
    alike (values, names), nor for lists.
    """
    texts = pl.String, pl.Categorical, pl.Enum
    named = {w.mark: set(w.wanted.meta.root_names()) for w in watches}
    dear = {c for names in named.values() for c in names if not _repeats(frame.get_column(c))}
    few: list[_Watching] = []
    others: list[_Watching] = []
    for one in watches:
        (few if named[one.mark].isdisjoint(dear) else others).append(one)
    asked = sorted({c for w in few for c in named[w.mark]})
    if frame.height < FEW or not any(isinstance(frame.schema[c], texts) for c in asked):
        return _asked(frame, watches)
    alike = frame.select(asked).with_row_index("number").group_by(asked).agg("number")
    if 2 * alike.height > frame.height:
        return _asked(frame, watches)
    marks = _asked(frame, others)
    if (own := _asked(alike, few)).width:
        own = own.with_columns(alike.get_column("number")).explode("number").sort("number").drop("number")
    return pl.concat([m for m in (marks, own) if m.width] or [marks], how="horizontal")


def _own(rows: pl.DataFrame, marks: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of each mark. Most want few: what these want is put together first, as each look at all rows costs."""
    counts = marks.sum().row(0, named=True)
    rare = [m for m in marks.columns if counts[m] * RARE <= rows.height]
    some, their = rows, marks
    if rows.height > FEW and len(rare) > 1:
        any_of_them = marks.select(pl.any_horizontal(rare)).to_series()
        some, their = rows.filter(any_of_them), marks.filter(any_of_them)
    for mark in marks.columns:
        yield some.filter(their.get_column(mark)) if mark in rare else rows.filter(marks.get_column(mark))


def _repeats(column: pl.Series) -> bool:
    """Whether rows are often alike in it, by its first ones."""
    return not column.dtype.is_nested() and 2 * column.head(FEW).n_unique() <= FEW


def _asked(frame: pl.DataFrame, watches: Sequence[_Watching]) -> pl.DataFrame:
    """A column for each who wants some of these rows. Lazily, so that what several ask is worked out once."""
    asked = {name for w in watches for name in w.wanted.meta.root_names()}
    lazy = frame.lazy().with_columns((selectors.by_name(*asked) & selectors.categorical()).cast(pl.String))
    lazy = lazy.with_columns(w.wanted.fill_null(value=False).alias(w.mark) for w in watches)
    marked = lazy.select(w.mark for w in watches).collect()
    return marked.select(w.mark for w in watches if marked.get_column(w.mark).any())


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Times as ns, texts as texts: Python's own times have no ns, and the engine's texts are dictionaries.

    Those by which a packet is found stay as they are: nobody compares them, and a row gives them as texts anyway.
    """
    texts = selectors.categorical() - selectors.by_name(*PLACE, require_all=False)
    return rows.with_columns(selectors.datetime().to_physical(), texts.cast(pl.String))


def _worse(known: _Open, finding: Finding) -> bool:
    severity = finding.severity or known.detection.severity
    return severity.order < type(severity)(known.told.notice.severity).order


def _told(detection: Detection, finding: Finding, key: tuple[str, ...]) -> Told:
    row, techniques = finding.row, finding.techniques or detection.attack
    notice = Notice(
        note=detection.name,
        msg=finding.msg,
        severity=str(finding.severity or detection.severity),
        notice_id=_identity(key, int(row["ts"]), str(row.get("capture") or "")),
        tactic=detection.tactic,
        techniques=" ".join(techniques),
        techniques_v19=" ".join(TECHNIQUES[t].v19 for t in techniques),
        confidence=round(min(max(finding.confidence, 0.0), 1.0), 3),
        count=finding.count,
        until=int(row["ts"]),
        why="; ".join(finding.why[:MOST_WHY]),
        frames=" ".join(str(f) for f in _frames(finding)),
    )
    return Told(
        int(row["ts"]), str(row.get("uid") or ""), str(row.get("sensor") or ""), str(row.get("capture") or ""),
        int(row.get("frame") or 0), finding.orig or str(row.get("id.orig_h") or ""), row.get("id.orig_p"),
        finding.resp or str(row.get("id.resp_h") or ""), row.get("id.resp_p"), notice,
    )  # fmt: skip


def _frames(finding: Finding) -> Iterable[int]:
    return dict.fromkeys(f for f in (finding.row.get("frame"), *finding.frames) if f)


def _identity(key: tuple[str, ...], ts: int, capture: str) -> str:
    """The same finding over the same records has the same id, so that telling it twice does not double it."""
    return hashlib.sha256("\x1f".join((*key, str(ts), capture)).encode()).hexdigest()[:20]
