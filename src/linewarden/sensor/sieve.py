"""Rows that somebody may want, found within the engine: the others never become objects of Python.

What is asked is made of the needs of detections (`linewarden.detections.wanted`); what cannot be told here is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from linewarden import _engine

ALWAYS, MAYBE = "always", "maybe"
"""Tests by which nothing is left out: each row is wanted, and of no row it can be told."""


class Sieve:
    """Leaves out of batches what nobody wants. `tests`: by stream; of a stream without one everything is wanted."""

    def __init__(self, tests: Mapping[str, Any]) -> None:
        self._sieves: dict[str, Any] = {}
        for stream, test in tests.items():
            try:
                if test not in (ALWAYS, MAYBE):
                    self._sieves[stream] = _engine.Sieve(json.dumps(test))
            except ValueError:  # a pattern that the engine does not know: then all is wanted
                continue

    def wanted(self, stream: str, batch: Any) -> Any:
        """The rows of an engine's batch that may be wanted, as another one; or all of them."""
        sieve = self._sieves.get(stream)
        return batch if sieve is None else sieve.wanted(batch)
