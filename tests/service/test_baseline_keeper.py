"""What is usual is known again at the next start, and people may edit it meanwhile."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from linewarden.baseline.baseline import Baseline
from linewarden.baseline.entry import State
from linewarden.errors import StoreError
from linewarden.service.baseline_file import load, save
from linewarden.service.baseline_keeper import BaselineKeeper
from linewarden.service.files import reserve
from tests.detections.build import NS, frame

PEER = "peer|10.0.0.1|10.0.0.5|modbus|"


def talk(first: int, minutes: int = 12) -> pl.DataFrame:
    """A SCADA that reads a controller once a minute."""
    rows = [
        {"ts": (first + i) * 60 * 10**9, "id.orig_h": "10.0.0.5", "id.resp_h": "10.0.0.1", "protocol": "modbus",
         "verb": "read", "function": "read_coils", "target": "coil 0-7", "count": 60, "answered": 60, "result": "ok",
         "until": NS + (first + i) * 60 * 10**9 + 59 * 10**9}
        for i in range(minutes)
    ]  # fmt: skip
    return frame("command", rows)


def edit(path: Path, key: str) -> None:
    """As `linewarden baseline approve` does it."""
    baseline = load(path)
    baseline.approve([key])
    with reserve(path) as file:
        save(file, baseline)


def test_it_is_known_again(tmp_path: Path) -> None:
    first = BaselineKeeper(tmp_path / "usual.json")
    first.baseline.learn("command", talk(0))
    assert first.end() == ""
    again = BaselineKeeper(tmp_path / "usual.json")
    assert again.baseline.entries[PEER].count == first.baseline.entries[PEER].count > 0


def test_what_people_say_meanwhile_is_taken_over_and_learning_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewarden.service.baseline_keeper.LOOK_S", 0.0)
    path = tmp_path / "usual.json"
    keeper = BaselineKeeper(path)
    keeper.baseline.learn("command", talk(0))
    keeper.end()
    edit(path, PEER)
    keeper.baseline.learn("command", talk(12))
    assert keeper.turn() == ""
    keeper.end()
    kept = load(path).entries[PEER]
    assert kept.state is State.APPROVED
    assert kept.count == 24 * 60, "what was learned after the edit is there, too, and nothing twice"


def test_a_file_that_is_no_baseline_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "usual.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match=r"usual\.json"):
        BaselineKeeper(tmp_path / "usual.json")
    assert (tmp_path / "usual.json").read_text(encoding="utf-8") == "{}"


def test_a_place_that_cannot_be_written_is_said_and_ends_nothing(tmp_path: Path) -> None:
    keeper = BaselineKeeper(tmp_path / "gone" / "usual.json")
    keeper.baseline.learn("command", talk(0))
    assert "usual.json" in keeper.end()


def test_a_range_that_people_forget_is_learned_anew() -> None:
    ours = Baseline()
    ours.learn("command", talk(0))
    copy = Baseline.from_snapshot(ours.snapshot())
    ranged = next(key for key in copy.entries if key.startswith("rhythm|"))
    saved = list(copy.entries)
    del copy.entries[ranged]
    ours.take_edits(copy, saved)
    assert ranged not in ours.entries
