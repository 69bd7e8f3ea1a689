"""A person says that a time was normal: the machine learns its rows, and is made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.service.analysing.analysis import Analysis
from linewarden.service.analysing.over_lake import readings_between
from linewarden.service.lake import open_lake
from linewarden.service.lake_files import reading

if TYPE_CHECKING:
    from linewarden.service.analysing.machine import Machine
    from linewarden.service.analysing.settings import Analytics


def approve(machine: Machine, lake: Path, begin: int, end: int, said: Analytics) -> int:
    """Learns the machine's rows of a lake from `begin` to `end`, ns UTC; gives how many. Raises StoreError."""
    there = open_lake(lake)
    analysis = Analysis(said)
    analysis.machines[machine.name] = machine
    before = machine.rows
    machine.next_fit = 2**62  # all that comes is learned, and nothing is judged
    machine.model = None
    with reading(lake):
        for rows in readings_between(there, begin, end, sorted(machine.sources)):
            analysis.take("reading", rows)
        analysis.end()
    learned = machine.rows - before
    machine.next_fit = 0 if before >= machine.wanted.learn_rows else max(before, machine.wanted.first_rows)
    machine.blocks.finish()
    machine.edit += 1
    return learned
