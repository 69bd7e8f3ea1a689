"""All machines of one tap: records in, notices out. Time is that of the records, so that live and replay agree.

    analysis = Analysis(Analytics())
    analysis.take("command", frame); analysis.take("reading", frame); analysis.notice(told)
    for told in analysis.turn(): ...

What is odd is told some seconds after it began, when what the network showed meanwhile has been heard, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from linewarden.analytics.align import Cells
from linewarden.analytics.by_owner import OwnedGrid
from linewarden.analytics.contract import Series
from linewarden.baseline.expected import Expected, covers, scene_of
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.memory import Bounded
from linewarden.service.analysing.doings import Deed, Doings
from linewarden.service.analysing.growing import Growing
from linewarden.service.analysing.machine import Level, Machine, Seen
from linewarden.service.analysing.one_thread import one_thread
from linewarden.service.analysing.quick import Quick
from linewarden.service.analysing.settings import KNOWN_BY_WORDS, Analytics, Wanted
from linewarden.service.analysing.tags import Flat, Tag, Tags
from linewarden.service.analysing.telling import Odd, told_of
from linewarden.service.analysing.verdict import WEIGHTY, Facts, Kind, Verdict, judged

if TYPE_CHECKING:
    import polars as pl

    from linewarden.detections.run import Told
    from linewarden.service.analysing.model import Model

STREAMS = ("command", "reading")
SETTLE_S = 5.0
"""From the beginning of something odd until it is told."""
AGAIN_S = (60.0, 600.0)
"""What lasts is judged again so long after it was told: the network's reason may come later."""
EFFECT_S = 45.0
"""After something unusual was done, so long later the process is looked at."""
QUIET_S = {Kind.ATTACK: 600.0, Kind.UNCLEAR: 3600.0, Kind.CHANGE: 3600.0, Kind.WEAR: 86_400.0}
"""For so long the same tag is not told again with the same verdict."""
STALE_S = 300.0
KNOWN = {Kind.WEAR: 0.5, Kind.UNCLEAR: 1.0}
"""Share of its time of learning that a machine must have behind it, for something odd to be told that the network does
not explain."""
STAYED_ROWS = 10
"""`Levels` tells what stayed somewhere for longer."""
FAR = 0.5
"""Of its span: a tag that moved so far moved far."""
OPERATORS = frozenset({Role.HMI, Role.SCADA})
MOST_PENDING, MOST_TOLD = 1_000, 3
NOTHING = np.empty(0)
Fit = Callable[[Callable[[], "Model"]], Callable[[], "Model | None"]]


@dataclass
class _Episode:
    """Something odd at a machine, from its beginning until all detectors are calm."""

    machine: Machine
    began: float
    due: float
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    fresh: list[Seen] = field(default_factory=list)
    """What came since it was judged last."""
    lasting: set[str] = field(default_factory=set)
    turns: int = 0
    times: int = 0
    """How often it was told."""
    told: Kind | None = None


class Analysis:
    """`fit`: how a model is made (`Machine.fit`); by default at once."""

    def __init__(self, said: Analytics, expected: Expected | None = None, fit: Fit | None = None) -> None:
        one_thread()
        self.said, self.expected, self.known = said, expected, Knowledge()
        self.machines: dict[str, Machine] = {}
        self.doings = Doings()
        self.clock = 0.0
        """Until when all rows are judged, s UTC."""
        self.quick = Quick()
        self.tags = Tags(said.most_tags, self._new_tag)
        self._fit = fit
        self._grids: dict[float, OwnedGrid] = {}
        self._grown: dict[float, tuple[list[str], list[int]]] = {}
        """By grid: names of columns that it is to have, and the numbers of their machines."""
        self._column, self._seconds, self._owner = Growing(np.int64), Growing(np.float64), Growing(np.int64)
        """By number of tag: its place in its grid, which grid that is, and the number of its machine."""
        self._numbers: dict[str, int] = {}
        """Of machines that were heard: an order in which they are found by number."""
        self._neighbours: dict[tuple[str, str, int], tuple[str, int]] = {}
        self._episodes: dict[str, _Episode] = {}
        self._effects: list[tuple[float, Deed]] = []
        self._explained: Bounded[Deed, bool] = Bounded(bool, 500)
        self._follows: dict[Deed, list[tuple[Machine, Level, float]]] = {}
        self._told: Bounded[tuple[str, str, Kind], float] = Bounded(float, 5_000)
        self._out: list[Told] = []

    # --- what comes in ---

    def take(self, stream: str, rows: pl.DataFrame) -> None:
        """A batch of `command` or `reading`; of one time first the commands."""
        if not rows.height:
            return
        if stream == "command":
            for deed in self.doings.commands(rows):
                if (deed.is_stranger or deed.verb != "write") and deed.new != "value" and not self._works(deed):
                    self._effects = [*self._effects[-MOST_PENDING:], (deed.ts / 1e9 + EFFECT_S, deed)]
        elif stream == "reading":
            self.values(self.tags.of(rows))

    def readings(self, rows: pl.DataFrame, others: Series) -> None:
        """A batch of `reading`. others: times of readings beside them of which only the time counts, s UTC, ordered."""
        self.values(self.tags.of(rows), others)

    def values(self, flat: Flat, others: Series = NOTHING) -> None:
        """Values as columns, as `tags` makes them; `others` as in `readings`."""
        # Up to each time at which the process is to be looked at, so that it does not matter how batches are cut.
        for due in sorted({due for due, _ in self._effects}):
            early, before = flat.at <= due, others <= due
            if early.all() and before.all():
                break
            self._readings(flat[early], others[before])
            flat, others = flat[~early], others[~before]
            self._episodes_until(self.clock)
            self._effects_until(due)
        self._readings(flat, others)

    def notice(self, told: Told) -> None:
        """What a detection found."""
        self.doings.notice(told)

    def know(self, known: Knowledge) -> None:
        """Who is who, from now on."""
        self.known = known

    def machine(self, name: str, wanted: Wanted) -> Machine:
        """The machine of this name; made, if it is new."""
        if name not in self.machines:
            self.machines[name] = Machine(name, wanted, fit=self._fit, on_model=self._knows)
        return self.machines[name]

    def _knows(self, machine: Machine) -> None:
        """Limits for scores at once, of a machine that has a new model."""
        if machine.model is None:
            return
        tags, low, high, far = machine.model.ends()
        self.quick.grow(len(self.tags.all))
        numbers = np.array(machine.numbers, np.int64)[tags]
        heard = numbers >= 0
        self.quick.know(numbers[heard], low[heard], high[heard], far[heard])

    def _new_tag(self, number: int, tag: Tag) -> None:
        name, wanted = self.said.machine_of(tag.source, tag.name)
        machine = self.machine(name, wanted)
        seconds = machine.wanted.seconds
        grid = self._grids.get(seconds)
        if grid is None:
            grid = self._grids[seconds] = OwnedGrid(seconds, stale=max(STALE_S, 3 * seconds), wait=seconds / 2)
        grown, owners = self._grown.setdefault(seconds, ([], []))
        column = len(grid.tags) + len(grown)
        mine = self._numbers.setdefault(name, len(self._numbers))
        grown.append(tag.name)
        owners.append(mine)
        left = -1
        if tag.address is not None:
            owner, place = self._neighbours.get((tag.source, tag.block, tag.address - 1), ("", -1))
            left = place if owner == name else -1
        place = machine.add_tag(tag.name, column, number, tag.source, left)
        if tag.address is not None:
            self._neighbours[tag.source, tag.block, tag.address] = name, place
        self._column.append(column)
        self._seconds.append(seconds)
        self._owner.append(mine)

    def _readings(self, flat: Flat, others: Series) -> None:
        if not len(flat) and not len(others):
            return
        self.doings.heard(int(min(*flat.at[:1], *others[:1], np.inf) * 1e9))
        looked = flat.tag >= 0
        self.quick.grow(len(self.tags.all))
        self.quick.scores(flat.tag[looked], flat.value[looked])
        for seconds, grown in self._grown.items():
            self._grids[seconds].own(*grown)
        self._grown = {}
        column, seconds_of = self._column.whole(), self._seconds.whole()
        for seconds, grid in self._grids.items():
            mine = seconds_of[flat.tag] == seconds
            mine &= flat.tag >= 0
            whole = bool(mine.all())
            pick = slice(None) if whole else mine
            self._closed(grid, grid.cells(flat.at[pick], column[flat.tag[pick]], flat.value[pick], flat.mark[pick]))
            if len(others):
                self._closed(grid, grid.heard(float(others[-1])))
        self.clock = max(self.clock, min((grid.until for grid in self._grids.values()), default=self.clock))

    def _closed(self, grid: OwnedGrid, cells: Cells) -> None:
        """Rows that are over, machine by machine; rows in which nothing came are none of its."""
        if not len(cells):
            return
        owner = grid.owners[cells.column]
        order = np.argsort(owner, kind="stable")
        owner = owner[order]
        begins = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
        names = list(self._numbers)
        for begin, end in zip(begins, [*begins[1:], len(owner)], strict=True):
            machine = self.machines[names[owner[begin]]]
            rows, at, marks = grid.filled(cells[order[begin:end]], np.array(machine.columns, np.int64))
            for seen in machine.step(rows, at, marks):
                self._seen(machine, seen)

    def latest(self, flat: Flat) -> tuple[np.ndarray, Series]:
        """The numbers of the machines that these values are of, and the latest time of each, s UTC."""
        there = flat.tag >= 0
        latest = np.full(len(self._numbers), -np.inf)
        np.maximum.at(latest, self._owner.whole()[flat.tag[there]], flat.at[there])
        owners = np.flatnonzero(latest > -np.inf)
        return owners, latest[owners]

    def ends(self) -> Series:
        """By number of machine: until when its rows are judged, s UTC."""
        ends = np.full(len(self._numbers), -np.inf)
        for grid in self._grids.values():
            of_grid = grid.ends
            ends[: len(of_grid)] = np.maximum(ends[: len(of_grid)], of_grid)
        return ends

    @property
    def late(self) -> int:
        """Values that came when the row that they belong to had been judged."""
        return sum(grid.counts.late for grid in self._grids.values())

    # --- what is odd ---

    def _seen(self, machine: Machine, seen: Seen) -> None:
        now, name = self._episodes.get(machine.name), seen.odd.detector
        when = seen.odd.since if seen.odd.until is None else seen.odd.until
        while now is not None and now.due <= when:
            self._decide(now)
            if not now.lasting:
                del self._episodes[machine.name]
                now = None
        if seen.odd.until is not None:
            if now is not None:
                now.lasting.discard(name)
                if not now.lasting and now.told is not None:
                    del self._episodes[machine.name]
            return
        due = seen.odd.since + SETTLE_S
        if now is None:
            now = self._episodes[machine.name] = _Episode(machine, seen.odd.since, due)
        key = (name, seen.odd.tag)
        if key not in now.seen or seen.odd.score > now.seen[key].odd.score:
            now.seen[key] = seen
        now.fresh = [*now.fresh[-50:], seen]
        now.due = min(now.due, due) if now.turns else now.due
        now.lasting.add(name)

    def turn(self, *, all_of_it: bool = False) -> list[Told]:
        """What is ripe to be told by now."""
        self._episodes_until(np.inf if all_of_it else self.clock)
        self._effects_until(np.inf if all_of_it else self.clock)
        out, self._out = self._out, []
        return out

    def _episodes_until(self, until: float) -> None:
        for episode in sorted(self._episodes.values(), key=lambda e: e.due):
            if episode.due <= until and np.isfinite(episode.due):
                self._decide(episode)
                if not episode.lasting:
                    self._episodes.pop(episode.machine.name, None)

    def _effects_until(self, until: float) -> None:
        ripe = [e for e in self._effects if e[0] <= until]
        self._effects = [e for e in self._effects if e[0] > until]
        for due, deed in ripe:
            self._effect(deed, due)

    def end(self) -> list[Told]:
        """What was begun is ended, and told."""
        for grid in self._grids.values():
            self._closed(grid, grid.rest())
        return self.turn(all_of_it=True)

    def _decide(self, episode: _Episode) -> None:
        due = episode.due
        again = next((s for s in AGAIN_S if episode.began + s > due), np.inf)
        episode.due = episode.began + again if episode.fresh or episode.turns else due + AGAIN_S[0]
        episode.turns += 1
        fresh, episode.fresh = episode.fresh, []
        first = max(fresh or episode.seen.values(), key=lambda s: (s.odd.detector != "together", s.odd.score))
        facts = self._facts(episode, first, due)
        verdict = judged(facts)
        if verdict.kind is Kind.ATTACK:
            episode.machine.not_normal(episode.began)
        if episode.told is not None and (not fresh or verdict.kind is not Kind.ATTACK) and verdict.kind is episode.told:
            return
        if episode.told is Kind.ATTACK and (verdict.kind is not Kind.ATTACK or episode.times >= MOST_TOLD):
            return
        least = KNOWN.get(verdict.kind, 0.0 if facts.near or facts.elsewhere or facts.announced else KNOWN_BY_WORDS)
        if first.known < least or self._too_early(episode, verdict, due):
            return
        episode.told = verdict.kind
        levels = _joined(episode.seen.values(), first)
        cause = next(iter((*facts.near, *facts.elsewhere)), None)
        elsewhere = cause is not None and cause.whom not in episode.machine.sources
        if verdict.kind is Kind.ATTACK and cause is not None and elsewhere and self._waits(cause):
            self._follows.setdefault(cause, []).extend((episode.machine, v, facts.score) for v in levels)
            return
        source = levels[0].tag.partition("/")[0] if levels else min(episode.machine.sources, default="")
        place = self.tags.place(levels[0].mark) if levels else ("", "", "", 0)
        odd = Odd(episode.machine.name, source, first.odd.since, first.odd.detector, levels, place)
        episode.times += 1
        self._tell(odd, facts, verdict, first.known)

    @staticmethod
    def _too_early(episode: _Episode, verdict: Verdict, due: float) -> bool:
        """What no tag shows by itself is told without a reason only if it lasts."""
        alone = all(detector == "together" for detector, _ in episode.seen)
        return alone and verdict.kind is Kind.UNCLEAR and due < episode.began + AGAIN_S[-1]

    def _waits(self, deed: Deed) -> bool:
        """Whether what follows from this deed is still to be told, or was told at the device that it was done to."""
        return self._explained.get(deed) is not None or any(other == deed for _, other in self._effects)

    def _tell(self, odd: Odd, facts: Facts, verdict: Verdict, learned: float) -> None:
        kind = verdict.kind
        key = (odd.machine, odd.levels[0].tag if odd.levels else "", kind)
        before = self._told.get(key)
        if before is not None and odd.at - before < QUIET_S[kind]:
            return
        self._told.put(key, odd.at)
        for deed in (*facts.near, *facts.elsewhere):
            self._explained.put(deed, True)
        told = told_of(odd, facts, verdict, self.known, learned)
        if self.expected is not None and not facts.announced:
            scene = scene_of(told.ts, told.orig_h, told.resp_h, self._names, self.known.zone, key[1].partition("/")[2])
            told = replace(told, notice=self.expected.judge(told.notice, scene))
        self._out.append(told)

    def _effect(self, deed: Deed, due: float) -> None:
        """What the process did after something unusual was done, where it was not told at the device itself."""
        follows = self._follows.pop(deed, [])
        if self._explained.get(deed):
            return
        at = deed.ts / 1e9
        # What is odd in itself first; then what moved far, and of that what moved first: causes come before effects.
        odd_ones = sorted(follows, key=lambda f: -f[1].share * min(f[2], 10.0))
        moved = [(m, v, far, when) for m in self.machines.values() for v, far, when in m.changed(at, due)]
        moved.sort(key=lambda c: (c[2] < FAR, c[3], -c[2]))
        found = {v.tag: (m, v) for m, v in [*((m, v) for m, v, _ in odd_ones), *((m, v) for m, v, *_ in moved)]}
        if not found:
            return
        machine, first = next(iter(found.values()))
        far = max((c[2] for c in moved), default=1.0)
        levels = tuple(replace(level, share=1.0 / len(found)) for _, level in list(found.values())[:6])
        odd = Odd(machine.name, first.tag.partition("/")[0], at, "changed", levels, self.tags.place(first.mark))
        facts = Facts(
            10 * far, 0.8 * (0.5 + 0.5 * machine.known), None, False, near=(deed,), hears=True,
            announced=self._announced(deed.ts, deed.who, machine),
        )  # fmt: skip
        self._tell(odd, facts, judged(facts), machine.known)

    # --- what the network says ---

    def _facts(self, episode: _Episode, first: Seen, due: float) -> Facts:
        machine, began = episode.machine, first.odd.since
        slow = first.rise_s or 0.0
        begin, end = int((began - max(self.said.before_s, slow)) * 1e9), int(due * 1e9)
        mine = self._close_to(machine)
        deeds = list(self.doings.deeds_between(begin, int((began + SETTLE_S) * 1e9)))
        # What a controller asks of its drives follows the process, and is no reason of it.
        deeds = [d for d in deeds if d.new != "value" or not self.known.is_field(d.who)]
        deeds = [replace(d, new="work") if self._works(d) else d for d in deeds]
        near = tuple(d for d in deeds if d.whom in mine)
        if (
            first.odd.detector == "levels"
        ):  # it stayed there for some rows: what was done only just now is not the reason
            lately = int((began - STAYED_ROWS * machine.wanted.seconds) * 1e9)
            near = tuple(sorted(near, key=lambda d: d.ts > lately))
        elsewhere = tuple(d for d in deeds if d.whom not in mine and d.new not in ("value", "work"))
        words = [w for w in self.doings.words_between(begin, end) if not w.expected and w.severity in WEIGHTY]
        close = tuple(w for w in words if w.orig in mine or w.resp in mine)
        who = near[0].who if near else ""
        since = began - elsewhere[0].ts / 1e9 if elsewhere else None
        return Facts(
            max(s.odd.score for s in episode.seen.values()),
            first.odd.confidence * (0.5 + 0.5 * first.known),
            first.rise_s, bool(first.still), near[:5], elsewhere[:5], close[:8],
            tuple(w for w in words if w not in close)[:8], self._announced(int(began * 1e9), who, machine),
            any(s in self.doings.last_write for s in mine), since,
        )  # fmt: skip

    def _works(self, deed: Deed) -> bool:
        """Whether it is what operators do all day: a write from their station. Whoever writes looks like a panel, so
        that a guess is no excuse for a stranger."""
        excused = not (deed.is_stranger and deed.who in self.known.guessed)
        return excused and deed.verb == "write" and self.known.role(deed.who) in OPERATORS

    def _close_to(self, machine: Machine) -> set[str]:
        """Addresses of the machine's devices, and of what controls them: controllers that write or read them."""
        known = self.known
        found = set(machine.sources)
        for source in machine.sources:
            masters = self.doings.masters_of(source) | set(known.masters.get(source, ()))
            ids = {a for a in masters if known.is_field(a)}
            found |= {a for a, i in known.ids.items() if a in ids or (i in masters and known.is_field(a))} | ids
        same = {known.ids[s] for s in machine.sources if s in known.ids}
        return found | {a for a, i in known.ids.items() if i in same}

    def _announced(self, ts: int, who: str, machine: Machine) -> str:
        """The window that covers this device now, and whoever did something there."""
        if self.expected is None:
            return ""
        for source in sorted(machine.sources):
            scene = scene_of(ts, who, source, self._names, self.known.zone)
            for window in self.expected.windows:
                free = replace(window, verbs=(), who=window.who if who else ())
                if window.begin <= ts <= window.end and covers(free, "process_change", scene):
                    self.expected.used[window.id] = self.expected.used.get(window.id, 0) + 1
                    return f"announced: {window.reason} [{window.id}]"
        return ""

    def _names(self, address: str) -> tuple[str, ...]:
        known = self.known
        return tuple({known.asset(address), known.names.get(address, address)})


def _joined(seen: Iterable[Seen], first: Seen) -> tuple[Level, ...]:
    """The tags of all detectors, those of the first in front of equals, with their shares of all."""
    weight: dict[str, float] = {}
    levels: dict[str, Level] = {}
    for one in (first, *(s for s in seen if s is not first)):
        strong = min(one.odd.score, 10.0) * (1.0 if one is first else 0.5)
        for level in one.levels:
            weight[level.tag] = max(weight.get(level.tag, 0.0), level.share * strong)
            levels.setdefault(level.tag, level)
    total = sum(weight.values()) or 1.0
    order = sorted(weight, key=lambda tag: (tag != first.odd.tag, -weight[tag]))
    return tuple(replace(levels[tag], share=weight[tag] / total) for tag in order[:6])
