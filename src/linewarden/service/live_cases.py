"""Cases as they come: a notice opens one, or joins one and may raise its priority; a quiet day closes it.

The correlation is the one of `linewarden cases`, so ids are the same. After a restart the notices of the last day are
read from the lake again, without being told again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import StoreError

if TYPE_CHECKING:
    from linewarden.cases.model import Case, Event
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told

CLOSE_EVERY_S = 60.0
REMEMBERED = timedelta(days=1)
"""As long as a case stays open without anything new."""


class LiveCases:
    """Ties together what the sensors find. `tell` hears of each case that opens, rises in priority or closes.

    May be called from every thread.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        from linewarden.cases.correlate import Correlation

        self._tell, self._lock = tell, threading.Lock()
        self._board = Correlation()
        self._known: dict[str, Knowledge] = {}
        self._told: dict[str, tuple[int, Case]] = {}
        self._lake: Path | None = None
        self._weights: dict[str, float] = {}

    def remember(self, lake: Path) -> str:
        """Takes up the cases of the last day, from the notices of a lake, without telling them; what was wrong."""
        import polars as pl

        from linewarden.service.casing import weights_in
        from linewarden.service.lake import is_lake

        self._lake = lake
        try:
            found = _notices(lake)
            weights = weights_in(lake, _assets(lake) if is_lake(lake) else {})
        except (StoreError, OSError, pl.exceptions.PolarsError) as error:
            return f"open cases are not taken up: {str(error).splitlines()[0]}"
        with self._lock:
            self._weights = weights
            for event in found:
                self._take(event, told=True)
        return ""

    def know(self, sensor: str, knowledge: Knowledge) -> None:
        """Who is who for a sensor, from now on."""
        from linewarden.service.casing import partners_of

        with self._lock:
            self._known[sensor] = knowledge
            self._weigh()
            self._board.partners = {k: v for known in self._known.values() for k, v in partners_of(known).items()}

    def _weigh(self) -> None:
        """What people say meanwhile of how much depends on assets and zones; what cannot be read is as it was."""
        from linewarden.service.casing import weights_in

        if self._lake is not None:
            ids = {address: asset for known in self._known.values() for address, asset in known.ids.items()}
            with contextlib.suppress(StoreError):
                self._weights = weights_in(self._lake, ids)

    def take(self, told: Told) -> None:
        """A notice that is new."""
        from linewarden.service.casing import event_of

        with self._lock:
            known = self._known.get(told.sensor)
            self._take(event_of(told, known.ids if known else {}), told=False)

    def turn(self, now: int | None = None) -> int:
        """Closes what nothing can join any more (`now`: ns UTC); gives how many."""
        from linewarden.cases.export.common import CLOSED

        with self._lock:
            gone = [c for c in self._board.let_go(time.time_ns() if now is None else now) if c.id in self._told]
            for case in gone:
                self._say(case, self._told.pop(case.id)[0], CLOSED)
        return len(gone)

    def _take(self, event: Event, *, told: bool) -> None:
        from linewarden.cases.export.common import CLOSED, OPENED, RAISED
        from linewarden.cases.model import priority

        case = self._board.add(event)
        if case is None:
            return
        before, now = self._told.get(case.id), priority(case, self._weights)
        self._told[case.id] = (max(now, before[0]) if before else now, case)
        if told:
            self._told = {i: found for i, found in self._told.items() if i in self._board.open_ids()}
            return
        if before is None or now > before[0]:
            self._say(case, now, RAISED if before else OPENED)
        # One event may show that two cases are one: the younger one ends, and its events are the older's.
        for merged in self._told.keys() - self._board.open_ids():
            urgency, last = self._told.pop(merged)
            self._say(last, urgency, CLOSED)

    def _say(self, case: Case, urgency: int, state: str) -> None:
        from linewarden.cases.export.common import word

        self._tell(word(case, urgency, state, self._names()))

    def _names(self) -> Mapping[str, str]:
        return {k.ids[a]: name for k in self._known.values() for a, name in k.names.items() if a in k.ids}


def _notices(lake: Path) -> Iterable[Event]:
    """The notices of the last day, with assets as they were known live; none, if there is no lake yet."""
    from linewarden.service.casing import events
    from linewarden.service.lake import is_lake, open_lake
    from linewarden.service.lake_files import reading

    oldest = datetime.now(UTC) - REMEMBERED
    if not is_lake(lake) or "notice" not in open_lake(lake).streams:
        return []
    with reading(lake):
        found = events(open_lake(lake), _assets(lake), f"{oldest:%Y-%m-%d}")
    return [e for e in found if e.ts >= oldest.timestamp() * 1e9]


def _assets(lake: Path) -> dict[str, str]:
    """Address -> id of its asset, as the live judges knew it last."""
    import polars as pl

    from linewarden.service.lake import open_lake

    there = open_lake(lake)
    if "known" not in there.streams:
        return {}
    rows = pl.concat(
        [pl.read_parquet(f, columns=["run", "serial", "address", "asset"], hive_partitioning=False)
         for f in there.files("known")]
    )  # fmt: skip
    last = rows.sort("run", "serial", maintain_order=True).unique("address", keep="last", maintain_order=True)
    return dict(last.filter(pl.col("asset").is_not_null()).select("address", "asset").iter_rows())
