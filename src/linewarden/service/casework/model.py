"""What is kept of the work on cases, as plain values. Times are UTC with their zone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linewarden.errors import LinewardenError


class CaseState(StrEnum):
    """How far a case is. The last three are closed: it was what it looked like; harmless; or announced or usual."""

    OPEN = "open"
    IN_WORK = "in_work"
    TRUE = "true"
    BENIGN = "benign"
    EXPECTED = "expected"

    @property
    def closed(self) -> bool:
        """Nobody has to look any more."""
        return self not in (CaseState.OPEN, CaseState.IN_WORK)


@dataclass(frozen=True, slots=True)
class Work:
    """Of a case: state and assignee (id of an account, empty for nobody). `version` 0: nobody touched it yet."""

    case_id: str
    version: int = 0
    state: CaseState = CaseState.OPEN
    assignee: str = ""
    changed: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of a case: of `field` (`state` or `assignee`), which made it the version."""

    version: int
    ts: datetime
    by: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote."""

    id: int
    ts: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of a runbook that somebody did. `step`: see `step_id`."""

    step: str
    ts: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A notice that somebody has seen."""

    notice_id: str
    ts: datetime
    by: str


class ChangedMeanwhileError(LinewardenError):
    """Somebody else changed the case since it was read. `work` is what it is now, `turns` what they changed."""

    def __init__(self, work: Work, turns: tuple[Turn, ...]) -> None:
        super().__init__("somebody else changed this case meanwhile")
        self.work, self.turns = work, turns


def step_id(text: str) -> str:
    """A step by its text: where a runbook is written anew, its old ticks do not count for the new words."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
