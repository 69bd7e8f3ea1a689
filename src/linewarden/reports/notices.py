"""Notices for a person in a terminal: worst first, each with the packet that proves it and what to do next.

Built of `Text`, never of markup: what a device says of itself stays what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from linewarden.plant.model import Severity
from linewarden.reports import words
from linewarden.reports.notice_line import NoticeLine

_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
MOST = 40
ID = 8
"""Characters of an id that are shown; the beginning will do wherever an id is asked for."""


def notices_view(lines: Sequence[NoticeLine], most: int = MOST) -> Group:
    """The table, then what to do about the worst kind."""
    if not lines:
        return Group(Text("Nothing that a detection looks for was found."))
    ordered = sorted(lines, key=lambda n: (Severity(n.severity).order, n.ts))
    parts: list[RenderableType] = [_counts(lines), Text(), _table(ordered[:most])]
    if len(ordered) > most:
        parts.append(Text(f"  and {len(ordered) - most:,} more: --json has all", style="dim"))
    worst = next((n for n in ordered if n.expected is None and n.severity in ("critical", "high", "medium")), None)
    return Group(*parts, *(_what_to_do(worst) if worst else ()))


def _counts(lines: Iterable[NoticeLine]) -> Text:
    counts: Mapping[str, int] = Counter(n.severity for n in lines)
    text = Text()
    for severity in (s for s in _STYLE if counts.get(s)):
        text.append(("  " if text else "") + f"{counts[severity]:,} {severity}", style=_STYLE[severity])
    return text


def _table(lines: Iterable[NoticeLine]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("Weight", no_wrap=True)
    table.add_column("When", no_wrap=True)
    table.add_column("What", overflow="fold", ratio=1)
    table.add_column("Id, packet", overflow="fold", max_width=34)
    for n in lines:
        said = Text(words.clean(n.msg, 400))
        tail = [*n.techniques, *([f"{n.count:,} times"] if n.count > 1 else [])]
        said.append(f"  {' '.join(tail)}", style="dim")
        if n.expected:
            said.append(f"  expected: {words.clean(n.expected, 120)}", style="green")
        table.add_row(
            Text(n.severity, style=_STYLE.get(n.severity, "")),
            Text(words.local(n.ts)),
            said,
            Text(words.clean(f"{n.id[:ID]}  {n.packet}" if n.id else n.packet)),
        )
    return table


def _what_to_do(worst: NoticeLine) -> list[RenderableType]:
    steps = [Text(f"  {i}. {step}", overflow="fold") for i, step in enumerate(worst.runbook, 1)]
    return [Text(), Text(f"{worst.title}: what to do first", style="bold"), *steps,
            Text(f"  Harmless if: {worst.benign}", style="dim", overflow="fold")]  # fmt: skip
