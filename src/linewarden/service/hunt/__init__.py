"""SQL of people over the lake's records: only what they may see, only to look, and never too much of the machine.

Each query runs in a process of its own (worker.py), which sees views or copies of what its caller may see (sight.py),
whose statement was looked through before (guard.py), and which ends, one way or another, in its time (desk.py).
docs/hunt.md says what each of these stands against.
"""

from __future__ import annotations

from linewarden.service.hunt.desk import Desk, Limits, Question, Result
from linewarden.service.hunt.sight import Sight

__all__ = ["Desk", "Limits", "Question", "Result", "Sight"]
