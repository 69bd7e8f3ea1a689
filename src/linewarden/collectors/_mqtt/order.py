"""The order of an edge node's messages: sequence numbers of 0 to 255, and what came before its turn.

Source: Sparkplug 3.0.0, 5.9 (reorder timeout), 6.4.5 (sequence numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Held = TypeVar("Held")
_ROUND = 256
_BEHIND = 128
"""A number so far ahead, or further, is taken as one that is behind."""


class Order(Generic[Held]):
    """Which message is next. Those that came early wait, at most 255 of them, until the ones before them are there."""

    def __init__(self) -> None:
        self.next: int | None = None
        self.since: float | None = None
        """Monotonic time at which the oldest gap that is still open was seen."""
        self._held: dict[int, Held] = {}
        self._seen: list[int | None] = [None] * _ROUND
        self._missed: set[int] = set()

    def __len__(self) -> int:
        return len(self._held)

    def held(self) -> Iterator[Held]:
        """What waits, in no order."""
        yield from self._held.values()

    def start(self, seq: int, digest: int) -> None:
        """A birth of the edge node: numbers go on from it."""
        self.next, self.since = (seq + 1) % _ROUND, None
        self._held, self._missed = {}, set()
        self._seen = [None] * _ROUND
        self._seen[seq % _ROUND] = digest

    def is_repeated(self, seq: int, digest: int) -> bool:
        """Is it one that was there before (delivered twice)?"""
        if self.next is None or self._seen[seq] != digest:
            return False
        return (self.next - seq - 1) % _ROUND < _BEHIND or seq in self._held

    def is_next(self, seq: int, digest: int) -> bool:
        """Is it its turn? Then it counts as seen."""
        if seq != self.next:
            return False
        self._seen[seq] = digest
        self.next = (seq + 1) % _ROUND
        return True

    def is_late(self, seq: int, digest: int) -> bool:
        """Is it one that was given up? Then it is none any more."""
        if seq not in self._missed:
            return False
        self._missed.discard(seq)
        self._seen[seq] = digest
        return True

    def hold(self, seq: int, digest: int, message: Held, at: float) -> bool:
        """Keeps a message that came early; False where one of that number is kept already."""
        if seq in self._held:
            return False
        self._held[seq] = message
        self._seen[seq] = digest
        self.since = at if self.since is None else self.since
        return True

    def ready(self) -> Iterator[Held]:
        """The held ones whose turn it is now. The timer ends when none is left, and begins anew else."""
        while self.next in self._held:
            assert self.next is not None
            message = self._held.pop(self.next)
            self.next = (self.next + 1) % _ROUND
            yield message
        if not self._held:
            self.since = None

    def give_up(self) -> list[Held]:
        """What is held, in the order of its numbers: what is missing between them is lost."""
        start = self.next or 0
        held = sorted(self._held.items(), key=lambda item: (item[0] - start) % _ROUND)
        self._held, self.since = {}, None
        if held:
            last = held[-1][0]
            there = {seq for seq, _ in held}
            self._missed = {(start + n) % _ROUND for n in range((last - start) % _ROUND)} - there
            self.next = (last + 1) % _ROUND
        return [message for _, message in held]
