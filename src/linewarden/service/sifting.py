"""The engine's batches on their way to what is judged: what nobody wants is left out before polars sees it.

Most of a capture's rows are readings and messages of protocols of which a detection wants one in thousands. The engine
asks that itself (`sensor.sieve`), and keeps of readings what is looked at (`sensor.points.Readings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from linewarden.sensor.points import Readings
from linewarden.sensor.sieve import Held, Sieve
from linewarden.service.judging import READINGS, USUAL

if TYPE_CHECKING:
    from linewarden.detections.run import Told
    from linewarden.service.gathering import Gathering
    from linewarden.service.judging import Judge

MOST = 1_500_000
"""Readings that the engine keeps (some 150 bytes each) until it is known that no more come; of more than that all are
kept as everything else is, in files from some size on."""
MOST_BYTES = 256 << 20
"""The same of other streams, of each."""


class Sifting:
    """Takes the engine's batches for a gathering. Whoever has no more of them hands it over (`Gathering.end`).

    `begun`: what takes readings, where it had to take some before there was a judge.
    """

    def __init__(self, judge: Judge, gathering: Gathering, begun: Readings | None = None) -> None:
        self._gathering = gathering
        self._judge = judge
        self._sieve = Sieve(judge.wanted)
        self._holding = {stream: Holding(judge, stream) for stream in judge.held}
        own = Readings(judge.sample.one_in) if judge.sample is not None else None
        self._readings = own if begun is None else begun
        self._firsts: Any = None
        self._all_here = self._readings is not None
        """All of which the baseline learns is still with the engine."""

    def take(self, stream: str, arrow: Any) -> None:
        """One more batch."""
        if stream == READINGS and self._readings is not None:
            if self._readings.add(arrow) >= MOST:
                self._all_here = False
                self._keep(stream, self._judge.sampled(self._readings))
        elif (holding := self._holding.get(stream)) is not None:
            if holding.held.add(arrow) >= MOST_BYTES:
                self._all_here = False
                for batch in self._holding.pop(stream).held.give():
                    self._gathering.add(stream, pl.DataFrame(batch))
        else:
            wanted = self._sieve.wanted(stream, arrow)
            if len(wanted):
                self._gathering.add(stream, pl.DataFrame(wanted))

    def talks(self) -> None:
        """No more come: what is looked at of what the engine held."""
        for stream, holding in self._holding.items():
            self._keep(stream, holding.end())
        if self._readings is not None and not self._all_here:
            self._keep(READINGS, self._judge.sampled(self._readings))
        elif self._readings is not None:
            self._firsts = self._readings.firsts()

    def readings(self) -> None:
        """What is found in the readings, after that."""
        if self._readings is not None and self._all_here:
            self._keep(READINGS, self._judge.found(self._readings))

    def learned(self) -> None:
        """What the baseline learns from, after the talks."""
        held = {stream: (h.held, h.learned) for stream, h in self._holding.items() if h.learned is not None}
        for stream, rows in self._judge.learned(held, self._firsts, all_here=self._all_here):
            self._gathering.keep(stream, USUAL, rows)

    def late(self) -> list[Told]:
        """What is found only when it is known who is who."""
        return [told for holding in self._holding.values() for told in holding.late()]

    def _keep(self, stream: str, rows: Iterable[tuple[str, pl.DataFrame]]) -> None:
        for who, some in rows:
            self._gathering.keep(stream, who, some)


class Holding:
    """The rows of a stream of which most only say again what was said: the engine holds them, and thins them out."""

    def __init__(self, judge: Judge, stream: str) -> None:
        self._judge, self._stream = judge, stream
        self._looks = judge.looks(stream)
        self.held = Held([(look.test, look.thin) for look in self._looks])
        self.learned = next((number for number, look in enumerate(self._looks) if look.name == USUAL), None)
        """The look of the baseline."""

    def end(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """No more come: what decides something, by who looks at it."""
        self.held.end()
        return self._judge.thinned(self._stream, self.held, self._looks)

    def late(self) -> list[Told]:
        """What is found only when it is known who is who."""
        return self._judge.late(self._stream, self.held, self._looks)
