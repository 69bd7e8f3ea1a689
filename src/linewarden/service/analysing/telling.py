"""An analysis in words and pictures: the view that the report draws, and its first sentences for the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from linewarden.analytics.survey.moments import kinds
from linewarden.reports.analysis_page import AnalysisView, ChangeRow, ModeRow, MomentRow, Said, TagRow
from linewarden.reports.plots import FULL, RIGHT, Axis, Plot, plot, sparkline
from linewarden.reports.values_view import number
from linewarden.reports.words import clean, listed, plural, sentence
from linewarden.service.analysing.telling_energy import energy_view
from linewarden.service.analysing.telling_shapes import mode_stripe, squares_of

if TYPE_CHECKING:
    from linewarden.analytics.survey.levels import Change
    from linewarden.analytics.survey.moments import Moment
    from linewarden.service.analysing.analysis import Analysis

MOST_MOMENTS = 8
MOST_CHANGES = 6
MOST_LIKE = 12
MOST_SQUARES = 48
AROUND = 1.5
"""Of a moment's length is drawn before and after it."""
QUESTIONS = {
    "Ewma": "its level is another than in the learned time",
    "MultivariateEwma": "this combination of levels was not seen before",
    "LaggedPca": "what moves together does not",
    "VirtualSensors": "a tag does not follow from the others as it did",
    "Novelty": "the tag never did this before",
}


def view_of(a: Analysis) -> AnalysisView:
    """All sections."""
    axis = axis_of(a)
    found = a.found
    moments = found.moments if found else ()
    families = kinds(moments)
    shown = tuple(f[0] for f in families[:MOST_MOMENTS])
    stripe = mode_stripe(a.modes.of, a.export.at, axis) if a.modes else ()
    square = squares_of(a.together, a.export.tags) if 3 <= len(a.together.order) <= MOST_SQUARES else None
    return AnalysisView(
        title(a),
        summary(a),
        tiles(a),
        _overview(a, axis, shown),
        tuple(_moment(a, f, k + 1) for k, f in enumerate(families[:MOST_MOMENTS])),
        sum(len(f) for f in families[MOST_MOMENTS:]),
        len(moments),
        no_moments(a),
        tuple(_change(a, c, axis) for c in sorted(a.changes, key=lambda c: -c.effect)[:MOST_CHANGES]),
        _flaws(a),
        notes(a),
        tuple(tuple(clean(a.export.tags[k], 60) for k in g) for g in a.together.groups[:12]),
        tuple(f"{clean(a.export.tags[x], 40)} and {clean(a.export.tags[y], 40)}" for x, y in a.together.twins[:20]),
        square,
        _modes(a),
        _mode_by(a),
        stripe,
        axis,
        energy_view(a.energy) if a.energy else None,
        _tags(a, axis),
        steps(a),
        how(a),
    )


def axis_of(a: Analysis) -> Axis:
    """All of the export's time."""
    return Axis(float(a.export.at[0]), float(a.export.at[-1]), a.export.counted, right=FULL - RIGHT)


def when(a: Analysis, at: float, *, short: bool = False) -> str:
    """An instant as the export has it: on its own clock, or the number of a row."""
    if a.export.counted:
        return f"row {at:,.0f}"
    if abs(at) < 10_000_000:
        return f"{at:,.0f} s"
    moment = datetime.fromtimestamp(float(np.floor(at)), UTC)
    return f"{moment:%Y-%m-%d %H:%M}" if short or not moment.second else f"{moment:%Y-%m-%d %H:%M:%S}"


def lasting(a: Analysis, seconds: float) -> str:
    """A span in the largest unit that fits."""
    if a.export.counted:
        return plural(int(seconds), "row")
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds:,.3g} s"


def title(a: Analysis) -> str:
    """The one sentence."""
    span = lasting(a, float(a.export.at[-1] - a.export.at[0]))
    if a.found is None:
        return sentence(f"{plural(len(a.export.tags), 'tag')} over {span}").rstrip(".")
    count = len(a.found.moments)
    what = f"{plural(count, 'moment')} that {'stands' if count == 1 else 'stand'} out"
    return sentence(f"{plural(len(a.export.tags), 'tag')} over {span}: {what}").rstrip(".")


def summary(a: Analysis) -> tuple[Said, ...]:
    """What a hurried reader should know."""
    out = []
    found, tags = a.found, a.export.tags
    if found and found.moments:
        first = found.moments[0]
        why = listed((clean(tags[k], 50) for k, share in first.why if share >= 0.1), 2)
        out.append(Said("high", f"Most of all {when(a, a.export.at[first.first])}, for {_long(a, first)}: {why}."))
        if found.alarmed > 0.3:
            out.append(
                Said(
                    "medium",
                    f"{found.alarmed:.0%} of what was judged is odd: the learned time may not be how the "
                    "plant usually runs. Say which is normal with --normal FROM..TO.",
                )
            )
    elif found:
        out.append(Said("ok", "Nothing is odd against the time that was learned."))
    grave = list(dict.fromkeys(clean(f.tag, 40) for f in a.flaws if f.grave))
    if grave:
        many = sentence(plural(len(grave), "tag"))[:-1]
        text = f"{many} should be looked at before results are believed: {listed(grave, 3)}."
        out.append(Said("medium", text))
    if a.changes:
        top = max(a.changes, key=lambda c: c.effect)
        tied = listed((clean(tags[k], 40) for k, _, _ in top.tags), 3)
        many = sentence(plural(len(a.changes), "change"))[:-1]
        text = f"{many} of level; the largest at {when(a, top.at, short=True)} in {tied}."
        out.append(Said("info", text))
    if a.energy:
        p, waste = a.energy.profile, a.energy.waste
        example = "" if a.energy.tariff.stated else ", at example prices"
        money = f"; {waste[0].kind}: {waste[0].money:,.0f} {a.energy.tariff.currency} a year{example}" if waste else ""
        out.append(Said("info", f"Energy: {p.mean:,.4g} kW on average, base load {p.base:,.4g} kW{money}."))
    return tuple(out)


def tiles(a: Analysis) -> tuple[tuple[str, str], ...]:
    """Figures with what they are."""
    export = a.export
    usual = lasting(a, export.usual) if not export.counted else "rows"
    return (
        (f"{len(export.tags):,}", "tags"),
        (f"{export.total:,}", "rows of the file"),
        (lasting(a, float(export.at[-1] - export.at[0])), "covered"),
        (usual, "between rows, usually"),
        (f"{len(export.gaps):,}", "gaps in time"),
        (f"{len(a.together.groups):,}", "groups that move together"),
    )


def no_moments(a: Analysis) -> str:
    """Why there is none."""
    if a.found is None:
        return f"Nothing was judged: {a.why_not}."
    return "No detector found anything odd in what it judged. Everything ran as in the time that was learned."


def notes(a: Analysis) -> tuple[str, ...]:
    """How the file was read, and what is wrong with its times."""
    e = a.export
    out = [f"Form: {e.form}.", *(sentence(clean(n, 300)) for n in e.notes)]
    if e.gaps:
        longest = max(e.gaps, key=lambda g: g[1] - g[0])
        out.append(
            sentence(f"{plural(len(e.gaps), 'gap')} without any row; the longest is")[:-1]
            + f" {lasting(a, longest[1] - longest[0])} from {when(a, longest[0])} on."
        )
    for count, what in (
        (e.repeated, "rows have a time that was there already: the last one counts"),
        (e.backwards, "times does the time go backwards: rows were put in order"),
        (e.undated, "rows have no time that can be read: they were left out"),
    ):
        if count:
            out.append(f"{count:,} {what}.")
    if e.empty:
        out.append(f"Without any number: {listed(clean(t, 40) for t in e.empty)}.")
    if e.texts:
        out.append(f"Words, which are not analysed: {listed((clean(t, 40) for t in e.texts), 6)}.")
    if e.piece:
        out.append(f"The means of {lasting(a, e.piece)} each were analysed; least and most below are of all values.")
    return tuple(out)


def steps(a: Analysis) -> tuple[str, ...]:
    """What to do with it."""
    out = []
    if a.found and a.found.moments:
        out.append("Show the numbered moments to who was there: what was it? What was harmless is normal from now on.")
    if not a.stated:
        out.append(
            "Say which time was good: linewarden analyse FILE --normal 2026-01-05..2026-01-19. Here the first third "
            "was taken, good or not."
        )
    if any(f.kind in ("frozen", "at its limit") for f in a.flaws):
        out.append("Have the frozen and cut-off sensors checked; leave them out until then: --without TAG.")
    if a.export.counted:
        out.append("Export with a column of time: days, weeks and energy need it.")
    if a.energy and not a.energy.tariff.stated:
        out.append("Write your prices into a file and run with --tariff; then linewarden energy for shifts and pieces.")
    if a.together.twins:
        out.append("Of tags that say the same one is enough: it makes alarms clearer.")
    out.append("Watch live instead of looking back: linewarden serve with a collector for this source.")
    return tuple(out)


def how(a: Analysis) -> tuple[str, ...]:
    """Methods and limits."""
    if a.found is None:
        return ("The file was read as it is; nothing was judged.",)
    export = a.export
    first, last = export.at[a.normal][0], export.at[a.normal][-1]
    who = "as was asked for" if a.stated else "the first third, since nobody said which time was good"
    out = [
        f"Learned: {when(a, first)} to {when(a, last)}, {who}; all else was judged.",
        f"Detectors: {', '.join(a.found.asked)} (docs/analytics.md), each with its one default and no label.",
    ]
    out += [f"{name} was left out: {why}." for name, why in a.found.left_out]
    out.append(
        "What was odd in the learned time counts as normal. A moment is a reason to look, no proof of a fault. "
        "Times are as in the file; of times with a zone, UTC."
    )
    return tuple(out)


def _long(a: Analysis, m: Moment) -> str:
    at = a.export.at
    step = a.export.piece or a.export.usual
    return lasting(a, float(at[m.last] - at[m.first]) + step)


def _overview(a: Analysis, axis: Axis, shown: tuple[Moment, ...]) -> Plot | None:
    if a.found is None:
        return None
    at = a.export.at
    learned = at[a.normal]
    shades = [(float(learned[0]), float(learned[-1]), "learned", "learned")]
    shades += [(float(at[m.first]), float(at[m.last]), "odd", str(k + 1)) for k, m in enumerate(shown)]
    return plot(
        "How odd, in limits",
        at.tolist(),
        a.found.score.tolist(),
        axis,
        height=150.0,
        shades=shades,
        limit=1.0,
        floor_at=-1.0,
        log=True,
    )


def _moment(a: Analysis, family: tuple[Moment, ...], number_: int) -> MomentRow:
    m, like = family[0], family[1 : 1 + MOST_LIKE]
    at, tags = a.export.at, a.export.tags
    why = tuple((clean(tags[k], 60), share) for k, share in m.why)
    names = listed((name for name, share in why if share >= 0.1), 2) or "no single tag"
    detail = " ".join(
        f"{name}: {QUESTIONS.get(name, 'odd')}, at {number(float(f'{score:.2g}'))} times its limit."
        for name, score in m.by
    )
    length = m.last - m.first + 1
    around = max(int(length * AROUND), 40)
    first, until = max(m.first - around, 0), min(m.last + around + 1, len(at))
    axis = Axis(float(at[first]), float(at[until - 1]), a.export.counted)
    shade = [(float(at[m.first]), float(at[m.last]), "odd", "")]
    plots = tuple(
        plot(
            _named(a, k),
            at[first:until].tolist(),
            a.export.rows[first:until, k].tolist(),
            axis,
            shades=shade,
            unit=a.export.facts[k].unit,
        )
        for k, _ in m.why[:3]
    )
    others = tuple(when(a, at[o.first], short=True) for o in like)
    return MomentRow(
        number_, names, when(a, at[m.first]), _long(a, m), detail, why[:5], plots, others, len(family) - 1 - len(like)
    )


def _named(a: Analysis, k: int) -> str:
    facts = a.export.facts[k]
    told = f", {facts.unit}" if facts.unit and facts.unit.lower() not in facts.name.lower() else ""
    return clean(facts.name, 70) + told


def _change(a: Analysis, c: Change, axis: Axis) -> ChangeRow:
    each = [f"{clean(a.export.tags[k], 50)} from {number(x)} to {number(y)}" for k, x, y in c.tags]
    k = c.tags[0][0]
    picture = plot(
        _named(a, k),
        a.export.at.tolist(),
        a.export.rows[:, k].tolist(),
        axis,
        shades=[(c.at, float(a.export.at[-1]), "after", "")],
        unit=a.export.facts[k].unit,
        means=True,
        height=84.0,
    )
    return ChangeRow(when(a, c.at, short=True), f"{listed(each, 4)}.", picture)


def _flaws(a: Analysis) -> tuple[tuple[str, str, str, bool], ...]:
    order = sorted(a.flaws, key=lambda f: (not f.grave, f.kind, f.tag))
    return tuple(
        (clean(f.tag, 60), f.kind, f.what + (f", from {when(a, f.begin)} on" if f.begin is not None else ""), f.grave)
        for f in order
    )


def _modes(a: Analysis) -> tuple[ModeRow, ...]:
    if a.modes is None:
        return ()
    return tuple(
        ModeRow(
            m.number, f"{m.share:.1%}", listed((f"{clean(a.export.tags[k], 40)} = {number(v)}" for k, v in m.what), 8)
        )
        for m in a.modes.modes
    )


def _mode_by(a: Analysis) -> str:
    if a.modes and a.modes.by == "states":
        return "By the tags that only take a few values, and how they were set together."
    return "Rows fall into clusters that are clearly apart; told are the tags that differ most, with their mean."


def _tags(a: Analysis, axis: Axis) -> tuple[TagRow, ...]:
    flaws: dict[str, list[tuple[str, bool]]] = {}
    for f in a.flaws:
        if (f.kind, f.grave) not in flaws.setdefault(f.tag, []):
            flaws[f.tag].append((f.kind, f.grave))
    spark = Axis(axis.first, axis.last, axis.counted, 0.0, 200.0)
    at = a.export.at.tolist()
    return tuple(
        TagRow(
            clean(f.name, 80),
            clean(f.unit, 12),
            sparkline(at, a.export.rows[:, k].tolist(), spark),
            f"between {number(f.low)} and {number(f.high)}",
            f"{f.count:,}",
            f"{f.missing:,}" if f.missing else "",
            number(f.low),
            number(f.mean),
            number(f.high),
            tuple(flaws.get(f.name, ())),
        )
        for k, f in enumerate(a.export.facts)
    )
