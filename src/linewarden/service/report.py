"""Writes reports: the page from `reports`, the time and the version from here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from linewarden import __version__
from linewarden.service.files import Reserved

if TYPE_CHECKING:
    from pathlib import Path

    from linewarden.plant.diff import PlantDiff
    from linewarden.plant.model import Plant
    from linewarden.reports.values_view import Value


def write_plant_report(file: Reserved, plant: Plant, source: str, lake: Path | None = None) -> None:
    """The report of a plant. `source` says in words what was read; of `lake` it shows the process values, too.

    Raises StoreError.
    """
    from linewarden.reports.html import render_plant

    values = _values(lake) if lake is not None else []
    file.write(render_plant(plant, time.time_ns(), __version__, source, values))


def _values(lake: Path) -> list[Value]:
    from linewarden.reports.values_view import Value
    from linewarden.service.tags import tags_of

    return [
        Value(t.source, t.protocol, t.label, tuple(t.course), t.last, t.low, t.high, t.count, t.moved)
        for t in tags_of(lake)
    ]


def write_diff_report(file: Reserved, diff: PlantDiff, source: str) -> None:
    """The report of what changed. Raises StoreError."""
    from linewarden.reports.html import render_diff

    file.write(render_diff(diff, time.time_ns(), __version__, source))
