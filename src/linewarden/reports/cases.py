"""Cases for a person in a terminal: the queue, and one case with timeline, matrix and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from linewarden.cases.model import STAGES, Case, technique_name
from linewarden.reports import words

_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def queue_view(ranked: Sequence[tuple[int, Case]], names: Mapping[str, str], lone: int) -> Group:
    """All cases, the most urgent first."""
    if not ranked:
        more = f" {words.plural(lone, 'noteworthy event')} of the last hour belong to none." if lone else ""
        return Group(Text(f"No cases.{more}"))
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("Priority", justify="right", no_wrap=True)
    table.add_column("Case", no_wrap=True)
    table.add_column("Began", no_wrap=True)
    table.add_column("What, and where", overflow="fold", ratio=1)
    for rank, case in ranked:
        what = Text(case.title)
        devices = words.listed((words.clean(names.get(a, a), 40) for a in case.assets), 3)
        what.append(f"  {devices}; {words.plural(case.count, 'event')}", style="dim")
        table.add_row(
            Text(str(rank), style=_STYLE[case.severity]), Text(case.id[:8]), Text(words.local(case.began)), what
        )
    return Group(table)


def case_view(rank: int, case: Case, names: Mapping[str, str]) -> Group:
    """One case in full."""
    head = Text(f"{case.title}", style="bold")
    head.append(f"  {case.severity}", style=_STYLE[case.severity])
    head.append(f"  priority {rank} of 100", style="dim")
    devices = words.listed((words.clean(names.get(a, a), 60) for a in case.assets), 8)
    parts: list[RenderableType] = [
        head, Text(f"{words.local(case.began)} to {words.local(case.until)}; {devices}", overflow="fold"),
    ]  # fmt: skip
    for meaning in dict.fromkeys(e.meaning for e in case.unexpected if e.meaning):
        parts.append(Text(meaning, overflow="fold"))
    parts += [Text(), _matrix(case), Text(), _timeline(case)]
    worst = case.worst
    parts += [Text(), Text("What to do first", style="bold")]
    parts += [Text(f"  {i}. {step}", overflow="fold") for i, step in enumerate(worst.runbook, 1)]
    if worst.benign:
        parts.append(Text(f"  Harmless if: {worst.benign}", style="dim", overflow="fold"))
    return Group(*parts)


def _matrix(case: Case) -> RenderableType:
    """The row of tactics, those that were seen with their techniques."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for tactic in STAGES:
        techniques = case.tactics.get(tactic, ())
        style = "bold" if techniques else "dim"
        said = ", ".join(technique_name(t) for t in techniques) or "-"
        grid.add_row(Text(tactic.replace("_", " "), style=style), Text(said, style=style))
    return grid


def _timeline(case: Case) -> RenderableType:
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("When", no_wrap=True)
    table.add_column("Weight", no_wrap=True)
    table.add_column("What", overflow="fold", ratio=1)
    table.add_column("Packet", overflow="fold", max_width=34)
    for e in case.events:
        said = Text(words.clean(e.msg, 400))
        if e.count > 1:
            said.append(f"  {e.count:,} times", style="dim")
        if e.why:
            said.append(f"\n{words.clean(e.why, 400)}", style="dim")
        if e.expected:
            said.append(f"\nexpected: {words.clean(e.expected, 200)}", style="green")
        packet = Text(words.clean(f"{e.capture}:{e.frame}"))
        table.add_row(Text(words.local(e.ts)), Text(e.severity, style=_STYLE[e.severity]), said, packet)
    return table
