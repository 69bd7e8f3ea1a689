"""The view of a lake, while several look at it at once."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from linewarden.service.view.follower import Follower
from linewarden.service.view.growth import Growth
from tests.console.house import make_lake


def test_who_looks_beside_the_thread_counts_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = make_lake(tmp_path / "lake")
    once = Follower(lake)
    packets = sum(a.packets for a in once.look().plant.assets)
    both, listed = threading.Barrier(2), Growth.new

    def together(growth: Growth, streams: list[str]) -> object:
        """Both have seen what is new before one of them reads it, if they may."""
        found = listed(growth, streams)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return found

    monkeypatch.setattr(Growth, "new", together)
    follower = Follower(lake)
    lookers = [threading.Thread(target=follower.look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join(60)
    assert sum(a.packets for a in follower.view.plant.assets) == packets
