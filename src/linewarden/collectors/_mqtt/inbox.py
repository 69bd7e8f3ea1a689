"""What servers sent and nobody has read yet: bounded by bytes, so that the network waits for us and not memory."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Event = TypeVar("Event")
_OVERHEAD = 256
"""Bytes that an event counts beside its payload."""


class Inbox(Generic[Event]):
    """A queue between the threads of the servers' sessions and the one that reads."""

    def __init__(self, most: int) -> None:
        self._most, self._size, self._closed = most, 0, False
        self._events: deque[tuple[Event, int]] = deque()
        self._change = threading.Condition()

    def put(self, event: Event, size: int = 0) -> bool:
        """Adds one; waits while there are too many. False once it is closed."""
        size += _OVERHEAD
        with self._change:
            while self._size and self._size + size > self._most and not self._closed:
                self._change.wait(1.0)
            if self._closed:
                return False
            self._events.append((event, size))
            self._size += size
            if len(self._events) == 1:
                self._change.notify_all()
        return True

    def take(self, timeout: float, most: int) -> list[Event]:
        """Up to `most` events; waits so many seconds for the first."""
        with self._change:
            if not self._events and not self._closed:
                self._change.wait(timeout)
            taken = [self._events.popleft() for _ in range(min(most, len(self._events)))]
            full = self._size > self._most // 2
            self._size -= sum(size for _, size in taken)
            if full:
                self._change.notify_all()
        return [event for event, _ in taken]

    def close(self) -> None:
        """Nothing more is taken in, and nobody waits."""
        with self._change:
            self._closed = True
            self._change.notify_all()
