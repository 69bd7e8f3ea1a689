"""A first look finds what was put in, and nothing where nothing was."""

import numpy as np
import pytest

from linewarden.analytics.detectors.ewma import Ewma
from linewarden.analytics.survey.levels import changes
from linewarden.analytics.survey.moments import kinds, look
from linewarden.analytics.survey.quality import Counts, clocks, flaws
from linewarden.analytics.survey.together import modes, together

DICE = np.random.default_rng(5)


def counts(values: np.ndarray) -> Counts:
    known = values[np.isfinite(values)]
    low, high = float(known.min()), float(known.max())
    at_low, at_high = int((known == low).sum()), int((known == high).sum())
    return Counts(len(known), len(values) - len(known), low, high, len(np.unique(known)), at_low, at_high)


def kinds_of(values: np.ndarray) -> dict[str, str]:
    found = flaws(("a",), values[:, None], np.arange(len(values)) * 1.0, (counts(values),), len(values))
    return {f.kind: f.what for f in found}


def test_a_sound_tag_has_no_flaw() -> None:
    assert kinds_of(DICE.normal(size=2000)) == {}
    assert kinds_of(np.cumsum(DICE.normal(size=2000))) == {}


def test_frozen_flat_cut_and_missing_are_told() -> None:
    values = DICE.normal(size=2000)
    frozen = values.copy()
    frozen[700:900] = frozen[700]
    assert "200 rows" in kinds_of(frozen)["frozen"]
    assert "always 3" in kinds_of(np.full(500, 3.0))["flat"]
    assert "highest" in kinds_of(np.minimum(values, 1.0))["at its limit"]
    holes = values.copy()
    holes[::5] = np.nan
    assert "20%" in kinds_of(holes)["missing"]


def test_a_switch_that_rests_is_not_frozen() -> None:
    assert kinds_of(np.repeat([0.0, 1.0, 0.0], 500)) == {}


def test_a_tag_that_only_tells_the_time_is_found() -> None:
    at = np.arange(10 * 96) * 900.0
    rows = np.column_stack([at % 86400, DICE.normal(size=len(at))])
    assert clocks(rows, at) == (0,)


def test_groups_and_twins() -> None:
    hidden = DICE.normal(size=(1000, 2))
    rows = np.column_stack(
        [hidden[:, 0], -hidden[:, 0] + 0.1 * DICE.normal(size=1000), hidden[:, 1], hidden[:, 1] * 9 / 5 + 32]
    )
    found = together(rows)
    assert {frozenset(g) for g in found.groups} == {frozenset({0, 1}), frozenset({2, 3})}
    assert found.twins == ((2, 3),)
    assert together(DICE.normal(size=(1000, 4))).groups == ()


def test_modes_by_states_and_by_clusters() -> None:
    state = np.repeat([0.0, 1.0, 0.0, 1.0], 250)
    by_state = modes(np.column_stack([state, DICE.normal(size=1000)]), (2, 900))
    assert by_state is not None and by_state.by == "states" and len(by_state.modes) == 2
    level = np.column_stack([20 * state + DICE.normal(size=1000) for _ in range(3)])
    found = modes(level, (900, 900, 900))
    assert found is not None and found.by == "clusters"
    assert (found.of[:250] == found.of[0]).all() and found.of[300] != found.of[0]
    assert modes(DICE.normal(size=(1000, 3)), (900, 900, 900)) is None


def test_changes_of_level_and_no_change_in_a_daily_pattern() -> None:
    at = np.arange(3000) * 60.0
    noise = DICE.normal(size=(3000, 3))
    noise[1800:, 0] += 3.0
    noise[1802:, 1] -= 2.5
    (change,) = changes(noise, at)
    assert abs(change.at - 1800 * 60) <= 20 * 60
    assert {k for k, _, _ in change.tags} == {0, 1}
    assert change.tags[0][1:] == pytest.approx((0.0, 3.0), abs=0.2)
    daily = np.sin(np.arange(3000) / 3000 * 2 * np.pi * 20)[:, None] + 0.2 * DICE.normal(size=(3000, 1))
    assert changes(daily, at) == ()


def test_a_moment_has_its_rows_its_reason_and_its_kind() -> None:
    tags = ("a", "b", "c")
    rows = DICE.normal(size=(3000, 3))
    rows[1500:1560, 1] += 8.0
    rows[2200:2260, 1] += 8.0
    found = look({"Ewma": lambda: Ewma(tags)}, rows, slice(0, 1000))
    first, second = found.moments[:2]
    assert sorted(m.first // 100 for m in (first, second)) == [15, 22]
    assert first.why[0][0] == 1 and first.by[0][0] == "Ewma"
    assert len(kinds(found.moments)[0]) >= 2
    assert found.score[:1000].tolist() == pytest.approx([np.nan] * 1000, nan_ok=True)
