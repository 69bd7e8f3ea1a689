"""The summary in the terminal: what matters first, in about 40 lines of 80 columns or more.

Everything is built of `Text`, never of rich's markup: a device that calls itself `[red]` is shown as it is. Colour only
repeats what a word says; rich leaves it out where NO_COLOR is set or the output is no terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from linewarden.plant.diff import PlantDiff
from linewarden.plant.model import Plant, Severity
from linewarden.reports import story, words
from linewarden.reports.diff_view import diff_view
from linewarden.reports.view import AssetRow, FindingView, PlantView, plant_view

MOST_ASSETS = 10
MOST_FINDINGS = 3
MOST_ROLES = 6
_STYLE = {
    "critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "", "ok": "green",
}  # fmt: skip


def plant_summary(plant: Plant) -> Group:
    """What was found, worst first: the tap, the exposures, then counts, the most important devices, next steps."""
    view = plant_view(plant)
    parts: list[RenderableType] = [_head(view)]
    parts += _findings("Worst exposures", view.exposures)
    parts += [_counts(plant), _protocols(view)]
    if view.assets:
        parts.append(_assets(plant, view))
    parts += _steps(story.next_steps(plant, 3))
    return Group(*parts)


def diff_summary(diff: PlantDiff) -> Group:
    """What has changed, most important first, at most 16 lines of changes."""
    view = diff_view(diff)
    lines = [_said(s.severity, s.text) for s in view.summary[:1]]
    table = _table("Weight", "Change")
    rows = sorted((row for group in view.groups for row in group.rows), key=lambda r: Severity(r.severity).order)
    for row in rows[:16]:
        table.add_row(_word(row.severity, row.word), Text(row.text, overflow="fold"))
    parts: list[RenderableType] = [*lines]
    if rows:
        parts += [Text(), table]
    if len(rows) > 16:
        parts.append(Text(f"  and {len(rows) - 16:,} more: see the report", style="dim"))
    return Group(*parts)


def _head(view: PlantView) -> RenderableType:
    """The sentences; the tap's verdict first, whether good or bad."""
    lines = [_said(view.verdict.severity, view.verdict.text)]
    lines += [_said(s.severity, s.text) for s in view.summary if s.text != view.verdict.text]
    return Group(*lines)


def _said(severity: str, text: str) -> RenderableType:
    mark = {"critical": "!!", "high": "! ", "medium": "- ", "ok": "ok"}.get(severity, "  ")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2)
    grid.add_column()
    grid.add_row(Text(mark, style=_STYLE.get(severity, "")), Text(text, overflow="fold"))
    return grid


def _word(severity: str, word: str) -> Text:
    return Text(word, style=_STYLE.get(severity, ""))


def _findings(title: str, found: Iterable[FindingView]) -> list[RenderableType]:
    """The worst ones that ask for something; nothing if there are none."""
    asks = [f for f in found if f.severity not in ("ok", "info")]
    if not asks:
        return []
    table = _table("Weight", title, "Devices")
    table.columns[0].no_wrap = True
    for finding in asks[:MOST_FINDINGS]:
        about = words.listed((link.name for link in finding.assets), 2)
        table.add_row(_word(finding.severity, finding.word), Text(finding.title), Text(about))
    more = len(asks) - MOST_FINDINGS
    parts: list[RenderableType] = [Text(), table]
    return [*parts, Text(f"  and {more:,} more: see the report", style="dim")] if more > 0 else parts


def _counts(plant: Plant) -> RenderableType:
    """One line of levels, one of roles."""
    devices = story.devices(plant)
    levels = Counter(a.level for a in devices)
    roles = Counter(a.role for a in devices)
    by_level = [
        f"{levels[at]:,} of unknown level" if at is None else f"{levels[at]:,} {name} ({at:g})"
        for at, name, _ in words.LEVELS
        if levels[at]
    ]
    # What "controllers" in the first sentence counts stands together.
    ranked = sorted(roles.items(), key=lambda r: (r[0] not in words.CONTROLLERS, -r[1]))
    by_role = [f"{count:,} {words.short_role(role, count)}" for role, count in ranked[:MOST_ROLES]]
    if others := sum(count for _, count in ranked[MOST_ROLES:]):
        by_role.append(f"{others:,} of other roles")
    grid = Table.grid(padding=(0, 2))
    for title, parts in (("Levels", by_level), ("Roles", by_role)):
        if parts:
            grid.add_row(Text(title, style="bold"), Text(", ".join(parts)))
    return Padding(grid, (1, 0, 0, 0))


def _protocols(view: PlantView) -> RenderableType:
    shown = [f"{p.name} {p.share * 100:.0f} %" for p in view.protocols[:6]]
    more = len(view.protocols) - len(shown)
    text = ", ".join(shown) + (f", and {more} more" if more > 0 else "")
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text("Traffic", style="bold"), Text(text or "no protocol was recognised"))
    return grid


def _assets(plant: Plant, view: PlantView) -> RenderableType:
    """The devices that matter most: those with findings, those that write, controllers."""
    table = _table("Device", "Address", "What it is", "Role", "Level", "Writers")
    table.expand, table.columns[2].ratio = True, 1  # the only column that gives way
    chosen = _important(plant, view)
    for row in chosen:
        address = row.ips[0] if row.ips else row.macs[0] if row.macs else ""
        made = " ".join(p for p in (row.vendor, row.model) if p)
        table.add_row(
            Text(words.clean(row.name, 17)),
            Text("" if address == row.name else words.clean(address, 17)),
            Text(made or "-"),
            Text(words.clean(words.short_role(row.asset.role), 14)),
            Text(row.level_key),
            Text(f"{len(row.asset.writers):,}" if row.asset.writers else "-"),
        )
    for column in table.columns:
        column.no_wrap, column.overflow = True, "ellipsis"
    more = view.devices - sum(not row.state for row in chosen)
    tail = [Text(f"  and {more:,} more: see the report", style="dim")] if more > 0 else []
    return Group(Text(), table, *tail)


def _important(plant: Plant, view: PlantView) -> list[AssetRow]:
    """At most MOST_ASSETS: some that serious findings name, some that write, the controllers most written to, then the
    rest in the table's order."""
    serious = (f for f in plant.exposures if f.severity in (Severity.CRITICAL, Severity.HIGH))
    named = Counter(i for f in serious for i in f.assets)
    asks = Counter(c.source for c in plant.conversations if story.changes(c))
    rows = {row.asset.id: row for row in view.assets if not row.asset.public}
    controllers = sorted(
        (r for r in view.assets if r.asset.role in words.CONTROLLERS), key=lambda r: (-len(r.asset.writers), r.index)
    )
    chosen = [rows[i] for i, _ in sorted(named.items(), key=lambda p: (-p[1], p[0])) if i in rows][:5]
    chosen += [rows[i] for i, _ in sorted(asks.items(), key=lambda p: (-p[1], p[0])) if i in rows][:4]
    chosen += controllers[:6] + list(view.assets[:MOST_ASSETS])
    return list({row.index: row for row in chosen}.values())[:MOST_ASSETS]


def _steps(steps: tuple[str, ...]) -> list[RenderableType]:
    if not steps:
        return []
    grid = Table.grid(padding=(0, 1))
    for at, step in enumerate(steps, 1):
        grid.add_row(Text(f"{at}."), Text(step))
    return [Text("\nNext", style="bold"), grid]


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False, header_style="bold")
    for head in heads:
        table.add_column(Text(head))
    return table
