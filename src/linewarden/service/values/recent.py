"""The values that came last, in memory: complete from `since` on, and never more than MOST of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MOST = 500_000
"""Values; 20 bytes each."""


class Recent:
    """Frames of (tag, t, x) as they came; the oldest go first."""

    def __init__(self, since: int = 0) -> None:
        self._frames: tuple[pl.DataFrame, ...] = ()
        self.since = since
        """ns UTC: every value of this time or later that was read is here."""

    def add(self, values: pl.DataFrame) -> None:
        """`values`: each tag's number (`tag`), `t` and `x`."""
        frames, rows = [*self._frames, self._last(values)], sum(f.height for f in self._frames) + values.height
        while rows > MOST and len(frames) > 1:
            gone = frames.pop(0)
            rows -= gone.height
            self._gone(gone)
        self._frames = _joined(frames)

    def _last(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Of more than MOST values the last ones."""
        if frame.height <= MOST:
            return frame
        ordered = frame.sort("t")
        self._gone(ordered.head(frame.height - MOST))
        return ordered.tail(MOST)

    def _gone(self, frame: pl.DataFrame) -> None:
        self.since = max(self.since, int(frame.get_column("t").max()) + 1)  # type: ignore[arg-type]

    def of(self, numbers: Collection[int], start: int, end: int) -> pl.DataFrame | None:
        """What these tags had from `start` to `end`, ns UTC; None if that may not be all of it."""
        import polars as pl

        if start < self.since or not self._frames:
            return None
        wanted = pl.col("tag").is_in(list(numbers)) & pl.col("t").is_between(start, end)
        return pl.concat([f.filter(wanted) for f in self._frames])


def _joined(frames: list[pl.DataFrame]) -> tuple[pl.DataFrame, ...]:
    """Many small frames as one, so that there are few to look through."""
    import polars as pl

    small = MOST // 16
    done: list[pl.DataFrame] = []
    for frame in frames:
        if done and done[-1].height + frame.height <= small:
            done[-1] = pl.concat([done[-1], frame])
        else:
            done.append(frame)
    return tuple(done)
