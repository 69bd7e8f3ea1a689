"""A score as soon as a reading arrives, before its row is over."""

import numpy as np

from tests.service.analysing.plant import readings
from tests.service.analysing.test_analysis import LEARNED, learned


def test_a_reading_is_scored_when_it_arrives() -> None:
    made = learned()

    def high(rows: np.ndarray, at: np.ndarray) -> None:
        rows[:, 1] = 600

    made.take("reading", readings(range(LEARNED, LEARNED + 1), high))
    scores = dict(zip((t.label for t in made.tags.all), made.quick.latest.tolist(), strict=True))
    assert scores["holding_register 1"] > 10
    assert scores["holding_register 3"] < 1
    made.take("reading", readings(range(LEARNED + 1, LEARNED + 2)))
    assert made.quick.latest.max() < 1
