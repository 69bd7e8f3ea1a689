"""Which units a meter has: of power or of energy, and what makes kW or kWh of its values."""

from __future__ import annotations

from typing import NamedTuple


class MeterUnit(NamedTuple):
    """kind: "power" or "energy". scale: kW or kWh of one of its unit."""

    kind: str
    scale: float


UCUM = {
    "W": MeterUnit("power", 1e-3), "kW": MeterUnit("power", 1.0), "MW": MeterUnit("power", 1e3),
    "W.h": MeterUnit("energy", 1e-3), "kW.h": MeterUnit("energy", 1.0), "MW.h": MeterUnit("energy", 1e3),
    "kJ": MeterUnit("energy", 1 / 3600), "MJ": MeterUnit("energy", 1 / 3.6), "GJ": MeterUnit("energy", 1e3 / 3.6),
}  # fmt: skip
"""By UCUM's codes, in which mW and MW are two things."""
IN_NAMES = {"w": UCUM["W"], "kw": UCUM["kW"], "mw": UCUM["MW"], "wh": UCUM["W.h"], "kwh": UCUM["kW.h"],
            "mwh": UCUM["MW.h"]}  # fmt: skip
"""As names of tags end in them, where nobody means milliwatts."""


def meter_unit(ucum: str, *names: str) -> MeterUnit | None:
    """Of a tag by its unit, or where nobody said one by its names; None where it is no meter of active energy."""
    if ucum:
        return UCUM.get(ucum)
    from linewarden.service.surveying.columns import unit_of

    return next((IN_NAMES[u] for u in (unit_of(n).lower() for n in names) if u in IN_NAMES), None)
