"""What `watch` shows: one calm line in a terminal, or an object an interval for a program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from linewarden.reports.words import clean, size
from linewarden.service.watching import Status, Watched


def status_line(status: Status) -> str:
    """Packets a second, losses, assets, the last weird; as much as is of use."""
    parts = [f"{status.packets_per_s:,.0f} packets/s", f"{size(int(status.bytes_per_s))}/s", f"{status.lost:,} lost"]
    parts.append(f"{status.assets:,} assets")
    down = [clean(p.name, 20) for p in status.ports if not p.up]
    if down:
        parts.append(f"down: {', '.join(down)}")
    if status.live.unkept:
        parts.append(f"{status.live.unkept:,} not kept")
    if status.live.rows_lost:
        parts.append(f"{status.live.rows_lost:,} rows lost")
    parts.append(f"{status.live.rows:,} rows")
    if status.last_weird:
        name, orig, _ = status.last_weird
        parts.append(f"weird: {clean(name, 40)} ({clean(orig, 40)})")
    return "  ".join(parts)


def status_as_dict(status: Status) -> dict[str, Any]:
    """The same for a program; counts are since the start, rates since the last object."""
    weird = dict(zip(("name", "orig", "resp"), status.last_weird, strict=True)) if status.last_weird else None
    return {
        "ts": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "elapsed_s": round(status.elapsed, 3),
        "packets": status.packets,
        "bytes": status.bytes,
        "packets_per_s": round(status.packets_per_s, 1),
        "bytes_per_s": round(status.bytes_per_s, 1),
        "lost": status.lost,
        "interfaces": [{"name": p.name, "up": p.up, "packets": p.packets, "lost": p.lost} for p in status.ports],
        "assets": status.assets,
        "last_weird": weird,
        "rows": status.live.rows,
        "files": status.live.files,
        "rows_lost": status.live.rows_lost,
        "packets_not_kept": status.live.unkept,
    }


def watched_as_dict(watched: Watched) -> dict[str, Any]:
    """The last object of a run, with its totals."""
    totals = watched.totals
    found: Mapping[str, Any] = {k: getattr(totals, k) for k in totals.__slots__}
    return {**status_as_dict(watched.status), "ended": True, "totals": dict(found)}


def watched_lines(watched: Watched, lake: object) -> list[str]:
    """The end of a run in words."""
    status = watched.status
    lost = f"{status.lost:,} packets were lost" if status.lost else "none was lost"
    ask = f'linewarden query {lake} "SHOW TABLES"'
    return [
        f"Heard {watched.totals.packets:,} packets ({size(watched.totals.bytes)}) in {status.elapsed:,.0f} s; {lost}.",
        f"Lake: {lake} ({status.live.rows:,} rows in {status.live.files:,} files). Ask it: {ask}",
    ]
