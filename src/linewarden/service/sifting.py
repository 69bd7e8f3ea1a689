"""The engine's batches on their way to what is judged: what nobody wants is left out before polars sees it.

Most of a capture's rows are readings and messages of protocols of which a detection wants one in thousands. The engine
asks that itself (`sensor.sieve`), and keeps of readings what is looked at (`sensor.points.Readings`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from linewarden.sensor.points import Readings
from linewarden.sensor.sieve import Sieve
from linewarden.service.judging import READINGS

if TYPE_CHECKING:
    from linewarden.service.gathering import Gathering
    from linewarden.service.judging import Judge

AT_ONCE = 32_768
"""Readings that are taken over from the engine together, about: each time costs as much as some thousand rows."""


class Sifting:
    """Takes the engine's batches for a gathering. Who has no more of them must `end` it."""

    def __init__(self, judge: Judge, gathering: Gathering) -> None:
        self._gathering = gathering
        self._judge = judge
        self._sieve = Sieve(judge.wanted)
        self._readings = Readings(judge.sample) if judge.sample is not None else None

    def take(self, stream: str, arrow: Any) -> None:
        """One more batch."""
        if stream == READINGS and self._readings is not None:
            if self._readings.add(arrow) >= AT_ONCE:
                self._take_readings(self._readings)
            return
        wanted = self._sieve.wanted(stream, arrow)
        if len(wanted):
            self._gathering.add(stream, pl.DataFrame(wanted))

    def end(self) -> None:
        """What the engine still keeps."""
        if self._readings is not None:
            self._take_readings(self._readings)

    def _take_readings(self, readings: Readings) -> None:
        sampled, firsts = readings.take()
        for who, rows in self._judge.readings(sampled, firsts):
            self._gathering.keep(READINGS, who, rows)
