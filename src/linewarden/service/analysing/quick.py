"""Each reading gets a score as it arrives: how far it is beyond all that its tag ever showed, in limits of `Levels`.

The detectors judge rows, when their second is over. This is one comparison a reading, over all machines at once: who
shows values live need not wait for the row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from linewarden.analytics.contract import Series

Whole = npt.NDArray[np.int64]


class Quick:
    """Limits by number of tag; a tag without any scores 0. `latest`: the score of each tag's last reading."""

    def __init__(self) -> None:
        self.latest: Series = np.empty(0)
        self._low = self._high = self._far = np.empty(0)

    def grow(self, tags: int) -> None:
        """Room for so many tags."""
        if (more := tags - len(self.latest)) > 0:
            self.latest = np.concatenate([self.latest, np.zeros(more)])
            self._low = np.concatenate([self._low, np.full(more, -np.inf)])
            self._high = np.concatenate([self._high, np.full(more, np.inf)])
            self._far = np.concatenate([self._far, np.ones(more)])

    def know(self, tags: Whole, low: Series, high: Series, far: Series) -> None:
        """Limits of some tags, from now on."""
        self._low[tags], self._high[tags], self._far[tags] = low, high, far

    def scores(self, tag: Whole, value: Series) -> Series:
        """Of readings, (n,) each: 0 within what was seen, 1 at the limit. A value that did not come scores 0."""
        beyond = np.maximum(self._low[tag] - value, value - self._high[tag]) / self._far[tag]
        found = np.maximum(np.nan_to_num(beyond), 0.0)
        self.latest[tag] = found
        return found
