"""Cases for the report: what is wrong, as findings with who, what to do first, and each event with its packet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from gettext import NullTranslations

from markupsafe import Markup

from linewarden.cases.model import Case, Event, technique_name
from linewarden.plant.model import Severity
from linewarden.reports import words
from linewarden.reports.language import case_title, said, translations
from linewarden.reports.view import AssetRow, FindingView, Link, link

MOST = 12


@dataclass(frozen=True, slots=True)
class CasesView:
    """The section: the worst cases, and how many more there are."""

    findings: tuple[FindingView, ...]
    left_out: int


def cases_view(ranked: Sequence[tuple[int, Case]], rows: tuple[AssetRow, ...]) -> CasesView:
    """`ranked`: priority and case, the worst first. What was expected is no case of its own."""
    index = {row.asset.id: row.index for row in rows}
    told = [(rank, case) for rank, case in ranked if case.unexpected]
    found = tuple(_finding(r, c, rows, index, "en") for r, c in told[:MOST])
    return CasesView(found, len(told) - len(told[:MOST]))


@dataclass(frozen=True, slots=True)
class CasesReport:
    """Cases as a report of their own."""

    title: str
    tiles: tuple[tuple[str, str], ...]
    findings: tuple[FindingView, ...]


def cases_report(ranked: Sequence[tuple[int, Case]], names: Mapping[str, str], language: str) -> CasesReport:
    """All of them, the worst first. What was expected is no case of its own."""
    texts = translations(language)
    told = [(rank, case) for rank, case in ranked if case.unexpected]
    assets = {a for _, case in told for a in case.assets}
    numbers = (
        (len(told), texts.gettext("cases")),
        (sum(1 for _, c in told if c.severity in ("critical", "high")), texts.gettext("critical or high")),
        (len(assets), texts.gettext("devices concerned")),
        (sum(len(c.events) for _, c in told), texts.gettext("events")),
    )
    tiles = tuple((words.grouped(number, language), caption) for number, caption in numbers)
    found = tuple(_named(_finding(r, c, (), {}, language), names) for r, c in told)
    return CasesReport(_title([c for _, c in told], texts, language), tiles, found)


def _title(cases: Sequence[Case], texts: NullTranslations, language: str) -> str:
    if not cases:
        return texts.gettext("Nothing that needs somebody was found")
    count = texts.ngettext("%(num)s case", "%(num)s cases", len(cases)) % {"num": words.grouped(len(cases), language)}
    first = words.clean(case_title(cases[0].title, texts))
    return texts.gettext("%(count)s; the first: %(case)s") % {"count": count, "case": first}


def _named(finding: FindingView, names: Mapping[str, str]) -> FindingView:
    links = tuple(Link(words.clean(names.get(a.name, a.name)), -1) for a in finding.assets)
    return replace(finding, assets=links)


def _finding(
    rank: int, case: Case, rows: tuple[AssetRow, ...], index: Mapping[str, int], language: str
) -> FindingView:  # fmt: skip
    texts, worst, severity = translations(language), case.worst, Severity(case.severity)
    techniques = ", ".join(dict.fromkeys(technique_name(t) for ts in case.tactics.values() for t in ts))
    how = texts.gettext("Priority %(number)s of 100, from %(time)s; ATT&CK for ICS: %(techniques)s.")
    ranked = how % {"number": rank, "time": words.utc(case.began), "techniques": techniques}
    return FindingView(
        kind=worst.note,
        severity=severity.value,
        word=texts.gettext(words.SEVERITIES[severity]),
        title=words.clean(case_title(case.title, texts)),
        said=words.clean(worst.msg, 2000),
        detail=words.clean(f"{said(worst.meaning, texts)} {ranked}".strip(), 2000),
        next_step=words.clean(said(worst.runbook[0] if worst.runbook else "", texts), 2000),
        assets=tuple(link(a, rows, index) for a in case.assets),
        proof=tuple(dict.fromkeys(_told(e, texts, language) for e in case.events)),
    )


def _told(event: Event, texts: NullTranslations, language: str) -> tuple[Markup, str]:
    """What was said, marked as English, and the packet."""
    more = []
    if event.count > 1:
        more.append(texts.gettext("(%(number)s times)") % {"number": words.grouped(event.count, language)})
    if event.expected:
        more.append(texts.gettext("Expected: %(why)s") % {"why": event.expected})
    line = Markup('{}, {}: <span lang="en">{}</span>{}')
    when, severity, rest = words.utc(event.ts), texts.gettext(event.severity), words.clean(" ".join(more))
    what = line.format(when, severity, words.clean(event.msg, 600), f" {rest}" if rest else "")
    return what, words.clean(f"{event.capture}:{event.frame}")
