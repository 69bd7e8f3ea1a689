"""Watch: readings of single tags, as they come, to the facts of a notice."""

import numpy as np
import pytest

from linewarden.analytics.align import Grid, Reading
from linewarden.analytics.detectors.ewma import Ewma
from linewarden.analytics.detectors.multivariate_ewma import MultivariateEwma
from linewarden.analytics.watch import Watch

TAGS = ("flow", "pressure")


def told(rows: np.ndarray, begin: float = 0.0) -> list[Reading]:
    return [
        Reading(begin + k + 0.1 * j, tag, float(row[j])) for k, row in enumerate(rows) for j, tag in enumerate(TAGS)
    ]


def normal(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal([10, 2], [1, 0.1], (rows, 2))


def watch() -> Watch:
    made = Watch({"level": Ewma(TAGS), "together": MultivariateEwma(TAGS)}, seconds=1.0)
    made.learn(told(normal(1000, 1)))
    return made


def test_a_notice_has_its_facts() -> None:
    rows = normal(400, 2)
    rows[200:260, 1] += 0.5
    odd = list(watch().judge(told(rows, 1000.0)))
    level = [o for o in odd if o.detector == "level"]
    assert [o.until is None for o in level] == [True, False], "it begins once and ends once"
    assert level[0].tag == "pressure"
    assert 1200 <= level[0].since < 1215
    assert level[1].since == level[0].since
    assert 1255 < (level[1].until or 0) < 1300
    assert level[1].score > 1
    assert 0.5 < level[1].confidence <= 1
    assert level[1].why[0][0] == "pressure"
    assert sum(share for _, share in level[1].why) == pytest.approx(1)


def test_pieces_tell_the_same_as_the_whole() -> None:
    rows = normal(400, 2)
    rows[200:260, 0] -= 4
    readings = told(rows, 1000.0)
    whole = list(watch().judge(readings))
    other = watch()
    pieces = [o for k in range(0, len(readings), 37) for o in other.judge(readings[k : k + 37])]
    key = lambda o: (o.detector, o.since, o.until is not None, o.until)  # noqa: E731
    assert sorted([(o.detector, o.tag, o.since, o.until) for o in pieces], key=str) == sorted(
        [(o.detector, o.tag, o.since, o.until) for o in whole], key=str
    )
    assert whole and key(whole[0])


def test_what_lasts_can_be_asked() -> None:
    rows = normal(300, 2)
    rows[200:, 1] += 0.5
    made = watch()
    list(made.judge(told(rows, 1000.0)))
    assert {o.tag for o in made.lasting()} == {"pressure"}


def test_the_same_again_soon_is_no_news() -> None:
    rows = normal(600, 2)
    rows[200:230, 1] += 0.5
    rows[300:330, 1] += 0.5
    odd = [o for o in watch().judge(told(rows, 1000.0)) if o.detector == "level" and o.until is None]
    assert len(odd) == 1


def test_late_repeated_and_unknown_readings_are_counted_and_lose_nothing() -> None:
    rows = normal(300, 2)
    rows[200:260, 1] += 0.5
    readings = told(rows, 1000.0)
    clean = list(watch().judge(readings))
    made = watch()
    noisy = [copy for r in readings for copy in (r, r)]
    noisy[100:100] = [Reading(5.0, "flow", 1e9), Reading(1001.0, "nobody", 1.0)]
    assert list(made.judge(noisy)) == clean
    assert (made.counts.late, made.counts.unknown) == (1, 1)
    assert made.counts.repeated == len(readings)


def test_out_of_order_within_the_wait_is_put_in_order() -> None:
    grid = Grid(TAGS, 1.0, stale=10, wait=2.0)
    rows, at = grid.rows(
        [Reading(0.5, "flow", 1), Reading(1.5, "flow", 2), Reading(0.7, "flow", 3), Reading(5, "flow", 4)]
    )
    assert at.tolist() == [1, 2, 3]
    assert rows[:, 0].tolist() == [3, 2, 2]
    assert grid.counts.late == 0


def test_a_silent_tag_is_missing_after_a_while() -> None:
    grid = Grid(TAGS, 1.0, stale=2.0)
    rows, _ = grid.rows(
        [Reading(0.5, "pressure", 7), *(Reading(k + 0.5, "flow", k) for k in range(6)), Reading(6, "flow", 6)]
    )
    assert rows[:, 1].tolist()[:3] == [7, 7, 7]
    assert np.isnan(rows[3:, 1]).all()


def test_a_long_silence_makes_no_endless_rows() -> None:
    grid = Grid(TAGS, 1.0, stale=2.0, most=100)
    rows, at = grid.rows([Reading(0.5, "flow", 1), Reading(1e9, "flow", 2)])
    assert len(rows) == 101, "that of the reading, and so many of the silence"
    assert at[-1] == 1e9
    assert rows[0, 0] == 1


def test_a_long_batch_loses_no_row() -> None:
    grid = Grid(TAGS, 1.0, stale=2.0, most=100)
    rows, _at = grid.rows(Reading(float(k), "flow", k) for k in range(1000))
    assert rows[:, 0].tolist() == list(range(999))


def test_detectors_must_share_their_tags() -> None:
    with pytest.raises(ValueError, match="same"):
        Watch({"a": Ewma(("x",)), "b": Ewma(("y",))}, seconds=1.0)
