"""The bar: only where somebody looks, and gone at the end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from linewarden.sensor.sensor import Progress
from linewarden.service import progress
from tests.cli.conftest import capture


def test_rate_and_packets_are_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress, "PACE", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    bar = progress.Bar()
    bar.step(Progress(1_000, 100_000, 50_000, 100_000, "a.pcap"))
    bar.step(Progress(2_000, 200_000, 60_000, None, "a.pcap"))
    bar.close()
    err = capsys.readouterr().err
    assert "2,000 packets" in err
    assert "k packets/s" in err
    assert "a.pcap" in err


def test_a_terminal_is_left_clean(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(capture(3, 6, times=20_000))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "linewarden", "read", str(path), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    assert done.returncode == 0
    assert b'"packets": 80005' in done.stdout
    os.close(ours)
