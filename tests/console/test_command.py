"""`linewarden console`, where what it is given is wrong: one line, the way out, and an exit code."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from linewarden.cli import main


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        ("nonsense", "use address:port"),
        ("127.0.0.1:99999", "use address:port"),
        ("plant.example:9443", "is no IP address"),
    ],
)
def test_a_wrong_address(lake: Path, capsys: pytest.CaptureFixture[str], listen: str, says: str) -> None:
    assert main(["console", str(lake), "--listen", listen]) == 2
    said = capsys.readouterr().err
    assert said.startswith("linewarden: error: --listen")
    assert says in said


def test_an_address_that_is_taken(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["console", str(lake), "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]) == 2
    assert "cannot listen there" in capsys.readouterr().err


def test_what_is_no_lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["console", str(tmp_path)]) == 2
    assert "neither a configuration file nor a lake" in capsys.readouterr().err
