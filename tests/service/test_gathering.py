"""What is gathered beside the reading of a capture tells what the same records tell in one piece."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from linewarden.baseline import needed
from linewarden.baseline.baseline import Baseline
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.run import Told
from linewarden.errors import StoreError
from linewarden.sensor.sieve import batches_of
from linewarden.service import gathering, sifting
from linewarden.service.detecting import JUDGED, ONE_IN, chosen
from linewarden.service.gathering import Gathering
from linewarden.service.judging import Judge
from linewarden.service.sifting import Sifting
from tests.baseline.plant import STRANGER, command, shift, write
from tests.detections.build import frame

ROWS = [*shift(60), command(61, STRANGER), write(62, 9_000), write(62.5, who=STRANGER)]
"""An hour of usual work, then a stranger, and a setpoint that is out of range."""


ASIDE = [command(m + 0.3, f"10.0.1.{who}", "10.0.1.1") for m in range(60) for who in (8, 9)]
"""Two that poll another device, of which there are no news."""


def whole() -> pl.DataFrame:
    """All rows as one batch, in order."""
    return frame("command", [*ROWS, *ASIDE]).sort("ts", maintain_order=True)


def in_one_piece() -> list[Told]:
    judge = Judge(chosen(), Knowledge())
    return judge.add("command", whole())


def gathered(pieces: int = 10) -> list[Told]:
    judge = Judge(chosen(), Knowledge())
    held = Gathering(judge)
    sifted = Sifting(judge, held)
    rows = whole()
    size = rows.height // pieces
    for at in reversed(range(0, rows.height, size)):
        for batch in batches_of(rows[at : at + size]):
            sifted.take("command", batch)
    held.end(sifted)
    return held.told()


def by_id(told: list[Told]) -> list[str]:
    assert told
    return sorted(f"{t.notice.notice_id} {t.notice.msg} {t.frame}" for t in told)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Everything is sieved at once, and looked through before it is learned."""
    monkeypatch.setattr(gathering, "AT_ONCE", 16)
    monkeypatch.setattr(needed, "FEW", 0)
    return monkeypatch


def test_pieces_in_any_order_tell_the_same(small: pytest.MonkeyPatch) -> None:
    assert by_id(gathered()) == by_id(in_one_piece())


def test_what_has_no_room_in_memory_goes_into_files_that_do_not_stay(small: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small.setattr(gathering, "MOST_BYTES", 0)
    small.setattr("tempfile.tempdir", str(tmp_path))
    assert by_id(gathered()) == by_id(in_one_piece())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("most", [0, 1 << 20], ids=["in files", "in memory"])
def test_what_cannot_be_news_is_not_learned(small: pytest.MonkeyPatch, most: int) -> None:
    learned: list[int] = []
    learn = Baseline.learn
    small.setattr(Baseline, "learn", lambda b, s, rows: learned.append(rows.height) or learn(b, s, rows))
    small.setattr(gathering, "MOST_BYTES", most)
    told = gathered()
    some, learned[:] = sum(learned), []
    small.setattr(sifting, "MOST_BYTES", 0)
    assert by_id(told) == by_id(gathered())
    assert 0 < some < sum(learned)


def test_no_room_anywhere_is_said(small: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small.setattr(gathering, "MOST_BYTES", 0)
    small.setattr("tempfile.tempdir", str(tmp_path / "is not there"))
    with pytest.raises(StoreError, match="no room"):
        gathered()


def test_slices_of_time_tell_the_same(small: pytest.MonkeyPatch) -> None:
    small.setattr(gathering, "SLICE_ROWS", 20)
    assert by_id(gathered()) == by_id(in_one_piece())


def test_what_fails_ahead_is_raised_where_somebody_asks(small: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("no room to learn")

    small.setattr(Baseline, "learn", broken)
    with pytest.raises(StoreError, match="no room to learn"):
        gathered()


def test_what_was_begun_ahead_ends_with_who_gives_up(small: pytest.MonkeyPatch) -> None:
    held = Gathering(Judge(chosen(), Knowledge()))
    held.add("command", whole())
    held.end()
    held.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("linewarden-ahead")]


def test_the_streams_that_are_judged_are_known_without_the_detections() -> None:
    judge = Judge(chosen())
    assert set(judge.streams) == JUDGED
    assert judge.sample is not None and judge.sample.one_in == ONE_IN
