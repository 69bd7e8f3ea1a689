"""What a detection may remember: collections with an end, since what the wire can name has none.

All forget the least recently used first, and count what they forgot (`forgotten`), so that a run can say that it was
flooded. Times are ns of the records.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 10_000


class Bounded(Generic[K, V]):
    """A dict of at most `most` keys; `at(key)` makes the value of a new one."""

    def __init__(self, make: Callable[[], V], most: int = MOST) -> None:
        self._make, self._most = make, most
        self._held: OrderedDict[K, V] = OrderedDict()
        self.forgotten = 0

    def at(self, key: K) -> V:
        """The value of this key, which becomes the most recently used."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        while len(self._held) >= self._most:
            self._held.popitem(last=False)
            self.forgotten += 1
        value = self._held[key] = self._make()
        return value

    def get(self, key: K) -> V | None:
        """The value, or None; it makes and moves nothing."""
        return self._held.get(key)

    def put(self, key: K, value: V) -> None:
        """Sets the value."""
        self.at(key)
        self._held[key] = value

    def drop(self, key: K) -> None:
        """Forgets a key that may be there."""
        self._held.pop(key, None)

    def __contains__(self, key: K) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)


class Recent(Generic[K]):
    """Distinct things within a moving window of `window_s`, at most `most`: how many were there lately?"""

    def __init__(self, window_s: float, most: int = 1024) -> None:
        self._window, self._most = int(window_s * 1e9), most
        self._seen: OrderedDict[K, int] = OrderedDict()

    def add(self, ts: int, thing: K) -> int:
        """Notes it and gives how many distinct things the window holds. Times may come a little out of order."""
        latest = max(ts, self._seen.get(thing, ts))
        self._seen[thing] = latest
        self._seen.move_to_end(thing)
        while self._seen and (len(self._seen) > self._most or next(iter(self._seen.values())) < ts - self._window):
            self._seen.popitem(last=False)
        return len(self._seen)

    def things(self) -> list[K]:
        """What the window holds, oldest first."""
        return list(self._seen)

    def __len__(self) -> int:
        return len(self._seen)


class Rate:
    """How often something happened within a moving window of `window_s`; each note may stand for several."""

    def __init__(self, window_s: float, most: int = 4096) -> None:
        self._window = int(window_s * 1e9)
        self._events: deque[tuple[int, int]] = deque(maxlen=most)
        self._sum = 0

    def add(self, ts: int, count: int = 1) -> int:
        """Notes `count` events and gives how many the window holds."""
        if len(self._events) == self._events.maxlen:
            self._sum -= self._events.popleft()[1]
        self._events.append((ts, count))
        self._sum += count
        while self._events and self._events[0][0] < ts - self._window:
            self._sum -= self._events.popleft()[1]
        return self._sum

    @property
    def begun(self) -> int:
        """Time of the first event in the window; 0 if there is none."""
        return self._events[0][0] if self._events else 0
