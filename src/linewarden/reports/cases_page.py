"""Cases for the report: what is wrong, as findings with who, what to do first, and each event with its packet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from linewarden.cases.model import Case, Event, technique_name
from linewarden.plant.model import Severity
from linewarden.reports import words
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
    return CasesView(tuple(_finding(r, c, rows, index) for r, c in told[:MOST]), len(told) - len(told[:MOST]))


@dataclass(frozen=True, slots=True)
class CasesReport:
    """Cases as a report of their own."""

    title: str
    tiles: tuple[tuple[str, str], ...]
    findings: tuple[FindingView, ...]


def cases_report(ranked: Sequence[tuple[int, Case]], names: Mapping[str, str]) -> CasesReport:
    """All of them, the worst first. What was expected is no case of its own."""
    told = [(rank, case) for rank, case in ranked if case.unexpected]
    assets = {a for _, case in told for a in case.assets}
    grave = sum(1 for _, c in told if c.severity in ("critical", "high"))
    tiles = (
        (f"{len(told):,}", "cases"), (f"{grave:,}", "critical or high"), (f"{len(assets):,}", "devices concerned"),
        (f"{sum(len(c.events) for _, c in told):,}", "events"),
    )  # fmt: skip
    count = f"{len(told):,} case{'s' if len(told) > 1 else ''}"
    title = f"{count}; the first: {words.clean(told[0][1].title)}" if told else "Nothing that needs somebody was found"
    return CasesReport(title, tiles, tuple(_named(_finding(r, c, (), {}), names) for r, c in told))


def _named(finding: FindingView, names: Mapping[str, str]) -> FindingView:
    links = tuple(Link(words.clean(names.get(a.name, a.name)), -1) for a in finding.assets)
    return replace(finding, assets=links)


def _finding(rank: int, case: Case, rows: tuple[AssetRow, ...], index: Mapping[str, int]) -> FindingView:
    worst, severity = case.worst, Severity(case.severity)
    techniques = ", ".join(dict.fromkeys(technique_name(t) for ts in case.tactics.values() for t in ts))
    began = f"Priority {rank} of 100, from {words.utc(case.began)}"
    detail = f"{worst.msg} {worst.meaning}".strip()
    return FindingView(
        kind=worst.note,
        severity=severity.value,
        word=words.SEVERITIES[severity],
        title=words.clean(case.title),
        detail=words.clean(f"{detail} {began}; ATT&CK for ICS: {techniques}.", 2000),
        next_step=words.clean(worst.runbook[0] if worst.runbook else "", 2000),
        assets=tuple(link(a, rows, index) for a in case.assets),
        proof=tuple(dict.fromkeys(map(_told, case.events))),
    )


def _told(event: Event) -> tuple[str, str]:
    times = f" ({event.count:,} times)" if event.count > 1 else ""
    expected = f" Expected: {event.expected}" if event.expected else ""
    said = f"{words.utc(event.ts)}, {event.severity}: {event.msg}{times}{expected}"
    return words.clean(said, 600), words.clean(f"{event.capture}:{event.frame}")
