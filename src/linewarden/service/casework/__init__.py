"""What people do with cases: who works on one, what came of it, comments, steps, and notices that were acknowledged.

model.py   plain values          desk.py    the tables: each change with its entry in the audit log, or not at all
normal.py  what is said to be expected from now on: windows and "this is normal because ..."
"""

from __future__ import annotations

from linewarden.service.casework.desk import Desk
from linewarden.service.casework.model import (
    Acknowledged,
    CaseState,
    ChangedMeanwhileError,
    Comment,
    StepDone,
    Turn,
    Work,
)

__all__ = [
    "Acknowledged",  "CaseState", "ChangedMeanwhileError", "Comment", "Desk", "StepDone", "Turn", "Work",
]  # fmt: skip
