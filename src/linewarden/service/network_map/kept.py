"""What was made once is given to all who may see the same, until what it was made of changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")
MOST = 8
"""Results that are kept of each kind and place; the one that was asked for longest ago goes first."""


class Kept(Generic[T]):
    """Results by owner (an object that lives as long as they may) and key. One is made at a time: others wait."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[object, OrderedDict[Hashable, T]] = WeakKeyDictionary()
        self._one = threading.Lock()

    def get(self, owner: object, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept, or what `make` gives."""
        with self._one:
            kept = self._of.setdefault(owner, OrderedDict())
            if key not in kept:
                kept[key] = make()
            kept.move_to_end(key)
            while len(kept) > MOST:
                kept.popitem(last=False)
            return kept[key]
