"""Beside a live sensor: notices go into its lake; what was learned is kept, and what people say is taken over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.cli import main
from linewarden.detections.run import Told
from linewarden.errors import StoreError
from linewarden.sensor.sensor import Batch, Progress, Sensor, Step
from linewarden.service.analysing import kept, live as live_module
from linewarden.service.analysing.live import LiveAnalysing
from linewarden.service.lake import open_lake
from linewarden.service.watching import Hooks
from tests.service.analysing.plant import KNOWN, PLC, SAID, STRANGER, command, heartbeat, readings
from tests.service.analysing.test_analysis import LEARNED, low_fill


def made(folder: Path | None, told: list[Told], said: list[str]) -> LiveAnalysing:
    found = LiveAnalysing(SAID, folder, told.append, said.append)
    found.know(KNOWN)
    return found


def step(**frames: pl.DataFrame) -> Step:
    batches = tuple(Batch(stream, frame.to_arrow()) for stream, frame in frames.items())
    return Step(Progress(0, 0, 0, None, "live"), batches, (), (), None)


def wait(values: LiveAnalysing) -> None:
    """Until the model that is made beside is ready."""
    fitting = values.analysis.machines[PLC]._fitting
    while fitting is not None and fitting() is None:
        pass


def test_what_a_sensor_hears_becomes_a_notice_in_its_lake(tmp_path: Path) -> None:
    told: list[Told] = []
    said: list[str] = []
    values = made(None, told, said)
    sensor = Sensor(lake=tmp_path / "lake", site="default", prefix="live-tap")
    values.step(sensor, step(command=heartbeat(range(0, LEARNED, 10)), reading=readings(range(LEARNED))))
    wait(values)
    bad = readings(range(LEARNED, LEARNED + 300), low_fill)
    for first in range(0, 300, 20):
        deed = {"command": command(LEARNED + 99, STRANGER)} if first == 80 else {}
        values.step(sensor, step(reading=bad.slice(first, 20), **deed))
    sensor.finish()
    assert told and told[0].notice.note == "process_attack"
    (file,) = open_lake(tmp_path / "lake").files("notice")
    assert pl.read_parquet(file)["note"].cast(pl.String).to_list()[0] == "process_attack"
    assert said == []


def test_it_stands_behind_the_hooks_that_there_are() -> None:
    heard: list[str] = []
    before = Hooks(
        heard.append, lambda _: None, lambda: False, also_take=("dns",), on_step=lambda *_: heard.append("step")
    )
    hooks = made(None, [], []).within(before)
    assert set(hooks.also_take) == {"dns", "command", "reading"}
    assert hooks.on_step is not None
    hooks.on_step(None, step(reading=readings(range(3))))  # type: ignore[arg-type]
    assert heard == ["step"]


def test_what_people_say_meanwhile_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    values = made(tmp_path, [], said)
    values.analysis.take("reading", readings(range(LEARNED)))
    wait(values)
    monkeypatch.setattr(live_module, "LOOK_S", 0.0)
    values._write_at = 0.0
    values.turn()
    assert kept.facts_of(kept.file_of(tmp_path, PLC)).rows > 800
    assert main(["analytics", "forget", str(tmp_path), PLC]) == 0
    capsys.readouterr()
    values._look_at = 0.0
    values.turn()
    assert values.analysis.machines[PLC].rows == 0
    assert said == [f"{PLC}: what was said of what it learned is taken over"]
    values.analysis.take("reading", readings(range(LEARNED, LEARNED + 100)))
    assert values.analysis.machines[PLC].rows > 90


def test_a_frozen_machine_learns_nothing_more_until_it_is_thawed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = made(tmp_path, [], [])
    values.analysis.take("reading", readings(range(500)))
    wait(values)
    monkeypatch.setattr(live_module, "LOOK_S", 0.0)
    values._write_at = 0.0
    values.turn()

    def told(*more: str) -> None:
        assert main(["analytics", "freeze", str(tmp_path), *more]) == 0
        values._look_at = 0.0
        values.turn()

    machine = values.analysis.machines[PLC]
    told(PLC)
    assert "frozen" in capsys.readouterr().out
    before = machine.rows
    values.analysis.take("reading", readings(range(500, 600)))
    assert machine.rows == before > 400
    told("--off")
    values.analysis.take("reading", readings(range(600, 700)))
    assert machine.rows > before + 90


def test_after_a_restart_it_is_known(tmp_path: Path) -> None:
    first = made(tmp_path, [], [])
    first.analysis.take("reading", readings(range(LEARNED)))
    first.turn(is_last=True)
    again = made(tmp_path, [], [])
    wait(again)
    again.analysis.take("reading", readings(range(LEARNED, LEARNED + 5)))
    assert again.analysis.machines[PLC].known == 1.0


def test_what_is_damaged_is_refused_at_the_start(tmp_path: Path) -> None:
    kept.file_of(tmp_path, PLC).write_bytes(np.zeros(100).tobytes())
    with pytest.raises(StoreError, match="delete it to learn anew"):
        made(tmp_path, [], [])
