"""One value of a JSON document by its path: a singular query of RFC 9535 (2.3.5.1), also without `$`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_STEP = re.compile(r"""\.?(?P<key>[^.\[\]'"\s]+)|\[(?P<at>-?\d+)\]|\['(?P<one>[^']*)'\]|\["(?P<two>[^"]*)"\]""")
MISSING = object()
"""There is nothing at the path."""


def steps_of(path: str) -> tuple[str | int, ...]:
    """`$.machines[0].temp`, `machines[-1]['a b']` in steps; `$` or nothing: the whole. Raises ValueError."""
    rest = path.strip().removeprefix("$")
    found: list[str | int] = []
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise ValueError(f"{path} is no path to one value; use $.machines[0].temperature")
        if step["at"] is not None:
            found.append(int(step["at"]))
        else:
            found.append(next(k for k in (step["key"], step["one"], step["two"]) if k is not None))
        rest = rest[step.end() :]
    return tuple(found)


def at(document: Any, steps: Sequence[str | int]) -> Any:
    """What is there, or MISSING."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(document, list) or not -len(document) <= step < len(document):
                return MISSING
            document = document[step]
        else:
            if not isinstance(document, dict) or step not in document:
                return MISSING
            document = document[step]
    return document
