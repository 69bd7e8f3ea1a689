"""One machine: its tags, what it learned of them, and what is odd now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from linewarden.analytics.blocks import Blocks
from linewarden.analytics.contract import Rows, Series
from linewarden.analytics.watch import Odd
from linewarden.errors import ConfigError
from linewarden.service.analysing.model import BY_TAG, Model, made_of
from linewarden.service.analysing.settings import Wanted

PIECE = 60
"""Rows that are judged at a time at most; after so many it is looked who stands still."""
RING = 240
"""Latest rows that are kept for a look at what changed."""
STILL_ROWS = 90
"""So long a tag must stand still that never did so for a quarter of it."""
OFTEN = 0.5
"""Share of the time for which a tag must have been off, if it crept."""
CALM_ROWS = 60
"""After so many rows within its limit a tag that goes over it is told anew."""
STUCK = 1.5
"""The score of a tag that stands still."""
GAP_S = 6 * 3600.0
"""A tag that was not off for so long begins anew."""
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Level:
    """A tag at a moment: its value, and between what it usually is."""

    tag: str
    share: float
    value: float
    low: float
    high: float
    mark: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Something odd, with how it looked in the row where it was oddest so far. rise_s: for how long the first tag had
    been on its way there; None where nobody knows. still: tags that used to move and stand still."""

    odd: Odd
    levels: tuple[Level, ...]
    rise_s: float | None
    still: tuple[str, ...]
    known: float
    """How much of its time of learning the machine had behind it, 0 to 1."""


@dataclass(slots=True)
class Recent:
    """The latest rows, (n, tags) each, and their times."""

    rows: Rows
    at: Series
    marks: npt.NDArray[np.int64]

    def add(self, rows: Rows, at: Series, marks: npt.NDArray[np.int64]) -> None:
        """Rows that follow."""
        if (more := rows.shape[1] - self.rows.shape[1]) > 0:
            self.rows = np.pad(self.rows, ((0, 0), (0, more)), constant_values=np.nan)
            self.marks = np.pad(self.marks, ((0, 0), (0, more)), constant_values=-1)
        self.rows = np.concatenate([self.rows, rows[-RING:]])[-RING:]
        self.at = np.concatenate([self.at, at[-RING:]])[-RING:]
        self.marks = np.concatenate([self.marks, marks[-RING:]])[-RING:]


@dataclass
class Machine:
    """`fit`: makes a model, now or beside; by default now."""

    name: str
    wanted: Wanted
    tags: list[str] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    """Places of the tags in the grid; -1 for one that was not heard since the start."""
    numbers: list[int] = field(default_factory=list)
    """The same in `Tags`."""
    sources: set[str] = field(default_factory=set)
    neighbours: list[int] = field(default_factory=list)
    blocks: Blocks = field(default_factory=Blocks)
    rows: int = 0
    """Learned so far."""
    until: float = 0.0
    """Time of the last row, s UTC."""
    next_fit: int = 0
    model: Model | None = None
    fit: Callable[[Callable[[], Model]], Callable[[], Model | None]] | None = None
    on_model: Callable[[Machine], None] | None = None
    """Told when there is a new model."""
    edit: int = 0
    """How often a person said something of it."""
    frozen: bool = False
    """A person said that it learns nothing more by itself; it is judged all the same."""
    _places: dict[str, int] = field(default_factory=dict)
    """Of each tag in `tags`."""
    _passed: int = 0
    """Rows that came since the start."""
    _stuck: Odd | None = None
    _calm: float = -np.inf
    """When nothing was odd last in what moves together."""
    _ended: list[Odd] = field(default_factory=list)
    _fitting: Callable[[], Model | None] | None = None
    recent: Recent = field(default_factory=lambda: Recent(np.empty((0, 0)), np.empty(0), np.empty((0, 0), np.int64)))
    _over: dict[tuple[str, int], float] = field(default_factory=dict)
    _first: Series = field(default_factory=lambda: np.empty(0))
    _last: Series = field(default_factory=lambda: np.empty(0))
    _hot: Series = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        self.next_fit = self.next_fit or self.wanted.first_rows
        self._check_hints()

    def _check_hints(self) -> None:
        if self.wanted.hints and self.tags:
            from linewarden.analytics.hints import HintError, parsed

            for line in self.wanted.hints:
                try:
                    parsed(line, self.tags)
                except HintError as error:
                    raise ConfigError(f"analytics.machine {self.name!r}: hints: {error}") from error

    def add_tag(self, name: str, column: int, number: int, source: str, after: int) -> int:
        """A tag that is heard for the first time; its place. after: place of its left neighbour in `tags`, or -1."""
        self.sources.add(source)
        if (known := self._place_of(name)) is not None:
            self.columns[known], self.numbers[known] = column, number
            if self.model is not None and self.on_model is not None:
                self.on_model(self)
            return known
        place = self._places[name] = len(self.tags)
        self.tags.append(name)
        self.columns.append(column)
        self.numbers.append(number)
        self.neighbours.append(-1)
        if after >= 0:
            self.neighbours[after] = place
        self.next_fit = max(self.next_fit, self.rows + self.wanted.first_rows)
        return place

    def _place_of(self, name: str) -> int | None:
        if len(self._places) < len(self.tags):  # tags that were kept came at once
            self._places = {tag: place for place, tag in enumerate(self.tags)}
        return self._places.get(name)

    @property
    def learning(self) -> bool:
        """Whether it still learns by itself."""
        return self.rows < self.next_fit and not self.frozen

    @property
    def known(self) -> float:
        """How much of its time of learning is over, 0 to 1; 0 before the first model."""
        return 0.0 if self.model is None else min(1.0, self.model.learned / self.wanted.learn_rows)

    def step(self, rows: Rows, at: Series, marks: npt.NDArray[np.int64]) -> list[Seen]:
        """Rows that follow, (n, tags): what began to be odd in them, or ended."""
        told: list[Seen] = []
        while len(rows):
            room = PIECE - self._passed % PIECE
            room = min(room, self.next_fit - self.rows) if self.learning else room
            part = slice(0, room)
            told += self._part(rows[part], at[part], marks[part])
            rows, at, marks = rows[room:], at[room:], marks[room:]
        return told

    def _part(self, rows: Rows, at: Series, marks: npt.NDArray[np.int64]) -> list[Seen]:
        self._installed()
        self.recent.add(rows, at, marks)
        self._passed += len(rows)
        found = [self._seen(replace(odd, until=float(at[0])), at[:0]) for odd in self._ended] if self.model else []
        self._ended = []
        found += self._judged(rows, at) if self.model is not None else []
        self.until = float(at[-1])
        if self.learning:
            self.blocks.add(rows)
            self.rows += len(rows)
            if self.rows >= self.next_fit:
                self.refit()
                self.next_fit = min(2 * self.rows, self.wanted.learn_rows)
        return found

    def refit(self) -> None:
        """Makes the model anew of all that was learned."""
        make = made_of(self.blocks, tuple(self.tags), tuple(self.neighbours), self.wanted, self.rows)
        if self.fit is None:
            self._begin_with(make())
        else:
            self._fitting = self.fit(make)

    def _installed(self) -> None:
        if self._fitting is not None and (made := self._fitting()) is not None:
            self._begin_with(made)

    def _begin_with(self, model: Model) -> None:
        """Another model: what lasted by the one before is over."""
        if self.model is not None:
            self._ended += self.model.watch.lasting()
        self.model, self._fitting = model, None
        self._over.clear()
        if self.on_model is not None:
            self.on_model(self)

    def forget(self) -> None:
        """Learns from the beginning, also where it was frozen."""
        self.frozen = False
        self.blocks, self.rows, self.model, self._fitting = Blocks(), 0, None, None
        self.next_fit = self.wanted.first_rows

    def not_normal(self, since: float) -> None:
        """What was learned lately was an attack: it is taken back as far as it can be."""
        if self.learning:
            self.blocks.take_back(int(np.count_nonzero(self.recent.at >= since)) + 60)

    # --- what is odd ---

    def _judged(self, rows: Rows, at: Series) -> list[Seen]:
        assert self.model is not None
        odds = self.model.judge(rows, at)
        self._follow(self.model.parts("levels"), at)
        calm = self.model.calm(at)
        told = [o for o in odds if o.until is not None or o.detector not in BY_TAG]
        told += [odd for detector in BY_TAG for odd in self._begun(detector, at)]
        if self._passed % PIECE == 0:
            told += self._stood(float(at[-1]))
        told.sort(key=lambda o: (o.since if o.until is None else o.until, o.detector, o.tag))
        seen = [self._seen(odd, calm) for odd in told]
        if len(calm):
            self._calm = float(calm[-1])
        return seen

    def _stood(self, now: float) -> list[Odd]:
        """Tags that began to stand still, or ended to."""
        still = self._still(len(self.recent.at) - 1)
        if self._stuck is not None and self._stuck.tag not in still:
            ended, self._stuck = replace(self._stuck, until=now), None
            return [ended]
        if not still or self._stuck is not None:
            return []
        why = tuple((tag, 1.0 / len(still)) for tag in still)
        self._stuck = Odd("still", still[0], now, None, STUCK, self.known, why)
        return [self._stuck]

    def _begun(self, detector: str, at: Series) -> list[Odd]:
        """Tags that went over their limit in these rows, and were not over it in the minute before."""
        assert self.model is not None
        found = []
        for tag, part in self.model.parts(detector).items():
            over = np.flatnonzero(part > 1.0)
            if not len(over):
                continue
            last = np.concatenate([[self._over.get((detector, tag), -np.inf)], at[over[:-1]]])
            for row in over[at[over] - last > CALM_ROWS * self.wanted.seconds].tolist():
                sure, why = self.model.why(detector, row)
                name = self.tags[tag]
                first = ((name, dict(why).get(name, 0.0)), *(w for w in why if w[0] != name))
                found.append(Odd(detector, name, float(at[row]), None, float(part[row]), sure, first))
            self._over[detector, tag] = float(at[over[-1]])
        return found

    def _follow(self, off: Mapping[int, Series], at: Series) -> None:
        """Since when each tag has been on its way: the first time it was off, with no long gap since."""
        if len(self._first) < len(self.tags):
            more = len(self.tags) - len(self._first)
            self._first = np.concatenate([self._first, np.full(more, np.inf)])
            self._last = np.concatenate([self._last, np.full(more, -np.inf)])
            self._hot = np.concatenate([self._hot, np.zeros(more)])
        for tag, hot in off.items():
            times = at[hot > 0]
            if times[0] - self._last[tag] > GAP_S:
                self._first[tag], self._hot[tag] = times[0], 0.0
            self._last[tag] = times[-1]
            self._hot[tag] += len(times) * self.wanted.seconds

    def _seen(self, odd: Odd, calm: Series) -> Seen:
        """calm: times of these rows at which nothing was odd in what moves together."""
        assert self.model is not None
        row = max(0, int(np.searchsorted(self.recent.at, odd.since)))
        row = min(row, len(self.recent.at) - 1)
        levels = []
        for name, share in odd.why[:6]:
            tag = self.tags.index(name)
            value, mark = float(self.recent.rows[row, tag]), int(self.recent.marks[row, tag])
            low, high = self.model.near(tag, value, odd.detector)
            levels.append(Level(name, share, value, low, high, mark))
        first = self.tags.index(odd.tag) if odd.tag in self.tags else -1
        rise = self._rise(first, odd.since, row) if first >= 0 and odd.detector == "levels" else None
        if odd.detector == "together":
            before = calm[calm <= odd.since]
            rise = odd.since - (float(before[-1]) if len(before) else self._calm)
            rise = rise if rise < np.inf else None
        return Seen(odd, tuple(levels), rise, self._still(row), self.known)

    def _rise(self, tag: int, now: float, row: int) -> float:
        """For how long a tag has been on its way, s; no time, where it was off only now and then, or moved at once."""
        passed = max(0.0, now - float(self._first[tag]))
        if self._hot[tag] < OFTEN * passed:
            passed = min(passed, float(self._hot[tag]))
        return min(passed, 60.0 * self.wanted.seconds) if self._jumped(tag, row) else passed

    def _jumped(self, tag: int, row: int) -> bool:
        """Whether it moved by more than half of its limit within the last two minutes (120 rows)."""
        assert self.model is not None
        far = self.model.far(tag)
        lately = self.recent.rows[max(0, row - 10) : row + 1, tag]
        before = self.recent.rows[max(0, row - 120) : max(1, row - 60), tag]
        if far is None or not np.isfinite(lately).any() or not np.isfinite(before).any():
            return False
        return bool(abs(np.nanmedian(lately) - np.nanmedian(before)) > 0.5 * far)

    def _still(self, row: int) -> tuple[str, ...]:
        """Tags that are read as before and stand still, for longer than they ever did; none where all stand."""
        assert self.model is not None
        lately = slice(max(0, row - STILL_ROWS), row + 1)
        lively = np.flatnonzero(self.model.lively[: self.recent.rows.shape[1]])
        rows, marks = self.recent.rows[lately][:, lively], self.recent.marks[lately][:, lively]
        if len(rows) < STILL_ROWS or len(lively) < 2:
            return ()
        read = (np.diff(marks, axis=0) != 0).sum(axis=0) > STILL_ROWS // 3
        stands = (rows == rows[0]).all(axis=0)
        return () if stands.all() else tuple(self.tags[k] for k in lively[stands & read])

    def changed(self, at: float, until: float) -> list[tuple[Level, float, float]]:
        """What is another by `until` than before `at`: tags with how far, as a share of their span, and when they were
        half-way.

        The middle of the minute (60 rows) before against that of what came from ten rows after on.
        """
        if self.model is None:
            return []
        times, second, model = self.recent.at, self.wanted.seconds, self.model
        rows = self.recent.rows[:, : len(model.span)]
        before = rows[(times >= at - 60 * second) & (times < at)]
        after = rows[(times > at + 10 * second) & (times <= until)]
        if len(before) < 5 or len(after) < 5:
            return []
        width = rows.shape[1]
        off = np.abs(np.median(after, axis=0) - np.median(before, axis=0))
        shook = np.abs(before - np.median(before, axis=0)).mean(axis=0)
        moved = np.where(model.measured[:width] & (off > 4 * shook), off / np.maximum(model.span[:width], 1e-12), 0.0)
        found = []
        since, middle = times > at, np.median(before, axis=0)
        for tag in np.argsort(-np.nan_to_num(moved), kind="stable")[:6]:
            if moved[tag] > 0.1:
                low, high = model.usual[tag]
                mark = int(self.recent.marks[-1, tag])
                level = Level(self.tags[tag], 1.0, float(np.median(after[:, tag])), float(low), float(high), mark)
                half = since & (np.abs(rows[:, tag] - middle[tag]) > off[tag] / 2)
                found.append((level, float(moved[tag]), float(times[half][0]) if half.any() else until))
        return found
