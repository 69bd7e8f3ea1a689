"""Rows that somebody may want, found within the engine: the others never become objects of Python.

What is asked is made of the needs of detections (`linewarden.detections.wanted`); what cannot be told here is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from linewarden import _engine

ALWAYS, MAYBE = "always", "maybe"
"""Tests by which nothing is left out: each row is wanted, and of no row it can be told."""


def batches_of(frame: Any) -> list[Any]:
    """The rows of a frame of polars or another as batches of the engine. ValueError if they cannot be read."""
    return _engine.Batch.of(frame)


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


class Held:
    """Holds the engine's batches of a stream until no more come; then only those rows leave that somebody looks at.

    `looks`: of each a test, and what is kept of the rows that pass it (`linewarden.detections.thinning`; None: all).
    ValueError for a pattern that the engine does not know.
    """

    def __init__(self, looks: Sequence[tuple[Any, Any]]) -> None:
        self.engine = _engine.Held(json.dumps([{"test": test, "thin": thin} for test, thin in looks]))

    def add(self, batch: Any) -> int:
        """One more batch; how many bytes all take by now."""
        return self.engine.add(batch)

    def give(self) -> list[Any]:
        """Lets go of all batches: these."""
        return self.engine.give()

    def end(self) -> None:
        """No more come: now it can be asked what to look at. ValueError if the batches have no envelope."""
        self.engine.end()

    def count(self, look: int) -> int:
        """How many rows a look asks for."""
        return self.engine.count(look)

    def thinned(self, look: int) -> bool:
        """Whether no more is kept of what this look asks for than decides something."""
        return self.engine.thinned(look)

    def rows(self, looks: Sequence[int]) -> Any:
        """The rows that are kept of any of these looks, in the order of time: a batch, None without any."""
        return self.engine.rows(list(looks))

    def certain(self, look: int) -> bool:
        """Whether it is certain which rows a look asks for; else what it gives is to be asked again."""
        return self.engine.certain(look)

    def marked(self, marks: Mapping[int, str]) -> Any:
        """The same, with a column for each look (`marks`: its name) that says which of them it keeps."""
        return self.engine.marked(dict(marks))

    def alike(self, look: int, firsts: Sequence[int]) -> Any:
        """Of a look of which the first rows were kept all rows that are alike some of these, by number."""
        return self.engine.alike(look, list(firsts))
