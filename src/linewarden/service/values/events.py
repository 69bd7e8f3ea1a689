"""What happened to devices while their values ran: commands that change something, from the lake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linewarden.plant.vocabulary import CHANGING
from linewarden.service.lake import open_lake, quoted
from linewarden.service.values.trend import Told
from linewarden.service.values.trends import DAY_NS, Trends, instant

MOST = 500


def commands_to(trends: Trends, devices: Iterable[str], start: int, end: int) -> Sequence[Told]:
    """Those that change something in the devices of these addresses, from `start` to `end` (ns UTC), the newest MOST.

    Raises StoreError or QueryError.
    """
    wanted = sorted(devices)
    if not wanted or "command" not in open_lake(trends.book.lake).streams:
        return []
    with trends.session().query(_sql(wanted, start, end)) as answer:
        return [Told(*row) for row in answer.rows]


def _sql(devices: Sequence[str], start: int, end: int) -> str:
    addresses, verbs = ", ".join(map(quoted, devices)), ", ".join(map(quoted, sorted(CHANGING)))
    return (
        'SELECT epoch_ns(ts), "id.orig_h", "id.resp_h", protocol, verb, function, target, "value", result, capture, '  # noqa: S608 - quoted
        f'frame FROM command WHERE "id.resp_h" IN ({addresses}) AND verb IN ({verbs}) '
        f"AND date BETWEEN DATE '1970-01-01' + {start // DAY_NS} AND DATE '1970-01-01' + {end // DAY_NS} "
        f"AND ts BETWEEN {instant(start)} AND {instant(end)} ORDER BY ts DESC LIMIT {MOST}"
    )
