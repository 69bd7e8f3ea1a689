"""judged: what a live judge looked at, batch by batch, so that a run over the lake can follow it."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch of records that was judged as it was heard; the envelope is that of its first row.

    Rows of a stream are in the lake in the order in which they were heard, so that stream, day and number of rows name
    them. `stream` is `begin` in the first row of a run, and `closed` where what was usual was written into its file.
    """

    STREAM: ClassVar[str] = "judged"

    run: int = col("when this judge began: each start is a run", "ts", unit="ns UTC", nullable=False, default=0)
    serial: int = col("place in the run, from 0", "u64", nullable=False, default=0)
    stream: str = col("of the rows, all of one UTC day", nullable=False, default="")
    rows: int = col("how many; of `begin`: entries of what was known to be usual", "u64", nullable=False, default=0)
