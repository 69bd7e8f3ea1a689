"""Words of the pages of cases."""

from __future__ import annotations

from collections.abc import Mapping

from linewarden.service.casework import CaseState

STATES: Mapping[CaseState, str] = {
    CaseState.OPEN: "open",
    CaseState.IN_WORK: "in work",
    CaseState.TRUE: "closed: it was real",
    CaseState.BENIGN: "closed: harmless",
    CaseState.EXPECTED: "closed: expected",
}


def case_state(state: str) -> str:
    """How far a case is, for a person."""
    return STATES[CaseState(state)]
