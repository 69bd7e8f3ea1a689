"""Readings on their way to the sink."""

from __future__ import annotations

from linewarden.collectors.contract import Numbers, Samples
from linewarden.wire import metrics


class Readings:
    """What messages told, in their order: values as they are now, plain numbers of them as columns; and `late`, those
    that are told later than they were."""

    def __init__(self) -> None:
        self.late = Samples(history=True)
        self._before: list[Samples | Numbers] = []
        self._live, self._numbers = Samples(), metrics.Numbers()

    @property
    def live(self) -> Samples:
        """Where the next value goes that is more than a number."""
        if len(self._numbers):
            self._before.append(Numbers(self._numbers.take()))
        return self._live

    @property
    def numbers(self) -> metrics.Numbers:
        """Where the next message of plain numbers goes."""
        if len(self._live):
            self._before.append(self._live)
            self._live = Samples()
        return self._numbers

    def parts(self) -> list[Samples | Numbers]:
        """All of it, for the sink."""
        end = [part for part in (self.live, self.late) if len(part)]
        return [*self._before, *end]
