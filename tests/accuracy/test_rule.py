"""What all benchmarks promise: `--data`, and a last line that says which goals hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from _speed import flatness, rule

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPTS = sorted(p for p in BENCHMARKS.glob("*.py") if "__main__" in p.read_text())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_each_script_takes_the_folder_of_data(script: Path) -> None:
    ran = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    assert "--data D" in ran.stdout


@pytest.mark.parametrize(("holds", "code", "word"), [(True, 0, "holds"), (False, 1, "MISSED")])
def test_a_goal_that_is_missed_is_named_and_ends_with_1(
    holds: bool, code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    goals = [rule.Goal("7 apples (goal 5)", True), rule.Goal("3 pears (goal 4)", holds)]
    assert rule.verdict("fruit", goals, ["1 plum"]) == code
    assert capsys.readouterr().out == f"fruit: 7 apples (goal 5): holds; 3 pears (goal 4): {word}; 1 plum\n"


def test_without_a_goal_nothing_holds() -> None:
    assert rule.verdict("nothing", []) == 1


def samples(mb_per_10_min: float, minutes: int = 45) -> list[tuple[float, float]]:
    """A sample every 5 s: a sawtooth of 20 MB in 47 s, upon what grows."""
    return [(t, 200 + mb_per_10_min * t / 600 + 20 * (t % 47) / 47) for t in range(0, minutes * 60, 5)]


def test_a_sawtooth_is_flat() -> None:
    assert flatness.trend(samples(0)).flat


@pytest.mark.parametrize("leak", [3.0, 10.0, 100.0])
def test_a_leak_below_a_sawtooth_is_found(leak: float) -> None:
    found = flatness.trend(samples(leak))
    assert not found.flat
    assert found.low <= leak * 1.1
    assert found.high >= leak * 0.9


def test_one_step_that_is_small_is_no_leak() -> None:
    stepped = [(t, mb + (10 if t > 1_500 else 0)) for t, mb in samples(0)]
    assert flatness.trend(stepped).grown == pytest.approx(10, abs=2)


def test_too_little_is_no_proof_of_flatness() -> None:
    assert not flatness.trend(samples(0, minutes=3)).flat
