"""A column of numbers that grows by one at a time, and is asked as a whole now and then."""

from __future__ import annotations

from typing import Any

import numpy as np


class Growing:
    """What is appended waits in a list until the whole is asked for: an array that grows is copied each time."""

    def __init__(self, kind: type) -> None:
        self._whole: Any = np.empty(0, kind)
        self._new: list[float] = []

    def append(self, number: float) -> None:
        """One more."""
        self._new.append(number)

    def whole(self) -> Any:
        """All of them, (n,)."""
        if self._new:
            self._whole = np.concatenate([self._whole, np.array(self._new, self._whole.dtype)])
            self._new = []
        return self._whole
