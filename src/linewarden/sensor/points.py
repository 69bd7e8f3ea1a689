"""Values of points, looked at within the engine: which of them, and whether they stand still or come again."""

from __future__ import annotations

from typing import Any

from linewarden import _engine


def sampled(readings: Any, one_in: int) -> Any:
    """Which readings to look at; a frame with `ts`, `source`, `protocol`, `unit`, `area`, `start`, `name`, `values`.

    These are the earliest of each point and second (several, if they are of one time), and one in `one_in` different
    values, the same ones whenever they come. A batch with `number` (of the row), `point` (equal for equal points),
    `values` (the first six), `sum` (of all), `hash` (equal for equal values), `by turn` and `by hash` (why it is looked
    at). ValueError if a column is missing.
    """
    return _engine.sampled(readings, one_in)


class Readings:
    """Keeps of the engine's batches of readings those that are looked at, as of all of them `sampled` finds; and those
    that are the first of a minute of their point and number of values. Where times go back it keeps more."""

    def __init__(self, one_in: int) -> None:
        self._readings = _engine.Readings(one_in)

    def add(self, batch: Any) -> int:
        """One more batch; how many rows are kept by now, where 16 values count as one, too. ValueError if a column is
        missing."""
        return self._readings.add(batch)

    def take(self) -> tuple[Any, Any]:
        """What was kept since the last time, both kinds: batches, None where there is nothing."""
        return self._readings.take()

    def firsts(self) -> Any:
        """The second kind, which is gone then."""
        return self._readings.firsts()

    def found(self, points: Points) -> tuple[Any, list[list[int] | None]]:
        """Of the first kind what `points` find, in the order of time: the readings that decide it, and of each the
        packets that replay earlier ones, or None if it stands still. Nothing is kept then."""
        return self._readings.found(points.engine)


class Points:
    """Remembers hashes of the last readings of `most` points, the least recently used goes first.

    Stands still: `still` readings in a row (one a second) and `still_s` s alike, of which a share of `lively` differed
    from the one before, `known` at least. Replayed: `replayed` chosen readings, `distinct` different sums among them,
    that follow an earlier sequence, with `known` before them.
    """

    def __init__(
        self, most: int, *, replayed: int, distinct: int, still: int, still_s: float, lively: float, known: int
    ) -> None:
        self.engine = _engine.Points(
            most, replayed=replayed, distinct=distinct, still=still, still_s=still_s, lively=lively, known=known
        )

    def look(self, readings: Any) -> list[tuple[int, list[int] | None]]:
        """Takes readings with what `sampled` says of them, `ts` and `frame`, in the order of time.

        Of each finding the row, and the packets that replay earlier ones; None, if the point stands still. By point, in
        the order of their first readings.
        """
        return self.engine.look(readings)
