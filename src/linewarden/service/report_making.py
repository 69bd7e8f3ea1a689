"""Makes reports for the shelf: of the plant, its cases, or what changed; of the whole site or of one zone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden import __version__
from linewarden.service.pdf_apart import pdf_apart
from linewarden.service.periods import part_of, parted
from linewarden.service.turns import Turns

if TYPE_CHECKING:
    from linewarden.cases.model import Case
    from linewarden.plant.model import Plant
    from linewarden.reports.values_view import Value
    from linewarden.service.values import Values
    from linewarden.service.view import View

PDF_CPU_S = 300
LOOKED_AT = 200
"""Values of which the report shows some."""
PRESS = Turns(at_once=1, waiting=8, wait_s=600.0)
"""Reports are made one after the other: people look at pages meanwhile."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted. `kind`: plant, cases or changes (from `at` on, ns UTC, against before); `zone`: empty for all."""

    kind: str
    format: str
    zone: str = ""
    at: int = 0
    start: int | None = None
    end: int | None = None
    language: str = "en"
    """Of a report of cases, see `reports.language`."""


def made(order: Order, lake: Path, view: View, tags: Values, source: str) -> bytes:
    """The report as a file. Raises StoreError, ConfigError (no PDF can be made here), BusyError."""
    with PRESS.turn():
        page = _page(order, lake, view, tags, source)
        return pdf_apart(page, PDF_CPU_S) if order.format == "pdf" else page.encode()


def _page(order: Order, lake: Path, view: View, tags: Values, source: str) -> str:
    from linewarden.reports import html

    now, paper = time.time_ns(), order.format == "pdf"
    if order.kind == "changes":
        from linewarden.plant.diff import diff

        before, after = (_of(p, order) for p in parted(lake, order.at, order.start, order.end))
        return html.render_diff(diff(before, after), now, __version__, source, paper=paper)
    plant, cases = _of(view.plant, order), _cases(view, order)
    if order.kind == "cases":
        names = {a.id: a.name for a in plant.assets}
        return html.render_cases(cases, names, now, __version__, source, paper=paper, language=order.language)
    values, more = _values(tags, plant, order)
    return html.render_plant(plant, now, __version__, source, values, cases, paper=paper, more_values=more)


def _of(plant: Plant, order: Order) -> Plant:
    return part_of(plant, order.zone) if order.zone else plant


def _cases(view: View, order: Order) -> Sequence[tuple[int, Case]]:
    return [pc for pc in view.cases if not order.zone or all(view.zone(a) == order.zone for a in pc[1].assets)]


def _values(tags: Values, plant: Plant, order: Order) -> tuple[list[Value], int]:
    """Those that move most, and how many more there are."""
    from linewarden.reports.values_view import Value
    from linewarden.service.values import Ask, Names

    there = sorted({address for a in plant.assets for address in (*a.ips, *a.macs)}) if order.zone else []
    if order.zone and not there:
        return [], 0
    found = tags.find(Ask(devices=there, limit=LOOKED_AT), Names())
    most = sorted(found.tags, key=lambda t: (-t.moved, -t.count, t.key.source, t.key.label))
    values = [
        Value(t.key.source, t.key.protocol, t.key.label, t.course, t.last, t.low, t.high, t.count, t.moved)
        for t in most
    ]
    return values, found.total - len(values)
