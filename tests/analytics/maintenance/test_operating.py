import numpy as np
import pytest

from linewarden.analytics.maintenance.operating import OperatingPoints

DICE = np.random.default_rng(2)


def flown(n: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Six points in two settings; two sensors that follow them much, one that does not."""
    point = DICE.integers(0, 6, n)
    settings = np.array([[0, 0], [10, 0.25], [20, 0.7], [25, 0.62], [35, 0.84], [42, 0.84]])[point]
    settings = settings + DICE.normal(0, [0.003, 0.0003], (n, 2))
    rows = np.column_stack([point * 100.0, point**2 * 5.0, np.zeros(n)]) + DICE.normal(0, [1.0, 2.0, 3.0], (n, 3))
    return point, settings, rows


def test_six_points_are_found_and_measured_out() -> None:
    point, settings, rows = flown()
    found = OperatingPoints.found(settings, rows)
    assert len(found) == 6
    told = found.of(settings)
    assert all(len(set(told[point == k])) == 1 for k in range(6))
    measured = found.measured(settings, rows)
    assert np.abs(measured.mean(axis=0)).max() < 0.01
    assert measured.std(axis=0) == pytest.approx([1.0, 1.0, 1.0], abs=0.01)


def test_settings_that_only_tremble_are_one_point() -> None:
    trembling = np.round(DICE.normal(0, [0.002, 0.0003], (2000, 2)), 4)
    assert len(OperatingPoints.found(trembling, DICE.normal(size=(2000, 3)))) == 1


def test_points_that_no_sensor_feels_are_none() -> None:
    _, settings, _ = flown()
    assert len(OperatingPoints.found(settings, DICE.normal(size=(3000, 3)))) == 1


def test_a_few_rows_between_points_do_not_hide_them() -> None:
    _, settings, rows = flown()
    settings[::400] = [15.0, 0.5]
    assert len(OperatingPoints.found(settings, rows)) == 6


def test_without_settings_there_is_one_point() -> None:
    found = OperatingPoints.found(np.empty((50, 0)), DICE.normal(5.0, 2.0, (50, 2)))
    assert len(found) == 1
    assert found.measured(np.empty((3, 0)), np.full((3, 2), 5.0)).shape == (3, 2)


def test_a_tag_that_stands_still_says_nothing() -> None:
    rows = np.column_stack([np.full(100, 518.67), DICE.normal(size=100)])
    found = OperatingPoints.found(np.empty((100, 0)), rows)
    assert found.spread[0, 0] == 0.0
    assert found.measured(np.empty((1, 0)), np.array([[900.0, 0.0]]))[0, 0] == 0.0


def test_it_survives_json_and_refuses_what_is_none() -> None:
    _, settings, rows = flown()
    found = OperatingPoints.found(settings, rows)
    again = OperatingPoints.from_dict(found.as_dict(), 2, 3)
    assert np.allclose(again.measured(settings, rows), found.measured(settings, rows))
    with pytest.raises(ValueError, match="reshape"):
        OperatingPoints.from_dict(found.as_dict(), 2, 4)
