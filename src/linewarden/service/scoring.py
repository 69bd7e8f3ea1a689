"""A historian's export through a detector: values in one Parquet file, verdicts in another, whatever its size.

    time | score (1 is the limit) | alarm | confidence | reasons ("TANK.LEVEL 62 %, IN.FLOW 30 %", where it is odd)

Reading, scoring and writing go on beside each other; memory holds a few pieces. The result appears whole or not at all.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from linewarden.analytics.contract import Detector, Scores

PIECE = 65_536
"""Rows at a time."""
REASONS = 3
"""Tags that are named, those with the largest shares."""


@dataclass(slots=True)
class Scored:
    """rows, how many of them are alarms, and the values that were looked at."""

    rows: int = 0
    alarms: int = 0
    readings: int = 0


def score_file(source: Path, time: str, detector: Detector, out: Path) -> Scored:
    """Scores the columns that the detector's tags name, in the order of the file; `time` is kept as it is.

    Raises StoreError if a file cannot be read or written, ConfigError if a column is missing or is no number, and
    NothingLearnedError.
    """
    import polars as pl
    from polars.io.plugins import register_io_source

    scored = Scored()
    try:
        rows = pl.scan_parquet(source)
        schema = rows.collect_schema()
        _check(source, schema, time, detector.tags)

        def pieces(*_: Any) -> Iterator[pl.DataFrame]:
            chosen = rows.select(time, pl.col(*detector.tags).cast(pl.Float64))
            for piece in chosen.collect_batches(chunk_size=PIECE, maintain_order=True):
                yield _scored(piece, time, detector, scored)

        told = {time: schema[time], **_columns()}
        with _whole(out) as place:
            register_io_source(pieces, schema=pl.Schema(told), is_pure=False).sink_parquet(place, compression="zstd")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise StoreError(f"{source} -> {out}: {str(error).splitlines()[0]}") from error
    return scored


def _columns() -> dict[str, pl.DataType]:
    import polars as pl

    return {"score": pl.Float64(), "alarm": pl.Boolean(), "confidence": pl.Float64(), "reasons": pl.String()}


def _check(source: Path, schema: pl.Schema, time: str, tags: tuple[str, ...]) -> None:
    for name in (time, *tags):
        if name not in schema:
            raise ConfigError(f"{source}: has no column {name!r}; it has {', '.join(list(schema)[:20])}")
    text = next((t for t in tags if not schema[t].is_numeric() and schema[t].to_python() is not bool), None)
    if text is not None:
        raise ConfigError(f"{source}: column {text!r} holds {schema[text]}, no numbers; leave it out")


def _scored(piece: pl.DataFrame, time: str, detector: Detector, sums: Scored) -> pl.DataFrame:
    import polars as pl

    values = piece.select(detector.tags).to_numpy()
    scores = detector.score_many(values)
    sums.rows += len(values)
    sums.alarms += int(scores.alarm.sum())
    sums.readings += values.size
    return pl.DataFrame(
        {
            time: piece.get_column(time), "score": scores.score, "alarm": scores.alarm,
            "confidence": scores.confidence, "reasons": _reasons(scores, detector.tags),
        }
    )  # fmt: skip


def _reasons(scores: Scores, tags: tuple[str, ...]) -> pl.Series:
    """In words, of the rows that are odd; null for all others."""
    import numpy as np
    import polars as pl

    odd: npt.NDArray[np.int64] = np.flatnonzero(scores.alarm | (scores.score > 1.0))
    told: list[str | None] = [None] * len(scores.score)
    shares = scores.contributions[odd]
    first = np.argsort(-shares, axis=1, kind="stable")[:, :REASONS]
    for at, row in enumerate(odd.tolist()):
        found = [(tags[k], float(shares[at, k])) for k in first[at]]
        told[row] = ", ".join(f"{tag} {share:.0%}" for tag, share in found if share >= 0.005) or None
    return pl.Series("reasons", told, dtype=pl.String)


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A place beside `out` that takes its name when all is there."""
    handle, name = tempfile.mkstemp(prefix=f".{out.name[:100]}.", suffix=".tmp", dir=out.parent)
    os.close(handle)
    place = Path(name)
    try:
        yield place
        with place.open("rb+") as file:
            os.fsync(file.fileno())
        place.chmod(0o644)
        place.replace(out)
    finally:
        place.unlink(missing_ok=True)
