"""From a state's and counters' values to the times of a machine: for command line and console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from linewarden.analytics.oee.measure import Times
from linewarden.analytics.oee.shifts import Shift, shift_of
from linewarden.analytics.oee.spans import Kind, Pieces, Span, from_counters
from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.analytics.oee.shifts import Window

HOUR = 3600e9
SECOND = 1_000_000_000
KINDS = (Kind.RUN, Kind.STOP, Kind.SETUP, Kind.PLANNED)
Counted = Sequence[tuple[int, float]]
"""A counter's states: ns UTC and value, by time."""


def kinds_of(texts: Mapping[str, str], flag: str = "--") -> dict[str, Kind]:
    """Value of the state -> what it means, from `1,2` of each kind. flag: what stands before a name in a message.

    Raises ConfigError where a value means two things."""
    out: dict[str, Kind] = {}
    for kind in KINDS:
        for word in filter(None, (w.strip() for w in texts.get(kind.value, "").split(","))):
            if word in out:
                raise ConfigError(f"{flag}{kind.value}: {word!r} stands in {flag}{out[word].value}, too")
            out[word] = kind
    return out


def check(
    *, state: bool, counter: bool, run: str, numbers: Mapping[str, float | None], flag: str = "--", way: str = ""
) -> None:
    """Whether so much was said that something follows. numbers: `ideal`, `micro` and `stale`, s. Raises ConfigError."""
    if not state and not counter:
        raise ConfigError(f"oee: give {flag}state, or {flag}made or {flag}good with {flag}ideal{way}")
    if state and not run:
        raise ConfigError(f"{flag}run: say at which values of {flag}state the machine runs, as 1 or 1,2")
    if not state and not numbers["ideal"]:
        raise ConfigError(f"{flag}ideal: without {flag}state the planned seconds a piece tell whether it runs")
    for name, value in numbers.items():
        if value is not None and (not 0 <= value < 1e9 or (name == "ideal" and value == 0)):
            raise ConfigError(f"{flag}{name}: {value:g} is no number of seconds that can be")


def pieces_of(made: Counted | None, good: Counted | None, rejected: Counted) -> list[Pieces]:
    """Of the counters that there are: all, good ones, rejected ones."""
    if made is not None and good is not None and not rejected:
        return _with_good(from_counters(made), from_counters(good))
    if made is not None:
        return from_counters(made, rejected)
    return [Pieces(p.at, p.made + p.rejected, p.rejected) for p in from_counters(good or [], rejected)]


def _with_good(made: list[Pieces], good: list[Pieces]) -> list[Pieces]:
    """Rejected is what was made and not counted as good."""
    fine: dict[int, float] = {}
    for p in good:
        fine[p.at] = fine.get(p.at, 0.0) + p.made
    out = [Pieces(p.at, p.made, p.made - fine.pop(p.at, 0.0)) for p in made]
    return sorted([*out, *(Pieces(at, 0.0, -n) for at, n in fine.items())], key=lambda p: p.at)


def spans_of(
    at: Sequence[int], words: Sequence[str], kinds: Mapping[str, Kind], stale: float, end: int, *, tag: str,
    flag: str = "--",
) -> list[Span]:  # fmt: skip
    """at: ns UTC. words: the state since then. stale: how long it holds, s. end: of the last one, ns.

    Raises ConfigError where the state never is what was said."""
    if not any(w in kinds for w in words):
        raise ConfigError(f"{flag}run: {tag!r} never is {', '.join(kinds)}; it is {', '.join(sorted(set(words))[:8])}")
    longest = round(stale * SECOND)
    ends = [*at[1:], max(end, at[-1])]
    return [
        Span(a, min(e, a + longest), kinds[w], f"state {w}")
        for a, e, w in zip(at, ends, words, strict=True)
        if w in kinds
    ]


def whole_days(by: str) -> tuple[Shift, ...]:
    """Where days are compared and no shift is known, each day is planned whole."""
    return (shift_of("00:00-24:00"),) if by == "day" else ()


def grouped(planned: Sequence[Window], by: str, zone: tzinfo) -> dict[str, list[Window]]:
    """by: "all" (no group), "shift" or "day"."""
    groups: dict[str, list[Window]] = {}
    for window in planned if by != "all" else ():
        name = window.name if by == "shift" else f"{datetime.fromtimestamp(window.begin / 1e9, zone):%Y-%m-%d %a}"
        groups.setdefault(name, []).append(window)
    return groups


def as_dict(t: Times) -> dict[str, Any]:
    """Figures 0..1 (None where not known), hours, pieces."""
    return {
        "oee": t.oee,
        "availability": t.availability,
        "performance": t.performance,
        "quality": t.quality,
        "availability_bounds": list(t.bounds) if t.bounds else None,
        "planned_h": t.planned / HOUR,
        "losses_h": t.losses,
        "stops": t.stops,
        "micro_stops": t.micro_stops,
        "made": t.made,
        "rejected": t.rejected,
        "made_in_unknown_time": t.made_unknown,
        "reasons_h": {r: n / HOUR for r, n in t.reasons.most_common()},
    }


def remarks(t: Times, flag: str = "--") -> list[str]:
    """What must be known of the figures, a sentence each."""
    out = []
    if t.unknown and t.bounds:
        out.append(
            f"Of {t.unknown / HOUR:,.2f} h no state is known: availability is between {t.bounds[0]:.1%} and "
            f"{t.bounds[1]:.1%}; figures are of the known time."
        )
    if t.made_unknown:
        out.append(f"{t.made_unknown:,.0f} pieces were made in that time and are in no figure.")
    if t.performance is None:
        out.append(f"Performance and OEE need {flag}ideal and a counter ({flag}made or {flag}good).")
    elif t.performance > 1.0:
        out.append(f"Performance above 100 %: pieces come faster than {flag}ideal says; it is too long.")
    return out
