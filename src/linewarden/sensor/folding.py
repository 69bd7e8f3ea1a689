"""Batches boiled down to distinct rows within the engine, so that Python sees a row a key and not a row a record."""

from __future__ import annotations

from typing import Any

from linewarden import _engine


class Folding:
    """Tables of distinct rows. `plan` says what they are (`engine/fold/src/plan.rs`); ValueError if it is wrong."""

    def __init__(self, plan: str) -> None:
        self._fold = _engine.Fold(plan)

    def add(self, stream: str, batch: Any) -> None:
        """Take a batch (`Batch.arrow`) of a stream; one that the plan does not have is ignored."""
        self._fold.add(stream, batch)

    def rows(self, *tables: str) -> list[tuple[Any, ...]]:
        """The rows of tables of one kind together, sorted by key."""
        return self._fold.rows(list(tables))

    def left(self, table: str) -> tuple[int, tuple[int, str, int]]:
        """Records that the table's bound left out, and (ts, capture, frame) of the first of them."""
        return self._fold.left(table)
