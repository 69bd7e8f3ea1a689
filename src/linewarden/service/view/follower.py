"""Follows a lake: reads what is new in it and makes a new `View` of it, in a thread of its own.

What costs much is done seldom: a plant is made anew at most for a fifth of the time, whatever its size, so that pages
stay quick on two cores while records come every second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import LinewardenError
from linewarden.service import lake_files
from linewarden.service.view.growth import Growth, StartAnewError
from linewarden.service.view.model import View

if TYPE_CHECKING:
    from linewarden.cases.model import Case, Event
    from linewarden.plant.fold import PlantFold
    from linewarden.plant.model import Plant

EVERY_S = 1.0
SHARE = 5
"""A plant is made anew after at least so many times as long as it took."""


class Follower:
    """`view` is the newest; `start` begins to follow, `look` does one turn in the caller's thread."""

    def __init__(self, lake: Path, every_s: float = EVERY_S) -> None:
        self.lake, self._every_s = lake, every_s
        self._view = View()
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
        try:
            self._read_new()
        except StartAnewError:
            self._begin_anew()
            self._read_new()
        stamp = self._stamp()
        if (self._changed or stamp != self._known) and time.monotonic() >= self._rest_until:
            began = time.monotonic()
            self._make(stamp)
            self._rest_until = time.monotonic() + SHARE * (time.monotonic() - began)
        elif self._view.wrong or self._view.reading is not None:
            self._show(wrong="", reading=None)
        return self._view

    def _begin_anew(self) -> None:
        from linewarden.plant.fold import PlantFold

        self._growth = Growth(self.lake)
        self._fold: PlantFold = PlantFold()
        self._changed, self._known, self._rest_until = False, None, 0.0
        self._told: tuple[Any, list[Event]] = (None, [])

    def _read_new(self) -> None:
        from linewarden.plant.fold import STREAMS
        from linewarden.service.lake import pieces_of

        with lake_files.reading(self.lake), _explained(self.lake):
            new = self._growth.new(sorted(STREAMS))
            for place, (stream, file) in enumerate(new):
                try:
                    for piece in pieces_of(file):
                        self._fold.add(stream, piece)
                except FileNotFoundError:
                    continue  # it went meanwhile: too old, or merged
                self._growth.done(file)
                self._changed = True
                if self._view.reading is not None:
                    self._view = replace(self._view, reading=place / len(new))

    def _stamp(self) -> Any:
        """What else the view is made of: notices, and what people corrected."""
        from linewarden.service.corrections_file import FILE

        notices = lake_files.files(self.lake / "stream=notice")
        try:
            corrected = (self.lake / FILE).stat().st_mtime_ns
        except OSError:
            corrected = 0
        return tuple(notices), corrected

    def _make(self, stamp: Any) -> None:
        from linewarden.detections.knowledge import knowledge_of
        from linewarden.service.casing import partners_of, tied
        from linewarden.service.corrections_file import load

        kept = load(self.lake)
        plant = self._fold.plant(kept.names, kept.corrections)
        known = knowledge_of(plant)
        cases, lone = tied(self._events(stamp[0], known.ids), partners_of(known))
        self._changed, self._known = False, stamp
        self._show_plant(plant, cases, lone)

    def _events(self, files: tuple[Path, ...], ids: Mapping[str, str]) -> list[Event]:
        """The notices; read again only if there are others than before, or addresses belong to others."""
        from linewarden.service.casing import events
        from linewarden.service.lake import Lake

        if self._told[0] != (files, ids):
            with lake_files.reading(self.lake), _explained(self.lake):
                self._told = ((files, ids), events(Lake(self.lake, ("notice",)), ids) if files else [])
        return self._told[1]

    def _show_plant(self, plant: Plant, cases: tuple[tuple[int, Case], ...], lone: tuple[Event, ...]) -> None:
        assets = {a.id: a for a in plant.assets}
        addresses = {address: a.id for a in plant.assets for address in (*a.macs, *a.ips)}
        self._view = View(
            self._view.version + 1, time.time_ns(), plant, assets, addresses, cases, lone, reading=None
        )  # fmt: skip

    def _show(self, **changes: Any) -> None:
        if any(getattr(self._view, name) != value for name, value in changes.items()):
            self._view = replace(self._view, version=self._view.version + 1, **changes)


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
