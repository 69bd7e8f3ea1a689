"""The tables in the terminal, and the JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import truth_map as tm
from _speed.rule import Goal
from rich.console import Console
from rich.table import Table

from .explained import Explanation
from .model import Difference, FileScore, Tally

SHOWN = 40
"""Differences shown of each protocol and kind; all are in the JSON."""


def summed(scores: Iterable[FileScore], what: str) -> dict[str, Tally]:
    """Tallies of `pairs`, `directions` or `identities` over files."""
    out: dict[str, Tally] = defaultdict(Tally)
    for s in scores:
        for name, tally in getattr(s, what).items():
            out[name].add(tally)
    return dict(out)


def misses(scores: Sequence[FileScore]) -> dict[str, list[str]]:
    """What is below each goal, in words; nothing of a goal that holds."""
    differences = (d for s in scores for d in s.differences)
    unequal = [d for d in differences if d.field == "packets" and not d.reason]
    missing = sum(s.bindings.wrong - s.bindings.explained for s in scores)
    functions = []
    pairs, sides = summed(scores, "pairs"), summed(scores, "directions")
    for p in tm.PROTOCOLS:
        for name, tallies in (("pair", pairs), ("direction", sides)):
            tally = tallies.get(p.name)
            if p.goal is not None and tally is not None and tally.right_explained < p.goal:
                functions.append(f"{p.name} by {name}: {tally.right_explained:.3f} % right, goal {p.goal:g} %")
    return {
        "files": [f"{s.file}: {s.error}" for s in scores if s.error],
        "packets": [f"packet counts differ in {len(unequal)} files"] if unequal else [],
        "functions": functions,
        "identities": [
            f"identity {name}: {tally.wrong - tally.explained} of {tally.truth} did not reach their asset"
            for name, tally in summed(scores, "identities").items()
            if tally.wrong > tally.explained
        ],
        "bindings": [f"{missing} MAC-to-IP pairs are missing"] if missing else [],
    }


def failures(scores: Sequence[FileScore]) -> list[str]:
    """What is below the goals; empty if all is well."""
    return [line for lines in misses(scores).values() for line in lines]


def goals(scores: Sequence[FileScore]) -> list[Goal]:
    """Each goal with its figures, for the last line."""
    missed = misses(scores)
    tallies = [*summed(scores, "pairs").items(), *summed(scores, "directions").items()]
    wanted = {p.name for p in tm.PROTOCOLS if p.goal is not None}
    judged = [(tally.right_explained, name) for name, tally in tallies if name in wanted]
    worst = f", the worst {min(judged)[0]:.3f} % ({min(judged)[1]})" if judged else ""
    identities = summed(scores, "identities").values()
    figures = {
        "files": f"{len(scores)} files read",
        "packets": f"{sum(s.packets[0] for s in scores):,} packets counted",
        "functions": f"function codes of {len({name for _, name in judged})} protocols{worst}",
        "identities": f"{sum(t.truth for t in identities):,} identity strings at their asset",
        "bindings": f"{sum(s.bindings.truth for s in scores):,} MAC-to-IP pairs",
    }
    return [Goal(figure, not missed[what]) for what, figure in figures.items()]


def print_all(console: Console, scores: Sequence[FileScore], stale: Sequence[Explanation]) -> None:
    """Tables first, then differences."""
    console.print(_packets(scores))
    console.print(_functions(scores))
    console.print(_identities(scores))
    extra = sum(len(s.extra_bindings) for s in scores)
    total = Tally()
    for s in scores:
        total.add(s.bindings)
    console.print(f"MAC to IP: {total.truth} pairs in the truth, {total.wrong} missing; {extra} more in our records.")
    _differences(console, [d for s in scores for d in s.differences])
    for e in stale:
        console.print(f"[yellow]explained.tsv: nothing (any more) fits[/] {e.file} {e.field} {e.pair} {e.value}")


def _packets(scores: Sequence[FileScore]) -> str:
    wrong = [s for s in scores if s.packets[0] != s.packets[1]]
    cut = [s for s in scores if s.truncated[0] != s.truncated[1]]
    return (
        f"Packets: {sum(s.packets[0] for s in scores):,} in {len(scores)} files, ours "
        f"{sum(s.packets[1] for s in scores):,}; {len(wrong)} files differ; truncated packets differ in {len(cut)}."
    )


def _functions(scores: Sequence[FileScore]) -> Table:
    table = Table(title="Function codes", title_justify="left")
    for name, side in (("protocol", "left"), ("files", "right"), ("truth", "right"), ("ours", "right"),
                       ("wrong", "right"), ("explained", "right"), ("right", "right"), ("by direction", "right"),
                       ("goal", "right")):  # fmt: skip
        table.add_column(name, justify="left" if side == "left" else "right")
    pairs, sides = summed(scores, "pairs"), summed(scores, "directions")
    for p in tm.PROTOCOLS:
        t, d = pairs.get(p.name, Tally()), sides.get(p.name, Tally())
        low = p.goal is not None and min(t.right_explained, d.right_explained) < p.goal
        table.add_row(
            p.name, str(len(t.files)), f"{t.truth:,}", f"{t.ours:,}", f"{t.wrong:,}", f"{t.explained:,}",
            f"[{'red' if low else 'green'}]{t.right:.3f} %[/]", f"{d.right:.3f} %",
            "-" if p.goal is None else f"{p.goal:g} %",
        )  # fmt: skip
    return table


def _identities(scores: Sequence[FileScore]) -> Table:
    table = Table(title="Identity strings that reach the asset of their sender", title_justify="left")
    table.add_column("key")
    for name in ("files", "truth", "reached", "explained", "missing"):
        table.add_column(name, justify="right")
    for name, t in sorted(summed(scores, "identities").items()):
        left = t.wrong - t.explained
        table.add_row(name, str(len(t.files)), str(t.truth), str(t.ours), str(t.explained or ""),
                      f"[red]{left}[/]" if left else "")  # fmt: skip
    return table


def _differences(console: Console, differences: Sequence[Difference]) -> None:
    groups: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    by_pair = {(d.file, d.field, d.value) for d in differences if d.kind == "pair"}
    for d in differences:
        # A difference by pair shows by direction too: once is enough here.
        if d.kind != "direction" or (d.file, d.field, d.value) not in by_pair:
            groups[d.kind, d.protocol].append(d)
    for (kind, protocol), found in sorted(groups.items()):
        open_ = [d for d in found if not d.reason]
        console.print(f"\n[bold]{kind} {protocol}[/]: {len(found)} differences, {len(found) - len(open_)} explained")
        for d in open_[:SHOWN]:
            line = f"  {d.file}  {d.field}  {d.pair}  {d.value!r}  truth {d.truth} ours {d.ours}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if len(open_) > SHOWN:
            console.print(f"  ... and {len(open_) - SHOWN} more (--json FILE has all)")


def as_json(scores: Sequence[FileScore], path: Path) -> None:
    """All numbers and differences."""

    def tallies(by: dict[str, Tally]) -> dict[str, Any]:
        return {
            n: {"files": len(t.files), "truth": t.truth, "ours": t.ours, "wrong": t.wrong, "explained": t.explained,
                "right": round(t.right, 4)}
            for n, t in sorted(by.items())
        }  # fmt: skip

    whole = {
        "pairs": tallies(summed(scores, "pairs")),
        "directions": tallies(summed(scores, "directions")),
        "identities": tallies(summed(scores, "identities")),
        "failures": failures(scores),
        "files": [
            {"file": s.file, "packets": s.packets, "truncated": s.truncated, "seconds": round(s.seconds, 3),
             "error": s.error, "not_scored": s.unread, "extra_bindings": s.extra_bindings, "zeek": s.zeek,
             "differences": [d.as_dict() for d in s.differences]}
            for s in scores
        ],
    }  # fmt: skip
    path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
