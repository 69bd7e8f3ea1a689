"""The section on energy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from linewarden.reports.analysis_page import EnergyView
from linewarden.reports.plots import FULL, RIGHT, Axis, plot
from linewarden.service.analysing.telling_shapes import week_of

if TYPE_CHECKING:
    from linewarden.service.analysing.energy import EnergyPart


def energy_view(e: EnergyPart) -> EnergyView:
    """Figures of a meter with units; money in the tariff's currency."""
    p, t = e.profile, e.tariff
    tiles = (
        (f"{p.kwh:,.0f} kWh", "in the time covered"),
        (f"{p.mean:,.4g} kW", "on average"),
        (f"{p.base:,.4g} kW", "base load"),
        (f"{p.peak.kw:,.4g} kW", "highest demand"),
        (f"{p.load_factor:.0%}", "load factor"),
        (f"{e.bill.total:,.0f} {t.currency}", "energy, demand and reactive" + ("" if t.stated else ", example prices")),
    )
    waste = tuple(
        (w.kind, w.what, w.how, f"{w.kwh:,.0f} kWh" if w.kwh else "", f"{w.money:,.0f} {t.currency}") for w in e.waste
    )
    at = e.meter.at
    picture = plot(
        f"Power, kW, means of {e.meter.slot / 60:,.0f} min",
        at.tolist(),
        e.meter.kw.tolist(),
        Axis(float(at[0]), float(at[-1]), right=FULL - RIGHT),
        height=140.0,
        unit="kW",
        limit=p.base,
        floor_at=0.0,
    )
    peaks = tuple((local(e, k.at), f"{k.kw:,.4g} kW") for k in p.peaks[:6])
    return EnergyView(e.tag, not t.stated, tiles, waste, week_of(p.course), peaks, picture)


def local(e: EnergyPart, at: float) -> str:
    """On the plant's clock."""
    shown = float(e.clock.local(np.array([at]))[0])
    return f"{datetime.fromtimestamp(shown, UTC):%a %Y-%m-%d %H:%M}"
