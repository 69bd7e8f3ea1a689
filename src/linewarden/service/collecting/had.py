"""What an earlier run brought to disk last: a machine that says it again after our end is not written down twice.

A protocol acknowledges what is on disk, and a kill comes between the two: the other side then sends its last messages
once more. They are known by tag, the machine's own time and value, against the end of the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from linewarden.service.collecting.sample_log import SampleLog

MOST = 1_000_000
"""Samples of a collector that are remembered at most, the latest ones."""
SAME = ("tag", "source_ts", "value", "text", "quality", "status")
"""What is alike in a sample that is said again. One whose machine tells no time cannot be known."""


class Had:
    """Of each collector the samples at the end of a log, when it was opened. Raises OSError."""

    def __init__(self, log: SampleLog) -> None:
        import polars as pl

        parts: dict[str, list[pl.DataFrame]] = {}
        for block, _ in log.read(log.begin):
            if block is not None:
                parts.setdefault(block.collector, []).append(block.frame().select(SAME))
        self._frames: dict[str, pl.DataFrame] = {}
        self._latest: dict[str, int] = {}
        for name, frames in parts.items():
            told = pl.concat(frames).tail(MOST).filter(pl.col("source_ts").is_not_null())
            if told.height:
                self._frames[name] = told.unique()
                self._latest[name] = int(told.get_column("source_ts").max())  # type: ignore[arg-type]
        self.repeated = 0
        """Samples that came once more."""

    def new(self, collector: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Those samples that are not on disk already."""
        latest = self._latest.get(collector)
        if latest is None or not frame.height:
            return frame
        first = frame.get_column("source_ts").min()
        if not isinstance(first, int) or first > latest:
            return frame
        left = frame.join(self._frames[collector], on=SAME, how="anti", nulls_equal=True, maintain_order="left")
        self.repeated += frame.height - left.height
        return left
