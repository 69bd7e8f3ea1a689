"""A rule of the site, live: from the packet on the cable to the notice in the lake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from linewarden.detections.rules.rule import Rule, rule_as_json
from linewarden.detections.rules.tree import AllOf, Net, Text
from linewarden.plant.model import Severity
from tests.live.conftest import PATIENCE, Space, Watch, until
from tests.live.test_serve import Serve

WRITE = AllOf((Text("verb", ("write",)), Net("id.orig_h", ("10.0.0.0/24",))))
RULE = Rule("rule_write", "4711", "A register written", Severity.HIGH, {"command": WRITE})


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rule_write.json").write_text(json.dumps(rule_as_json(RULE)))
    return folder


def test_watch_tells_what_a_rule_finds(watch: Callable[..., Watch], space: Space, rules: Path) -> None:
    running = watch("--detect", "--rules", rules).listening()
    space.modbus(3, 6, client=60_000)
    until(lambda: running.said("A register written: 10.0.0.1 to 10.0.0.2."))
    assert running.end() == 0
    told = running.rows("notice")
    assert ("rule_write", "high") in set(told.select("note", "severity").iter_rows())


def test_the_service_keeps_it_and_says_it(space: Space, rules: Path, tmp_path: Path) -> None:
    space.ip("link", "set", "lo", "up")
    serve = Serve(space, tmp_path, '[detect]\nrules = "rules"\n')
    try:
        serve.ready()
        space.modbus(6, client=60_000)
        sql = "SELECT severity, \"id.orig_h\" FROM notice WHERE note = 'rule_write' AND NOT again"
        until(lambda: serve.rows(sql) if (serve.data / "lake" / "stream=notice").is_dir() else [])
        assert serve.rows(sql) == [("high", "10.0.0.1")]
        assert serve.end() == 0
    finally:
        if serve.process.poll() is None:
            serve.process.kill()
            serve.process.wait(PATIENCE)
    assert '"notice": "rule_write"' in serve.log.read_text()
