"""The energy of an export, where a tag of it is a meter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from linewarden.analytics.energy.load import Clock, Meter
    from linewarden.analytics.energy.profile import Profile
    from linewarden.analytics.energy.tariff import Bill, Tariff
    from linewarden.analytics.energy.waste import Waste
    from linewarden.analytics.oee.shifts import Shift
    from linewarden.service.surveying.export import Export

SCALES = {"w": ("power", 1e-3), "kw": ("power", 1.0), "mw": ("power", 1e3), "wh": ("energy", 1e-3),
          "kwh": ("energy", 1.0), "mwh": ("energy", 1e3)}  # fmt: skip
NAMES = re.compile(r"(?i)(power|leistung|usage|consum|verbrauch|energy|energie|demand|load|wirk|meter|zähler)")
REACTIVE = re.compile(r"(?i)^k?varh?$")
NOT_ACTIVE = re.compile(r"(?i)(reactive|blind|factor|apparent|schein)")


@dataclass(frozen=True)
class EnergyPart:
    """What a meter's tag says of energy. tariff.stated tells whether prices are the site's."""

    tag: str
    kind: str
    meter: Meter
    clock: Clock
    profile: Profile
    bill: Bill
    waste: tuple[Waste, ...]
    tariff: Tariff


def meter_tag(export: Export) -> tuple[str, str, float] | None:
    """The tag that is a meter of active energy or power, its kind, and what its values are to be multiplied with."""
    best: list[tuple[int, float, str, str, float]] = []
    for facts in export.facts:
        scale = SCALES.get(facts.unit.lower())
        if scale is None or facts.low == facts.high or NOT_ACTIVE.search(facts.name):
            continue
        kind = "counter" if scale[0] == "energy" and _rises(export, facts.name) else scale[0]
        best.append((bool(NAMES.search(facts.name)), facts.mean * scale[1], facts.name, kind, scale[1]))
    return max(best)[2:] if best else None


def energy_of(
    export: Export, tariff: Tariff | None = None, zone: str = "UTC", *, tag: str | None = None,
    kind: str | None = None, shifts: tuple[Shift, ...] = (), good: str | None = None, parts: tuple[str, ...] = (),
) -> EnergyPart | None:  # fmt: skip
    """None where no tag is a meter, or it says too little. tag, kind: where a person says which. Raises ValueError."""
    from linewarden.analytics.energy.load import Clock
    from linewarden.analytics.energy.profile import profile
    from linewarden.analytics.energy.tariff import Tariff
    from linewarden.analytics.energy.waste import found

    chosen = (tag, kind or _kind(export, tag), _scale(export, tag)) if tag else meter_tag(export)
    if chosen is None or export.counted:
        return None
    meter = _meter(export, *chosen)
    if meter is None or np.isfinite(meter.kwh).sum() < 8:
        return None
    clock, prices = Clock(zone), tariff or Tariff()
    made = slots_of(export, good, meter) if good else None
    each = {name: _part(export, name, meter) for name in parts}
    return EnergyPart(
        chosen[0], chosen[1], meter, clock, profile(meter, clock, shifts, each), prices.bill(meter, clock),
        found(meter, clock, prices, shifts, made), prices,
    )  # fmt: skip


def slots_of(export: Export, tag: str, meter: Meter) -> np.ndarray:
    """(n,) what a counter or a count of pieces rose by in each slot of the meter."""
    at, values = _known(export, tag)
    grown = np.maximum(np.diff(values, prepend=values[0]), 0.0) if _rises(export, tag) else values
    place = np.floor((at - meter.at[0]) / meter.slot).astype(np.int64)
    inside = (place >= 0) & (place < len(meter))
    return np.bincount(place[inside], grown[inside], len(meter))


def _part(export: Export, tag: str, meter: Meter) -> np.ndarray:
    """(n,) kWh of a sub-meter in the slots of the meter. Raises ValueError where it says too little."""
    sub = _meter(export, tag, _kind(export, tag), _scale(export, tag))
    if sub is None:
        raise ValueError(f"{tag!r} has too few values for a sub-meter")
    place = np.round((sub.at - meter.at[0]) / meter.slot).astype(np.int64)
    inside = (place >= 0) & (place < len(meter)) & (sub.slot == meter.slot)
    kwh = np.full(len(meter), np.nan)
    kwh[place[inside]] = sub.kwh[inside]
    return kwh


def _meter(export: Export, tag: str, kind: str, scale: float) -> Meter | None:
    from linewarden.analytics.energy.load import SLOT, Meter, metered

    at, values = _known(export, tag)
    if len(at) < 8:
        return None
    step = export.piece or export.usual
    slot = SLOT if step <= SLOT else float(np.ceil(step / SLOT) * SLOT)
    each = export.piece / export.usual if export.piece else 1.0
    more = each if kind == "energy" else 1.0
    begins, kwh = metered(at, values * scale * more, kind, slot)
    others = {}
    for facts in export.facts:
        if REACTIVE.match(facts.unit) and "lead" not in facts.name.lower() and facts.high > facts.low:
            at2, values2 = _known(export, facts.name)
            energy = "h" in facts.unit.lower()
            begins2, kvarh = metered(at2, values2 * (each if energy else 1.0), "energy" if energy else "power", slot)
            if len(begins2) == len(begins):
                others["kvarh"] = kvarh
                break
    return Meter(begins, kwh, slot, others)


def _known(export: Export, tag: str) -> tuple[np.ndarray, np.ndarray]:
    values = export.rows[:, export.tags.index(tag)]
    there = np.isfinite(values)
    return export.at[there], values[there]


def _rises(export: Export, tag: str) -> bool:
    """A counter: it hardly ever falls, and rises often."""
    steps = np.diff(_known(export, tag)[1])
    return len(steps) > 10 and bool((steps >= 0).mean() > 0.99) and bool((steps > 0).mean() > 0.05)


def _kind(export: Export, tag: str) -> str:
    unit = next(f.unit for f in export.facts if f.name == tag).lower()
    kind = SCALES.get(unit, ("power", 1.0))[0]
    return "counter" if kind == "energy" and _rises(export, tag) else kind


def _scale(export: Export, tag: str) -> float:
    return SCALES.get(next(f.unit for f in export.facts if f.name == tag).lower(), ("power", 1.0))[1]
