"""Recordings of the practice plant's real stacks: `linewarden exercise run NAME --record DIR/NAME.pcapng`."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from _speed.rule import Goal

from linewarden.detections.run import Told
from linewarden.service.analysing import kept
from linewarden.service.analysing.analysis import Analysis
from linewarden.service.analysing.over_lake import analyse_lake
from linewarden.service.analysing.settings import Analytics
from linewarden.service.detecting import Values, chosen, detect
from linewarden.service.lake import open_lake

NORMAL = "normal"
RIGHT: dict[str, tuple[str, ...]] = {
    "setpoint-change": ("holding_register 0 of", "input_register 2 of", "input_register 0 of"),
    "man-in-the-middle": ("holding_register 0 of", "input_register 2 of", "input_register 1 of"),
    "plc-stop": ("db1 4 of", "db1 5 of", "db1 6 of", "db1 7 of", "input_register 1 of", "Label_Speed of"),
    "wrong-station-download": ("db1 0 of", "db1 1 of", "db1 2 of", "db1 8 of", "db1 9 of"),
    "safety-approach": ("input_register 1 of", "input_register 2 of", "holding_register 0 of"),
}
"""Scenarios whose harm is in the process, and the tags that show it: registers of exercises/devices."""


def judged_recordings(folder: Path) -> list[Goal]:
    """Learns normal.pcapng, judges the others; what the issue asks for."""
    with TemporaryDirectory(prefix="process-") as name:
        place = Path(name)
        detect([str(folder / f"{NORMAL}.pcapng")], chosen(), out=place / "normal")
        analysis = Analysis(Analytics())
        lake = open_lake(place / "normal")
        analyse_lake(lake, Analytics(), taps={"local": analysis})
        kept.save_all(place / "learned", analysis)
        missed, count, loud = [], 0, []
        for file in sorted(folder.glob("*.pcapng")):
            if file.stem == NORMAL:
                continue
            found = detect([str(file)], chosen(), values=Values(Analytics(), place / "learned"))
            told = [t for t in found.told if t.notice.note.startswith("process_")]
            kind = json.loads(file.with_suffix(".truth.json").read_text())["scenario"]["kind"]
            print(f"recorded {file.stem:24} {kind:9} {_line(file.stem, told)}", flush=True)
            if file.stem in RIGHT:
                count += 1
                if not any(is_right(file.stem, t) for t in told):
                    missed.append(file.stem)
            elif kind != "incident" and any(t.notice.note == "process_attack" for t in told):
                loud.append(file.stem)
    return [
        Goal(f"recorded: {count - len(missed)} of {count} attacks{_named(missed)}", not missed),
        Goal(f"recorded: {len(loud)} other scenarios called an attack{_named(loud)}", not loud),
    ]


def is_right(scenario: str, told: Told) -> bool:
    """Told as an attack, with one of the right tags among the first three."""
    process = next((w for w in told.notice.why.split("; ") if w.startswith("process: ")), "")
    tags = process.removeprefix("process: ").split(", ")[:3]
    return told.notice.note == "process_attack" and any(t.startswith(r) for t in tags for r in RIGHT[scenario])


def _line(scenario: str, told: list[Told]) -> str:
    best = next((t for t in told if scenario in RIGHT and is_right(scenario, t)), told[0] if told else None)
    return best.notice.msg if best is not None else "nothing"


def _named(names: list[str]) -> str:
    return f", not {', '.join(names)}" if names else ""
