"""Act now, or wait? What each window for maintenance would cost, in money, and which costs least.

Waiting risks a failure, which costs more than a planned stop; acting early throws life away, which is worth what the
planned stop costs, spread over the usual life. Source: age replacement, Barlow and Hunter 1960, for the next stop of
one unit. All times are in the unit of the survival curve (hours, cycles).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Still = Callable[[Floats], Floats]
"""(ahead) -> the probability that the unit lives so much longer."""
STEPS = 400


@dataclass(frozen=True, slots=True)
class Costs:
    """Money. failure, planned: parts and work; failure_hours, planned_hours: the line stands; an_hour: of standing."""

    failure: float
    planned: float
    failure_hours: float = 0.0
    planned_hours: float = 0.0
    an_hour: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: money and hours are not negative")
        if self.of_planned(False) <= 0:
            raise ValueError("planned: a planned stop that costs nothing needs no proposal")

    @property
    def of_failure(self) -> float:
        """All that a failure costs."""
        return self.failure + self.failure_hours * self.an_hour

    def of_planned(self, standing: bool) -> float:
        """All that a planned stop costs; `standing`: the line stands anyway then."""
        return self.planned + (0.0 if standing else self.planned_hours * self.an_hour)


@dataclass(frozen=True, slots=True)
class Window:
    """When work could be done: ahead of now. standing: the line stands anyway (weekend, change of product)."""

    ahead: float
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A window and what it is expected to cost. fails: the probability of a failure before it; wasted: the worth of the
    life that is thrown away."""

    window: Window
    fails: float
    wasted: float
    cost: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """best: the cheapest; choices: all by time, the first is to act at once; waiting: what it costs to run until
    failure; saved: by the best against acting at once and against never, whichever is cheaper of both."""

    best: Choice
    choices: tuple[Choice, ...]
    waiting: float
    saved: float


def proposal(still: Still, costs: Costs, windows: Sequence[Window], usual_life: float) -> Proposal:
    """The best of these windows and of acting at once. usual_life: by which a planned stop is worth its life. Raises
    ValueError for windows in the past or a life that is none."""
    if not usual_life > 0 or any(not 0 <= w.ahead < np.inf for w in windows):
        raise ValueError("windows lie ahead, and a life is longer than nothing")
    wanted = sorted({Window(0.0), *windows}, key=lambda w: (w.ahead, w.standing))
    far = max(wanted[-1].ahead, usual_life)
    grid = np.unique(np.concatenate([np.linspace(0.0, 2.0 * far, STEPS), [w.ahead for w in wanted]]))
    lives = np.clip(still(grid), 0.0, 1.0)
    run = np.concatenate([[0.0], np.cumsum(np.diff(grid) * (lives[1:] + lives[:-1]) / 2.0)])
    worth = costs.of_planned(False) / usual_life
    choices = []
    for window in wanted:
        place = int(np.searchsorted(grid, window.ahead))
        fails = 1.0 - float(lives[place])
        wasted = worth * float(run[-1] - run[place])
        cost = fails * costs.of_failure + (1.0 - fails) * costs.of_planned(window.standing) + wasted
        choices.append(Choice(window, fails, wasted, cost))
    best = min(choices, key=lambda c: (c.cost, c.window.ahead))
    waiting = costs.of_failure
    return Proposal(best, tuple(choices), waiting, max(0.0, min(choices[0].cost, waiting) - best.cost))
