"""What machines learned below `analytics/` of the data folder, and what people say of it there: for pages and the API.

Files say much without their rows; rows are read for one machine only. Where the service keeps such a folder, it takes
over within seconds what is said here (`live.py`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import BusyError, ConfigError, LinewardenError
from linewarden.service.analysing.settings import Analytics, Wanted, lacking
from linewarden.service.audit import Change, recorded

if TYPE_CHECKING:
    from linewarden.service.analysing.kept import Facts
    from linewarden.service.analysing.machine import Machine
    from linewarden.service.audit.ledger import Ledger

FOLDER = "analytics"
MOST_HOURS = 48
"""Of values that are approved at once: they are read while somebody waits."""
SHOWN_ROWS = 14_400
"""Of normal time that tell between what a tag lies."""
_ONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of a machine. folder: below `analytics/`; hours: of values that it learned; known: 0..1 of the time
    that it is to learn; until: time of the last row, s UTC."""

    id: str
    folder: str
    file: Path
    machine: str
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    hours: float
    known: float
    judged: bool
    learning: bool
    frozen: bool
    until: float
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class TagLearned:
    """A tag, what it is (measured, setting, counter, upper), and between what it lay in 98 of 100 rows."""

    tag: str
    kind: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Of a data folder. said: the configuration's; None: values are not judged. Raises StoreError."""

    data: Path
    said: Analytics | None = field(default_factory=Analytics)

    @property
    def folder(self) -> Path:
        """Where it is kept, a folder for each who learned."""
        return self.data / FOLDER

    def all(self) -> tuple[list[Learned], list[str]]:
        """Every machine by name, and what could not be read, in a line each. Raises ConfigError where numpy is away."""
        _need()
        from linewarden.service.analysing import kept

        found: list[Learned] = []
        wrong: list[str] = []
        for folder in sorted(p for p in self.folder.glob("*") if p.is_dir() and not p.name.startswith(".")):
            for file in kept.machine_files(folder):
                try:
                    found.append(self._learned(file, _facts(file, *_stamp(file))))
                except LinewardenError as error:
                    wrong.append(str(error))
        return sorted(found, key=lambda m: (m.machine, m.folder)), wrong

    def get(self, id: str) -> Learned | None:
        """One of them."""
        return next((m for m in self.all()[0] if m.id == id), None)

    def _learned(self, file: Path, facts: Facts) -> Learned:
        first = facts.tags[0] if facts.tags else ""
        _, wanted = (self.said or Analytics()).machine_of(first.partition("/")[0], first)
        wanted = Wanted(facts.seconds, wanted.hints, wanted.learn_hours, wanted.first_minutes, wanted.detectors)
        number = hashlib.sha256(f"{file.parent.name}/{facts.machine}".encode()).hexdigest()[:16]
        return Learned(
            number, file.parent.name, file, facts.machine, facts.tags, facts.sources,
            facts.rows * facts.seconds / 3600, min(1.0, facts.rows / wanted.learn_rows),
            facts.rows >= wanted.first_rows, facts.rows < facts.next_fit and not facts.frozen, facts.frozen,
            facts.until, wanted,
        )  # fmt: skip

    # --- changing ---

    def approve(self, id: str, lake: Path, begin: int, end: int, ledger: Ledger) -> int:
        """What was odd from `begin` to `end`, ns UTC, is normal; gives the rows learned. Raises ConfigError."""
        from linewarden.service.analysing.approving import approve

        if end <= begin:
            raise ConfigError("until: it is not after since")
        if end - begin > MOST_HOURS * 3600 * 10**9:
            raise ConfigError(f"until: at most {MOST_HOURS} h at once; `linewarden analytics approve` takes more")
        rows = 0

        def change(machine: Machine) -> None:
            nonlocal rows
            rows = approve(machine, lake, begin, end, self.said or Analytics())
            if not rows:
                raise ConfigError(f"{machine.name}: the lake has no values of it in this time; choose another")

        said = {"since": begin, "until": end}
        self._changed(id, "analytics.approved", change, said, ledger)
        return rows

    def forget(self, id: str, ledger: Ledger) -> None:
        """The machine begins to learn anew."""

        def change(machine: Machine) -> None:
            machine.forget()
            machine.edit += 1

        self._changed(id, "analytics.forgotten", change, None, ledger)

    def freeze(self, id: str, ledger: Ledger, *, frozen: bool) -> None:
        """The machine learns nothing more by itself, but is judged; or it goes on learning."""

        def change(machine: Machine) -> None:
            machine.frozen = frozen
            machine.edit += 1

        self._changed(id, f"analytics.{'frozen' if frozen else 'thawed'}", change, None, ledger)

    def _changed(
        self, id: str, action: str, change: Callable[[Machine], None], said: dict[str, int] | None, ledger: Ledger
    ) -> None:
        """Reads it, changes it and keeps it, one at a time, with its entry in the audit log."""
        from linewarden.service.analysing import kept

        found = self.get(id)
        if found is None:
            raise ConfigError(f"{id}: no such machine; somebody may have removed its file")
        if not _ONE.acquire(timeout=10):
            raise BusyError("what machines learned is being changed already; try it again in a minute")
        try:
            machine = _loaded(found)
            change(machine)
            after = {"machine": found.machine, **(said or {})}
            with recorded(found.file, Change(action, found.machine, after=after), ledger=ledger):
                kept.save_machine(found.file.parent, machine)
        finally:
            _ONE.release()


def tags_of(learned: Learned) -> tuple[TagLearned, ...]:
    """The tags of a machine, in its order. Raises StoreError."""
    _need()
    return _tags(learned, _stamp(learned.file))


@lru_cache(maxsize=64)
def _tags(learned: Learned, _at: tuple[int, int]) -> tuple[TagLearned, ...]:
    import numpy as np

    from linewarden.analytics.shapes import kinds_of

    machine = _loaded(learned)
    rows = machine.blocks.rows(SHOWN_ROWS)
    if not len(rows):
        return tuple(TagLearned(tag, "", None, None) for tag in machine.tags)
    if (more := len(machine.tags) - rows.shape[1]) > 0:
        rows = np.pad(rows, ((0, 0), (0, more)), constant_values=np.nan)
    kinds, found = kinds_of(rows, machine.neighbours), []
    for k, tag in enumerate(machine.tags):
        there = rows[np.isfinite(rows[:, k]), k]
        low, high = (float(v) for v in np.percentile(there, (1, 99))) if len(there) else (None, None)
        found.append(TagLearned(tag, kinds[k].name.lower() if len(there) else "", low, high))
    return tuple(found)


@lru_cache(maxsize=10_000)
def _facts(file: Path, _changed: int, _size: int) -> Facts:
    from linewarden.service.analysing import kept

    return kept.facts_of(file)


def _stamp(file: Path) -> tuple[int, int]:
    """By which a file is known to be as it was; nothing, where it went."""
    try:
        about = file.stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_size


def _loaded(learned: Learned) -> Machine:
    """With its rows and without a model: none is asked for."""
    from linewarden.service.analysing import kept
    from linewarden.service.analysing.machine import Machine

    machine = Machine(learned.machine, learned.wanted, fit=lambda _make: lambda: None)
    kept.load_into(learned.file, machine)
    return machine


def _need() -> None:
    if text := lacking():
        raise ConfigError(text)
