"""On whose behalf this process works just now. Entries that are made meanwhile say so, wherever they are made.

A command of the machine's administrator acts for itself: then an entry names the user of the process. A server acts for
whoever asked it, and for each request somebody else; a context variable tells them apart, so that code which changes
something need not be handed who it is that asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Acting:
    """Who asked, what they were allowed (empty: nothing was asked), and how many entries were made of it since."""

    who: Mapping[str, Any]
    allowed: Mapping[str, Any] = field(default_factory=dict)
    entries: int = 0


_NOW: ContextVar[Acting | None] = ContextVar("linewarden_acting", default=None)


@contextlib.contextmanager
def acting(who: Mapping[str, Any], allowed: Mapping[str, Any] | None = None) -> Iterator[Acting]:
    """Until the end of this block, entries are theirs. `allowed`: the decision that stands in each of them."""
    found = Acting(who, allowed or {})
    token = _NOW.set(found)
    try:
        yield found
    finally:
        _NOW.reset(token)


def who_acts() -> Acting | None:
    """Whoever it is; None: the user of this process."""
    return _NOW.get()
