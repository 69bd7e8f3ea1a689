"""A small works: a machine that ran well for a thousand seconds and was then disturbed, and what was learned of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from linewarden.cli import main
from linewarden.service.config import load_config
from linewarden.service.maintenance.lives import Courses, Scored
from tests.console.house import Served, furnish, serve
from tests.service.analysing.plant import STRANGER, command, heartbeat, readings
from tests.service.analysing.test_analysis import LEARNED, low_fill
from tests.service.analysing.test_over_lake import lake_of

TOML = """
[service]
site = "works"
data = "data"
[lake]
folder = "lake"
[http]
listen = "127.0.0.1:{port}"
[analytics]
learn_hours = 0.5
[[analytics.life]]
unit = "press 3"
model = "press.json"
tags = {{heat = "10.0.0.5/holding_register 41"}}
since = 2026-03-01T00:00:00Z
[[analytics.life]]
unit = "press 4"
model = "press.json"
tags = {{heat = "10.0.0.6/holding_register 41"}}
since = 2026-03-01T00:00:00Z
[[collector]]
kind = "modbus"
name = "press-line"
host = "127.0.0.1"
port = 9
tags = [{{name = "LEVEL", address = 0}}]
[[collector]]
kind = "mqtt"
name = "cell"
servers = ["mqtt://127.0.0.1:9"]
user = "reader"
password = "file:word"
topics = [{{topic = "cell/+/state"}}]
"""


@contextlib.contextmanager
def works(folder: Path, port: int = 9) -> Iterator[Served]:
    """Its console. port: where its service would tell how it is."""
    good, data = folder / "good", folder / "data"
    lake_of(good, reading=readings(range(LEARNED)), command=heartbeat(range(0, LEARNED, 10)))
    assert main(["analytics", "learn", str(good), "--out", str(data / "analytics/live-tap")]) == 0
    lake = lake_of(
        folder / "lake",
        reading=readings(range(LEARNED, LEARNED + 700), low_fill),
        command=command(LEARNED + 99, STRANGER),
    )
    assert main(["detect", str(lake), "--analytics", str(data / "analytics/live-tap"), "--write", "--json"]) in (0, 1)
    (folder / "word").write_text("a word")
    (folder / "word").chmod(0o600)
    file = folder / "linewarden.toml"
    file.write_text(TOML.format(port=port))
    wear(data)
    with serve(load_config(file), file) as served:
        furnish(served)
        yield served


def wear(data: Path) -> None:
    """A press that was scored, and one that could not be."""
    since, courses = datetime(2026, 3, 1, tzinfo=UTC), Courses(data)
    one = Scored("2026-03-05T12:00:03+00:00", "2026-03-05T12:00:00+00:00", 31.4, 12.2, None, 73.0, False,
                 (("heat", -20.0),), "press", 2)  # fmt: skip
    courses.keep(courses.of("press 3", since).with_one(one, 72.0))
    courses.keep(courses.of("press 4", since).failed("tags: heat: no value", since))
