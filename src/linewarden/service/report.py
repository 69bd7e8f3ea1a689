"""Writes reports: the page from `reports`, the time and the version from here."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from linewarden import __version__
from linewarden.service.files import Reserved, reserve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from linewarden.cases.model import Case
    from linewarden.detections.run import Told
    from linewarden.plant.diff import PlantDiff
    from linewarden.plant.model import Plant
    from linewarden.reports.values_view import Value


def write_plant_report(
    file: Reserved, plant: Plant, source: str, lake: Path | None = None, told: Sequence[Told] | None = None
) -> None:
    """The report of a plant. `source` says in words what was read; of `lake` it shows process values and cases, too.

    `told`: what was found just now, instead of the notices of the lake.

    Raises StoreError.
    """
    from linewarden.reports.html import render_plant

    values = _values(lake) if lake is not None else []
    cases = _cases_of(told, plant) if told is not None else _cases(lake) if lake is not None else None
    paper = is_pdf(file.path)
    write_page(file, render_plant(plant, time.time_ns(), __version__, source, values, cases, paper=paper))


def _cases_of(told: Sequence[Told], plant: Plant) -> list[tuple[int, Case]]:
    from linewarden.detections.knowledge import knowledge_of
    from linewarden.plant.criticality import Criticality
    from linewarden.service.casing import event_of, tied

    ids = knowledge_of(plant).ids
    weights = {a.id: Criticality(a.criticality).weight for a in plant.assets if a.criticality}
    return list(tied((event_of(t, ids) for t in told if not t.notice.again), None, weights)[0])


def _cases(lake: Path) -> list[tuple[int, Case]] | None:
    """None if nobody judged this lake, or nothing at all was found in it."""
    from linewarden.service.casing import cases_of
    from linewarden.service.lake import open_lake

    return list(cases_of(lake).ranked) if "notice" in open_lake(lake).streams else None


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

    write_page(file, render_diff(diff, time.time_ns(), __version__, source, paper=is_pdf(file.path)))


def write_cases_report(
    file: Reserved, cases: Sequence[tuple[int, Case]], names: Mapping[str, str], source: str
) -> None:
    """The report of cases, with their events. Raises StoreError."""
    from linewarden.reports.html import render_cases

    write_page(file, render_cases(cases, names, time.time_ns(), __version__, source, paper=is_pdf(file.path)))


@contextlib.contextmanager
def report_file(path: Path | None) -> Iterator[Reserved | None]:
    """The place of a report, tried before hours of reading; None for None.

    Raises StoreError if it cannot be written, ConfigError if it is to be a PDF and this machine cannot make one.
    """
    if path is None:
        yield None
        return
    if is_pdf(path):
        from linewarden.reports.pdf import needs_pdf

        needs_pdf()
    with reserve(path) as file:
        yield file


def is_pdf(path: Path) -> bool:
    """Whether the file's ending asks for a PDF."""
    return path.suffix.lower() == ".pdf"


def write_page(file: Reserved, page: str) -> None:
    """A page that was rendered, as the file's ending asks. Raises StoreError."""
    if not is_pdf(file.path):
        file.write(page)
        return
    from linewarden.reports.pdf import render_pdf

    file.write_bytes(render_pdf(page))
