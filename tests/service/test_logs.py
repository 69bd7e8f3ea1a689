"""Logs: JSON a line, nobody's text breaks a line, files are bounded."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewarden.errors import StoreError
from linewarden.service import logs


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_is_json_with_time_level_and_what_it_is_about(tmp_path: Path) -> None:
    log = logs.begin_logging("info", "json", tmp_path / "logs" / "service.log")
    log.warning("the interface is down", sensor="line1")
    log.debug("not told at this level")
    (line,) = (tmp_path / "logs" / "service.log").read_text().splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["sensor"]) == ("the interface is down", "warning", "line1")
    assert said["ts"].endswith("Z")


def test_what_a_device_says_makes_no_line_of_its_own(tmp_path: Path) -> None:
    log = logs.begin_logging("info", "text", tmp_path / "a.log")
    log.warning("weird from \x1b[2J\nERROR all is well", sensor="a\rb")
    text = (tmp_path / "a.log").read_text()
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text and "\r" not in text


def test_libraries_come_out_the_same_way(tmp_path: Path) -> None:
    logs.begin_logging("info", "json", tmp_path / "a.log")
    logging.getLogger("uvicorn.error").error("hello %s", "there")
    assert json.loads((tmp_path / "a.log").read_text())["event"] == "hello there"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        logs.begin_logging("info", "json", tmp_path / "file" / "a.log")


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2_000)
    log = logs.begin_logging("info", "json", tmp_path / "a.log")
    for i in range(500):
        log.info("line", number=i)
    files = list(tmp_path.iterdir())
    assert len(files) == logs.FILES + 1
    assert all(f.stat().st_size <= 2_000 for f in files)
