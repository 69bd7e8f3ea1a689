"""The notices of a lake and the cases that they make, kept while the lake grows: each file is read once, and what comes
after all others joins the cases as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from linewarden.cases.correlate import Correlation
from linewarden.cases.model import Case, Event
from linewarden.service.casing import Said, ranked, said_in, together


class Notices:
    """`assets`: address -> id of the asset; `partners`: see `casing.partners_of`. With others it begins anew."""

    def __init__(self, assets: Mapping[str, str], partners: Mapping[str, frozenset[str]]) -> None:
        self._assets, self._partners = assets, partners
        self._said: dict[Path, Said] = {}
        self._told: list[Event] = []
        self._board = Correlation(partners=partners)
        self._cases: dict[str, Case] = {}

    def read(self, files: Sequence[Path]) -> None:
        """These are all there are. Raises what reading a new one raises; what was known stays then."""
        self._said = {f: self._said.get(f) or said_in(f, self._assets) for f in files}
        told = together(list(self._said.values()))
        before = len(self._told)
        if told[:before] != self._told:  # one of them came again, came late, or went
            self._board, before = Correlation(partners=self._partners), 0
        for event in told[before:]:
            self._board.add(event)
        self._told = told

    def cases(self, weights: Mapping[str, float]) -> tuple[tuple[int, Case], ...]:
        """With their priority, the worst first. A case that nothing was added to is the same object as before."""
        found = self._board.cases()
        self._cases = {c.id: old if (old := self._cases.get(c.id)) == c else c for c in found}
        return ranked(self._cases.values(), weights)

    def lone(self) -> tuple[Event, ...]:
        """What is in no case."""
        within = {e.notice_id for case in self._cases.values() for e in case.events}
        return tuple(e for e in self._told if e.notice_id not in within)
