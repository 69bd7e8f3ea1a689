"""Follows a lake: reads what is new in it and makes a new `View` of it, in a thread of its own.

What costs much is done seldom: a plant is made anew at most for a sixth of the time, whatever its size, so that pages
stay quick on two cores while records come every second. Cases are made anew as soon as there is another notice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import LinewardenError
from linewarden.plant.criticality import Criticality
from linewarden.service import lake_files
from linewarden.service.casing import partners_of
from linewarden.service.view.growth import Growth, StartAnewError
from linewarden.service.view.made import Made
from linewarden.service.view.model import View
from linewarden.service.view.notices import Notices

if TYPE_CHECKING:
    from linewarden.detections.knowledge import Knowledge
    from linewarden.plant.fold import PlantFold

EVERY_S = 0.5
SHARE = 5
"""A plant is made anew after at least so many times as long as it took."""


class Follower:
    """`view` is the newest; `start` begins to follow, `look` does one turn in the caller's thread.

    `weigh`: how much depends on the zones of which somebody said it, 0..1; cases are as urgent as that.
    """

    def __init__(self, lake: Path, every_s: float = EVERY_S, weigh: Callable[[], Mapping[str, float]] = dict) -> None:
        self.lake, self._every_s, self._weigh = lake, every_s, weigh
        self._view = View()
        self._turning = threading.Lock()  # what is read is counted once, whoever looks
        self._showing = threading.Lock()  # requests tell of changes, too: each view is made of the newest
        self._begin_anew()
        self._ended = threading.Event()
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="linewarden-view", daemon=True)

    @property
    def view(self) -> View:
        """The newest moment."""
        return self._view

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._ended.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def hurry(self) -> None:
        """Something was changed by a person: look now, and show it."""
        self._rest_until = 0.0
        self._asked.set()

    def tell(self) -> None:
        """Something beside the lake was changed by a person, which pages show: a new version of the same moment."""
        with self._showing:
            self._view = replace(self._view, version=self._view.version + 1)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.look()
            except LinewardenError as error:
                self._show(wrong=str(error))
            except Exception as error:  # noqa: BLE001 - the thread must go on: the next look may succeed
                self._show(wrong=f"unexpected {type(error).__name__}: {error}")
            self._asked.wait(self._every_s)
            self._asked.clear()

    def look(self) -> View:
        """Reads what is new, and makes a new moment if there is something. Raises StoreError."""
        with self._turning:
            return self._turn()

    def _turn(self) -> View:
        try:
            self._read_new()
        except StartAnewError:
            self._begin_anew()
            self._read_new()
        if self._view.reading is not None:
            self._rest_until = 0.0  # what was shown meanwhile is not all: until it is, the first reading has not ended
        self._make()
        if self._view.wrong or self._view.reading is not None:
            self._show(wrong="", reading=None)
        return self._view

    def _make(self) -> None:
        """Plant and cases, where there is something new and it is time."""
        corrected = self._corrected()
        if (self._changed or corrected != self._of[0]) and time.monotonic() >= self._rest_until:
            began = time.monotonic()
            self._make_plant(corrected)
            self._rest_until = time.monotonic() + SHARE * (time.monotonic() - began)
        if self._known is not None and (told := (self._notices(), self._weights())) != self._of[1]:
            self._make_cases(*told)

    def _begin_anew(self) -> None:
        from linewarden.plant.fold import PlantFold

        self._growth = Growth(self.lake)
        self._fold: PlantFold = PlantFold()
        self._known: Knowledge | None = None
        self._told = Notices({}, {})
        self._changed, self._rest_until = False, 0.0
        self._of: tuple[Any, Any] = (None, None)  # what plant and cases were made of

    def _read_new(self) -> None:
        from linewarden.plant.fold import STREAMS
        from linewarden.service.lake import pieces_of

        with lake_files.reading(self.lake), _explained(self.lake):
            new = sorted(self._growth.new(sorted(STREAMS)), key=_day, reverse=True)
            for place, (stream, file) in enumerate(new):
                try:
                    for piece in pieces_of(file):
                        self._fold.add(stream, piece)
                except FileNotFoundError:
                    continue  # it went meanwhile: too old, or merged
                self._growth.done(file)
                self._changed = True
                if self._view.reading is not None:
                    with self._showing:
                        self._view = replace(self._view, reading=place / len(new))
                    self._make()  # of what was read so far, the last days first: nobody waits for the rest

    def _corrected(self) -> int:
        """When people corrected the inventory last."""
        from linewarden.service.corrections_file import FILE

        try:
            return (self.lake / FILE).stat().st_mtime_ns
        except OSError:
            return 0

    def _notices(self) -> tuple[Path, ...]:
        return tuple(lake_files.files(self.lake / "stream=notice"))

    def _make_plant(self, corrected: int) -> None:
        from linewarden.detections.knowledge import knowledge_of
        from linewarden.service.corrections_file import load

        kept = load(self.lake)
        plant = self._fold.plant(kept.names, kept.corrections)
        known = knowledge_of(plant)
        if self._known is None or known.ids != self._known.ids or partners_of(known) != partners_of(self._known):
            # Notices may be of other assets now, and belong together otherwise.
            self._of, self._told = (corrected, None), Notices(known.ids, partners_of(known))
        self._changed, self._known, self._of = False, known, (corrected, self._of[1])
        new = replace(
            self._view, as_of=time.time_ns(), plant=plant, assets={a.id: a for a in plant.assets},
            addresses={address: a.id for a in plant.assets for address in (*a.macs, *a.ips)}, made_of_plant=Made(),
        )  # fmt: skip
        new.made_of_plant.make_again(self._view.made_of_plant, new)  # before anybody waits for it
        self._show(
            as_of=new.as_of, plant=plant, assets=new.assets, addresses=new.addresses, made_of_plant=new.made_of_plant
        )

    def _weights(self) -> dict[str, float]:
        """How much depends on assets, by id, where somebody said it of their zone."""
        assets, zones = self._view.plant.assets, self._weigh()
        of_zones = {a.id: zones[a.zone] for a in assets if a.zone and a.zone in zones} if zones else {}
        return of_zones | {a.id: Criticality(a.criticality).weight for a in assets if a.criticality}

    def _make_cases(self, notices: tuple[Path, ...], weights: Mapping[str, float]) -> None:
        with lake_files.reading(self.lake), _explained(self.lake):
            self._told.read(notices)
        cases = self._told.cases(weights)
        self._of = (self._of[0], (notices, weights))
        self._show(as_of=time.time_ns(), cases=cases, lone=self._told.lone(), weights=weights)

    def _show(self, **changes: Any) -> None:
        with self._showing:
            if any(getattr(self._view, name) is not value for name, value in changes.items()):
                self._view = replace(self._view, version=self._view.version + 1, made=Made(), **changes)


def _day(of: tuple[str, Path]) -> str:
    """The day that a file of a stream is of. Those of one day stay in their order."""
    return of[1].parent.name


@contextmanager
def _explained(lake: Path) -> Iterator[None]:
    """Errors of files as the one line that a page can show."""
    import polars as pl

    from linewarden.errors import StoreError

    try:
        yield
    except FileNotFoundError:
        raise StoreError(f"{lake}: a file went while it was read; the next look will do without it") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{lake}: a file cannot be read ({text}); `linewarden lake files` finds it") from error
