"""Whose process values can tell anything at all in a lake, before any of them is judged.

Most devices of a capture are heard for some seconds only, and get no model. Those that get one, but have not learned
for long, tell nothing without a reason: something unusual that was done, or announced work. All this is seen from times
and commands alone. So what is left out here would have told nothing (a test holds that), and where nothing is left no
analytics are imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from linewarden.errors import StoreError
from linewarden.service.analysing.doings import COLUMNS as COMMAND, VERBS, Doings
from linewarden.service.analysing.settings import KNOWN_BY_WORDS
from linewarden.service.analysing.span import ends_of, files_by_day, scan, steps

if TYPE_CHECKING:
    from linewarden.baseline.expected import Expected
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.lake import Lake

Devices = dict[str, frozenset[str]]
"""By sensor, addresses of devices."""


def who_may_tell(lake: Lake, said: Analytics, expected: Expected | None) -> Devices | None:
    """The devices that are worth judging where nothing was learned before; None: all, as somebody grouped their tags.

    Raises StoreError if a file of the lake cannot be read.
    """
    try:
        if said.machines:
            least = min(w.first_minutes for w in (said.wanted, *(g.wanted for g in said.machines)))
            return None if _lasts(lake, least) else {}
        rows = _rows(lake, said) if _lasts(lake, said.wanted.first_minutes) else {}
        return _with_reason(lake, said, expected, rows)
    except (pl.exceptions.PolarsError, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{lake.path}: a file of it cannot be read ({text}); delete it and read again") from error


def _with_reason(lake: Lake, said: Analytics, expected: Expected | None, rows: dict[str, dict[str, int]]) -> Devices:
    """Of devices with so many rows those that have learned for long enough to tell what nothing explains, and, where
    there may be a reason, all."""
    announced = expected is not None and bool(expected.windows)
    done = cache(lambda: set(_doers(lake)))
    found: Devices = {}
    for sensor, devices in rows.items():
        short = [d for d, n in devices.items() if n < KNOWN_BY_WORDS * said.wanted.learn_rows]
        left_out = short if short and not announced and sensor not in done() else ()
        if mine := devices.keys() - set(left_out):
            found[sensor] = frozenset(mine)
    return found


def _lasts(lake: Lake, minutes: float) -> bool:
    """Whether the values of this lake last for longer."""
    ends = [ends_of(scan(files, ("ts",))) for files in files_by_day(lake, "reading").values()]
    known = [e for e in ends if e is not None]
    return bool(known) and max(b for _, b in known) - min(a for a, _ in known) > minutes * 60e9


def _rows(lake: Lake, said: Analytics) -> dict[str, dict[str, int]]:
    """By sensor and device: in how many rows something came, where they are enough for a model."""
    found: dict[str, dict[str, int]] = {}
    # The same arithmetic as that of the grid: a time next to the end of a row must not be counted elsewhere.
    row = (pl.col("ts").to_physical().cast(pl.Float64) / 1e9 / said.wanted.seconds).floor()
    for files in files_by_day(lake, "reading").values():
        asked = scan(files, ("ts", "sensor", "source")).group_by("sensor", "source").agg(row.n_unique().alias("rows"))
        for sensor, source, rows in asked.collect().iter_rows():
            mine = found.setdefault(sensor, {})
            mine[source] = mine.get(source, 0) + rows
    return {s: {d: n for d, n in mine.items() if n >= said.wanted.first_rows} for s, mine in found.items()}


def _doers(lake: Lake) -> Iterator[str]:
    """The sensors that may have seen something unusual being done: what is usual is learned as `Analysis` does."""
    began, doings = _began(lake), dict[str, Doings]()
    quiet = set(began)
    changing = pl.col("verb").cast(pl.String).is_in(VERBS)
    for _, _, rows in steps(lake, {"command": COMMAND}, changing):
        for (name,), mine in rows.group_by("sensor", maintain_order=True):
            sensor = str(name)
            if sensor not in quiet:
                continue
            if sensor not in doings:
                doings[sensor] = Doings()
                doings[sensor].heard(began[sensor])
            if doings[sensor].commands(mine):
                quiet.discard(sensor)
                yield sensor
        if not quiet:
            return


def _began(lake: Lake) -> dict[str, int]:
    """By sensor the time of the first record: the earlier it is, the more is unusual."""
    found: dict[str, int] = {}
    for stream in ("command", "reading"):
        for files in files_by_day(lake, stream).values():
            first = scan(files, ("ts", "sensor")).group_by("sensor").agg(pl.col("ts").to_physical().min())
            for sensor, ts in first.collect().iter_rows():
                found[sensor] = min(ts, found.get(sensor, ts))
    return found
