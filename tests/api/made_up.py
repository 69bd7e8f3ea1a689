"""A lake of readings that a real collector took from a table: a press with a meter, a state and counters."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 10, 5, tzinfo=UTC)
"""A Monday."""
DAYS = 14
STEP = timedelta(minutes=5)
COLLECTOR = """
[service]
site = "press"
data = "data"
[[collector]]
kind = "table_file"
name = "press"
path = "press.csv"
follow = false
time_column = "time"
[[collector.tags]]
column = "Power"
ucum = "kW"
[[collector.tags]]
column = "Energy"
ucum = "kW.h"
"""


def rows() -> Iterator[tuple[str, float, float, int, int, int]]:
    """10 kW always, 50 kW more while it runs: on weekdays from 06:00 to 14:00, but 30 minutes of a stop from 09:00 on.
    It makes 5 pieces in 5 minutes, one bad in each full hour."""
    kwh, made, bad = 0.0, 0, 0
    power = 10.0
    for k in range(DAYS * 288):
        at = BEGIN + k * STEP
        minute = at.hour * 60 + at.minute
        planned = at.weekday() < 5 and 360 <= minute < 840
        stopped = planned and 540 <= minute < 570
        kwh += power / 12  # since the row before
        power = 60.0 if planned and not stopped else 10.0
        yield at.isoformat(), power, round(kwh, 6), (2 if stopped else 1) if planned else 0, made, bad
        if planned and not stopped:
            made += 5
            bad += at.minute == 0


def make_press(folder: Path) -> Path:
    """The lake. Root becomes somebody else to collect, who must be let into the folder."""
    with (folder / "press.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("time", "Power", "Energy", "Mode", "Pieces", "Bad"))
        table.writerows(rows())
    (folder / "press.toml").write_text(COLLECTOR)
    command = [sys.executable, "-m", "linewarden", "collect", str(folder / "press.toml"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "data" / "lake"
