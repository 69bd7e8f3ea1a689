"""What the pages of energy and output draw."""

from __future__ import annotations

import pytest

from linewarden.console.measures import LEFT, LEVELS, WIDE, losses_of, week_of


def test_a_week_has_a_square_an_hour_that_is_known() -> None:
    hours: list[list[float | None]] = [[float(h) for h in range(24)] for _ in range(7)]
    hours[6][3] = None
    week = week_of(hours)
    assert len(week.cells) == 7 * 24 - 1
    assert (week.cells[0].level, week.cells[23].level) == (0, LEVELS)
    assert (week.least, week.most) == (0, 23)
    assert all(c.x >= LEFT and c.x + c.width <= WIDE for c in week.cells)


def test_a_week_of_nothing_is_empty() -> None:
    assert week_of([[None] * 24] * 7).cells == ()


def test_the_bar_is_full_and_shares_are_of_the_planned_time() -> None:
    parts = losses_of({"good": 6.0, "slow": -1.0, "stops": 3.0})
    assert sum(p.width for p in parts) == pytest.approx(WIDE)
    assert sum(p.share for p in parts) == pytest.approx(1)
    assert next(p for p in parts if p.name == "slow").width == 0
