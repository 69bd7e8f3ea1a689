"""A notice as it is shown. Imports nothing heavy: a program is told it without a terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What is shown of a notice. `packet` is capture:frame; `runbook` its first steps; times are ns UTC."""

    ts: int
    severity: str
    note: str
    title: str
    msg: str
    packet: str
    techniques: tuple[str, ...]
    count: int
    runbook: tuple[str, ...]
    benign: str
    expected: str | None = None
    id: str = ""
