"""Writes reports: the page from `reports`, the time and the version from here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from linewarden import __version__
from linewarden.service.files import Reserved

if TYPE_CHECKING:
    from linewarden.plant.diff import PlantDiff
    from linewarden.plant.model import Plant


def write_plant_report(file: Reserved, plant: Plant, source: str) -> None:
    """The report of a plant. `source` says in words what was read. Raises StoreError."""
    from linewarden.reports.html import render_plant

    file.write(render_plant(plant, time.time_ns(), __version__, source))


def write_diff_report(file: Reserved, diff: PlantDiff, source: str) -> None:
    """The report of what changed. Raises StoreError."""
    from linewarden.reports.html import render_diff

    file.write(render_diff(diff, time.time_ns(), __version__, source))
