"""The engine's batches on their way to what is judged: what nobody wants is left out before polars sees it.

Most of a capture's rows are readings and messages of protocols of which a detection wants one in thousands. The engine
asks that itself (`sensor.sieve`), and keeps of readings what is looked at (`sensor.points.Readings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from linewarden.sensor.points import Readings
from linewarden.sensor.sieve import Sieve
from linewarden.service.judging import READINGS

if TYPE_CHECKING:
    from linewarden.service.gathering import Gathering
    from linewarden.service.judging import Judge

MOST = 1_500_000
"""Readings that the engine keeps (some 150 bytes each) until it is known that no more come; of more than that all are
kept as everything else is, in files from some size on."""


class Sifting:
    """Takes the engine's batches for a gathering. Who has no more of them must `end` it."""

    def __init__(self, judge: Judge, gathering: Gathering) -> None:
        self._gathering = gathering
        self._judge = judge
        self._sieve = Sieve(judge.wanted)
        self._readings = Readings(judge.sample.one_in) if judge.sample is not None else None
        self._too_many = False

    def take(self, stream: str, arrow: Any) -> None:
        """One more batch."""
        if stream == READINGS and self._readings is not None:
            if self._readings.add(arrow) >= MOST:
                self._too_many = True
                self._keep(self._judge.sampled(self._readings))
            return
        wanted = self._sieve.wanted(stream, arrow)
        if len(wanted):
            self._gathering.add(stream, pl.DataFrame(wanted))

    def end(self) -> None:
        """No more come: what the engine still keeps."""
        if self._readings is not None:
            looked = self._judge.sampled if self._too_many else self._judge.found
            self._keep(looked(self._readings))

    def _keep(self, rows: Iterator[tuple[str, pl.DataFrame]]) -> None:
        for who, some in rows:
            self._gathering.keep(READINGS, who, some)
