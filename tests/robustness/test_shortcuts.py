"""Headers that were seen and ways of earlier messages are shortcuts: what is told is the same without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden import _engine
from linewarden.sensor.tables import spec, streams
from tests.robustness.test_damaged_captures import CAPTURES, SHARED

DEMO = Path(__file__).parents[2] / "src/linewarden/exercises/data/demo-plant.pcapng.zst"
SOME = 6
"""Of the shared captures, one in so many is read in every run; `-m slow` reads all."""

needs_captures = pytest.mark.skipif(not CAPTURES, reason=f"no captures in {SHARED}; set LINEWARDEN_SHARED")


def told(capture: Path, *, shortcuts: bool) -> tuple[dict[str, pl.DataFrame], list[Any]]:
    """All rows by stream, and the rich messages."""
    engine = _engine.Sensor(spec(), shortcuts=shortcuts)
    engine.start([(str(capture), capture.name)], [s.name for s in streams()])
    frames: dict[str, list[pl.DataFrame]] = {}
    rich: list[Any] = []
    while (chunk := engine.next()) is not None:
        for stream, batch in chunk.batches:
            frames.setdefault(stream, []).append(pl.DataFrame(batch))
        rich += chunk.rich
    return {stream: pl.concat(found) for stream, found in frames.items()}, rich


def check(capture: Path) -> None:
    with_them, rich = told(capture, shortcuts=True)
    without, rich_without = told(capture, shortcuts=False)
    assert with_them.keys() == without.keys()
    for stream, rows in without.items():
        assert rows.equals(with_them[stream]), f"{capture.name}: {stream}"
    assert rich == rich_without, capture.name


def test_the_demo_plant_is_told_the_same() -> None:
    check(DEMO)


@needs_captures
@pytest.mark.parametrize("capture", CAPTURES[::SOME], ids=lambda c: c.name)
def test_a_real_capture_is_told_the_same(capture: Path) -> None:
    check(capture)


@needs_captures
@pytest.mark.slow
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda c: c.name)
def test_every_real_capture_is_told_the_same(capture: Path) -> None:
    check(capture)
