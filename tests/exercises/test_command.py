"""`linewarden exercise` as its user meets it, without running a plant."""

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.exercises import launcher
from linewarden.exercises.command import summary


def test_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercise", "list"]) == 0
    text = capsys.readouterr().out
    assert "normal-shift" in text
    assert "ransomware" in text
    assert main(["exercise", "list", "--json"]) == 0
    found = {s["name"]: s for s in json.loads(capsys.readouterr().out)}
    assert found["ransomware"]["sources"][0]["url"].startswith("https://")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nothing"], "no such scenario"),
        (["normal-shift", "--seconds", "1"], "--seconds"),
        (["normal-shift", "--scale", "1e9"], "--scale"),
        (["normal-shift", "--record", "a.txt"], ".pcapng"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercise", "run", *argv]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(launcher, "_found", lambda module: False)
    assert main(["exercise", "run", "normal-shift"]) == 2
    assert "linewarden[exercises]" in capsys.readouterr().err


def test_without_namespaces_an_incident_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher, "missing", list)
    monkeypatch.setattr(launcher, "why_not_isolated", lambda: "the system refuses namespaces")
    assert main(["exercise", "run", "plc-stop"]) == 2
    assert "only in namespaces of its own" in capsys.readouterr().err


def test_nothing_is_left_where_the_recording_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exercise", "run", "normal-shift", "--record", str(tmp_path / "no" / "a.pcapng")]) == 4
    assert "no" in capsys.readouterr().err


def test_the_summary_tells_steps_frames_and_production() -> None:
    step = {
        "begin": "2026-11-26T03:58:26.1Z", "hostile": True, "who": {"device": "laptop-service"}, "what": "stops",
        "outcome": "done", "result": "it is in STOP", "frames": {"count": 3, "first": 2, "last": 9},
        "attack_ics_techniques": ["T0858"],
    }  # fmt: skip
    made = {"bottles": 100.0, "underfilled": 2.0, "cap_rejects": 0.0, "line_standing_seconds": 30.0, "energy_kwh": 1.0}
    truth = {
        "scenario": {"title": "PLC stop", "kind": "incident"}, "scale": 1, "seed": 1, "begin": "a", "end": "b",
        "timeline": [step], "production": made, "problems": ["x"], "recorded": {"frames": 10, "lost": 0},
    }  # fmt: skip
    text = "\n".join(summary(truth, Path("stop.pcapng")))
    for part in ("attack: laptop-service: stops [done]", "frames 2 to 9 (3)", "T0858", "30 s", "stop.truth.json"):
        assert part in text
