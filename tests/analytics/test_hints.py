"""Hints: one line each, read and never run."""

import math

import pytest

from linewarden.analytics.hints import Balance, Bounds, HintError, Term, parsed

TAGS = ("L1", "F_IN", "F_OUT", "T", "Line 1/Oven T")


def test_a_mass_balance() -> None:
    hint = parsed("d(L1)/dt = F_IN - 2.5 * F_OUT", TAGS)
    assert isinstance(hint, Balance)
    assert hint.left == Term("L1", 1.0, rate=True)
    assert hint.right == (Term("F_IN"), Term("F_OUT", -2.5))


def test_what_must_add_up() -> None:
    hint = parsed("T = -F_IN + F_OUT", TAGS)
    assert isinstance(hint, Balance)
    assert [t.factor for t in hint.right] == [-1, 1]


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [
        ("0 <= L1 <= 3.5", 0, 3.5),
        ("-1e1 <= L1 <= -2", -10, -2),
        ("L1 <= 4", -math.inf, 4),
        ("4 >= L1", -math.inf, 4),
        ("L1 >= 0.5", 0.5, math.inf),
        ("|T| <= 7", -7, 7),
        ("|d(T)/dt| <= 6 /min", -0.1, 0.1),
        ("-36 /h <= d(T)/dt <= 72 /h", -0.01, 0.02),
        ('|d("Line 1/Oven T")/dt| <= 1', -1, 1),
    ],
)
def test_bounds(line: str, low: float, high: float) -> None:
    hint = parsed(line, TAGS)
    assert isinstance(hint, Bounds)
    assert (hint.low, hint.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "L1",
        "L1 <= ",
        "L1 = ",
        "= L1",
        "L1 = NOBODY",
        "L1 = F_IN F_OUT",
        "L1 = F_IN - - F_OUT",
        "L1 = 3 F_IN",
        "L1 = * F_IN",
        "F_IN + F_OUT = L1",
        "L1 = d(T)/dt",
        "3 <= L1 <= 2",
        "L1 <= 5 /min",
        "L1 <= F_IN",
        "__import__('os').system('true')",
        "L1 = F_IN; F_OUT",
        "L1 = F_IN if T else F_OUT",
        "L1 <= 1" + "0" * 600,
        "d(L1) = F_IN",
    ],
)
def test_what_is_no_hint_is_refused(line: str) -> None:
    with pytest.raises(HintError):
        parsed(line, TAGS)
