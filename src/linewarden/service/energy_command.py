"""`linewarden energy`: base load, peaks, waste in money, energy for each piece, the next quarter of an hour."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.analyse_command import need_analytics, tariff_file, zone_checked

if TYPE_CHECKING:
    import numpy as np

    from linewarden.analytics.energy.forecast import Forecast
    from linewarden.analytics.energy.profile import PerPiece
    from linewarden.analytics.oee.shifts import Shift
    from linewarden.service.options import Commands
    from linewarden.service.surveying.energy import EnergyPart
    from linewarden.service.surveying.export import Export

ENERGY = """examples:
  linewarden energy meter.csv                                  the meter is found by its unit (kW, kWh ...)
  linewarden energy meter.parquet --tariff tariff.toml --zone Europe/Berlin
  linewarden energy lake/ --tag "10.0.0.9 total power" --kind power
  linewarden energy meter.csv --shift "early=mon-fri 06:00-14:00" --shift "late=mon-fri 14:00-22:00"
  linewarden energy line.csv --tag Power_kW --good Pieces_OK --part Press_kW --part Oven_kW
  linewarden energy meter.csv --forecast --json                the next 15 minutes, with an interval
Without --tariff money is at example prices, and says so. docs/energy.md tells how everything is counted.
"""
BLOCKS = "▁▁▂▃▄▅▆▇█"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def add_energy(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add("energy", "what a meter says: base load, peaks, waste in money, forecast", ENERGY, run_energy)
    add: Any = parser.add_argument
    add("source", type=Path, metavar="SOURCE", help="Parquet or CSV, or a lake")
    add("--tag", metavar="TAG", help="the meter, if it is not found by its unit")
    add(
        "--kind",
        choices=("power", "energy", "counter"),
        help="kW at an instant, kWh since the last reading, or a counter of kWh (default: by its unit)",
    )
    add("--part", action="append", default=[], metavar="TAG", help="a sub-meter: who made the peaks (again for more)")
    add("--good", metavar="TAG", help="good pieces: a counter, or pieces since the last reading")
    add("--shift", action="append", default=[], metavar="SHIFT", help="as early=mon-fri 06:00-14:00 (again for more)")
    add("--tariff", type=Path, metavar="TOML", help="your prices")
    add("--zone", default="UTC", metavar="ZONE", help="the plant's time zone, as Europe/Berlin")
    add("--time", metavar="COLUMN", help="the column of time, if it is not found")
    add("--forecast", action="store_true", help="the slot that follows the last one, with an interval of 90 %%")
    add("--json", action="store_true", help="for a program")


def run_energy(args: argparse.Namespace) -> int:
    """Reads the meter, tells what it says."""
    need_analytics()
    from linewarden.service.surveying.energy import energy_of
    from linewarden.service.surveying.export import load

    shifts, tariff = shifts_of(args.shift), tariff_file(args.tariff)
    zone_checked(args.zone)
    export = load(args.source, time=args.time, most=200_000)
    for name in (args.tag, args.good, *args.part):
        if name and name not in export.tags:
            raise ConfigError(f"{args.source}: no tag {name!r}; there are {', '.join(export.tags[:12])}")
    if export.counted:
        raise ConfigError(f"{args.source}: no column of time; name it with --time")
    try:
        found = energy_of(
            export,
            tariff,
            args.zone,
            tag=args.tag,
            kind=args.kind,
            shifts=shifts,
            good=args.good,
            parts=tuple(args.part),
        )
        pieces = _pieces(export, found, args.good)
    except ValueError as error:
        raise ConfigError(f"{args.source}: {error}") from None
    if found is None:
        raise ConfigError(
            f"{args.source}: no tag with a unit of power or energy in its name (kW, kWh ...) and enough values; "
            f"say which with --tag and --kind; there are {', '.join(export.tags[:12])}"
        )
    ahead = _forecast(found, args) if args.forecast else None
    if args.json:
        told = energy_as_dict(found, pieces, ahead)
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    else:
        _show(found, pieces, ahead)
    return 0


def shifts_of(texts: list[str]) -> tuple[Shift, ...]:
    """Raises ConfigError."""
    from linewarden.analytics.oee.shifts import shift_of

    try:
        return tuple(map(shift_of, texts))
    except ValueError as error:
        raise ConfigError(f"--shift: {error}") from None


def energy_as_dict(e: EnergyPart, pieces: PerPiece | None = None, ahead: Forecast | None = None) -> dict[str, Any]:
    """For a program: kWh, kW, money in the tariff's currency; times in seconds since 1970."""
    p, t = e.profile, e.tariff
    return {
        "tag": e.tag,
        "kind": e.kind,
        "slot_s": e.meter.slot,
        "kwh": p.kwh,
        "mean_kw": p.mean,
        "base_kw": p.base,
        "load_factor": p.load_factor,
        "missing_share": p.missing,
        "peaks": [{"at": k.at, "kw": k.kw, "by": [{"tag": n, "kw": v} for n, v in k.by]} for k in p.peaks],
        "weekdays": [_group(g) for g in p.days],
        "shifts": [_group(g) for g in p.shifts],
        "currency": t.currency,
        "prices_are_examples": not t.stated,
        "bill": {"energy": e.bill.energy, "demand": e.bill.demand, "reactive": e.bill.reactive, "total": e.bill.total},
        "waste": [
            {"kind": w.kind, "what": w.what, "how": w.how, "kwh_a_year": w.kwh, "money_a_year": w.money}
            for w in e.waste
        ],
        "per_piece": None
        if pieces is None
        else {
            "kwh": pieces.kwh,
            "good": pieces.good,
            "fixed_kw": pieces.fixed,
            "each_kwh": pieces.each,
            "explained": pieces.explained,
        },
        "next": None
        if ahead is None
        else {
            "at": float(ahead.at[0]),
            "kwh": float(ahead.kwh[0]),
            "low": float(ahead.low[0]),
            "high": float(ahead.high[0]),
        },
    }


def _group(g: Any) -> dict[str, Any]:
    return {"name": g.name, "kwh": g.kwh, "mean_kw": g.kw, "base_kw": g.base, "peak_kw": g.peak, "share": g.share}


def _pieces(export: Export, found: EnergyPart | None, good: str | None) -> PerPiece | None:
    if found is None or not good:
        return None
    from linewarden.analytics.energy.profile import per_piece
    from linewarden.service.surveying.energy import slots_of

    return per_piece(found.meter, slots_of(export, good, found.meter))


def _forecast(found: EnergyPart, args: argparse.Namespace) -> Forecast:
    try:
        import lightgbm  # noqa: F401
    except ImportError:
        raise ConfigError("--forecast: needs lightgbm: pip install 'linewarden[analytics]'") from None
    from linewarden.analytics.energy.forecast import LoadForecast, TooShortError

    model = LoadForecast(found.clock)
    try:
        model.learn(found.meter)
        return model.after(found.meter)
    except TooShortError as error:
        raise ConfigError(f"{args.source}: --forecast: {error}") from None


def _show(e: EnergyPart, pieces: PerPiece | None, ahead: Forecast | None) -> None:
    from rich.text import Text

    from linewarden.service.surveying.telling_energy import local
    from linewarden.service.tables import catalogue_table, console

    screen, p, t = console(sys.stdout), e.profile, e.tariff
    screen.print(
        Text(f"{e.tag}: {p.kwh:,.0f} kWh, {p.mean:,.4g} kW on average, base load {p.base:,.4g} kW", style="bold")
    )
    screen.print(
        Text(
            f"Highest demand {p.peak.kw:,.4g} kW on {local(e, p.peak.at)}; load factor {p.load_factor:.0%}"
            + (f"; {p.missing:.0%} of the time is missing" if p.missing > 0.001 else "")
        )
    )
    screen.print(
        Text(
            f"Costs {e.bill.total:,.0f} {t.currency}: energy {e.bill.energy:,.0f}, demand {e.bill.demand:,.0f}, "
            f"reactive {e.bill.reactive:,.0f}" + ("" if t.stated else " (example prices: --tariff)")
        )
    )
    if pieces:
        screen.print(
            Text(
                f"Each good piece {pieces.kwh:,.4g} kWh; one more takes {pieces.each:,.4g} kWh, and "
                f"{pieces.fixed:,.4g} kW go on whatever is made (R2 {pieces.explained:.2f})"
            )
        )
    if ahead:
        screen.print(
            Text(
                f"Next, {local(e, float(ahead.at[0]))}: {ahead.kwh[0]:,.4g} kWh, 90 % between {ahead.low[0]:,.4g} "
                f"and {ahead.high[0]:,.4g}"
            )
        )
    rows = [
        (
            g.name,
            f"{g.kw:,.4g}",
            f"{g.base:,.4g}",
            f"{g.peak:,.4g}",
            f"{g.share:.0%}",
            _bars(e.profile.course[DAYS_AT[g.name]]) if g.name in DAYS_AT else "",
        )
        for g in (*p.days, *p.shifts)
    ]
    screen.print(catalogue_table(("", "Mean kW", "Base kW", "Peak kW", "Share", "0 h to 24 h"), rows))
    peaks = [(local(e, k.at), f"{k.kw:,.4g}", ", ".join(f"{n} +{v:,.3g}" for n, v in k.by[:3])) for k in p.peaks[:5]]
    screen.print(catalogue_table(("Peaks", "kW", "More than usual, kW" if peaks[0][2] else ""), peaks))
    if e.waste:
        lost = [(w.kind, f"{w.kwh:,.0f}" if w.kwh else "", f"{w.money:,.0f}", w.what) for w in e.waste]
        screen.print(catalogue_table(("Waste", "kWh a year", f"{t.currency} a year", "What was seen"), lost))
    else:
        print("No waste was found by these rules.")


DAYS_AT = {name.lower(): k for k, name in enumerate(DAYS)}


def _bars(kw: np.ndarray) -> str:
    """24 bars, as high as the power is against the highest of that day."""
    import numpy as np

    hours = [h[np.isfinite(h)].mean() if np.isfinite(h).any() else 0.0 for h in np.array_split(kw, 24)]
    top = max(hours) or 1.0
    return "".join(BLOCKS[max(0, min(int(h / top * 8.49), 8))] for h in hours)
