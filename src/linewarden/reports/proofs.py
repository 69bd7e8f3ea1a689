"""The records behind the notices of a case, for a person in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from linewarden.cases.model import Case
from linewarden.reports import words

MOST_ROWS = 24
"""Records of a case that are shown; `--json` has more."""
OF_ONE = 4
"""Records of one notice that are shown."""
_KNOWN = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")


class Proof(Protocol):
    """A record as the service hands it over."""

    @property
    def stream(self) -> str:
        """Its stream."""

    @property
    def ts(self) -> int:
        """When, ns UTC."""

    @property
    def frame(self) -> int:
        """Its packet."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it says."""


def evidence_view(case: Case, proofs: Mapping[str, Sequence[Proof]]) -> RenderableType:
    """What the packets of the notices say, in fields."""
    shown, more = _shown(case, proofs)
    head = Text("Evidence", style="bold")
    if not shown:
        return Group(Text(), head, Text("  The lake has no records of these packets.", style="dim"))
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("When", no_wrap=True)
    table.add_column("Packet", justify="right", no_wrap=True)
    table.add_column("Record", no_wrap=True)
    table.add_column("Fields", overflow="fold", ratio=1)
    for proof in shown:
        table.add_row(
            Text(words.local(proof.ts)), Text(str(proof.frame)), Text(proof.stream), Text(fields_line(proof.fields))
        )
    parts: list[RenderableType] = [Text(), head, table]
    if more:
        parts.append(Text(f"and {words.plural(more, 'record')} more: --json", style="dim"))
    return Group(*parts)


def _shown(case: Case, proofs: Mapping[str, Sequence[Proof]]) -> tuple[list[Proof], int]:
    """The first records of each notice, each once, and how many there are beside."""
    every: dict[tuple[int, int, str, str], Proof] = {}
    first: dict[tuple[int, int, str, str], Proof] = {}
    for event in case.events:
        for n, proof in enumerate(proofs.get(event.notice_id, ())):
            key = (proof.ts, proof.frame, proof.stream, repr(proof.fields))
            every[key] = proof
            if n < OF_ONE:
                first[key] = proof
    shown = list(first.values())[:MOST_ROWS]
    return shown, len(every) - len(shown)


def fields_line(fields: Mapping[str, Any]) -> str:
    """Who to whom, and the other fields as `name=value`."""
    ends = [
        words.clean(fields[f"id.{end}_h"], 60) + (f":{fields[f'id.{end}_p']}" if f"id.{end}_p" in fields else "")
        for end in ("orig", "resp")
        if f"id.{end}_h" in fields
    ]
    said = [f"{name}={words.clean(value, 120)}" for name, value in fields.items() if name not in _KNOWN]
    return "  ".join([*([" > ".join(ends)] if ends else []), *said])
