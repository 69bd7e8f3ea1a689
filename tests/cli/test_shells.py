"""`linewarden assets export`: shells of a capture that is made here."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest

from linewarden.cli import main
from tests.protocols import harness

pytest.importorskip("basyx.aas", reason="pip install 'linewarden[aas]'")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    ask = struct.pack("!HHHBBHH", 1, 0, 6, 1, 3, 40, 2)
    answer = struct.pack("!HHHBBB2H", 1, 0, 7, 1, 3, 4, 7, 100)
    capture = tmp_path / "poll.pcap"
    capture.write_bytes(harness.pcap(harness.tcp_frames([("c", ask), ("s", answer)], 502, client_port=50_000)))
    assert main(["read", str(capture), "--out", str(tmp_path / "lake"), "--quiet"]) == 0
    return tmp_path / "lake"


def test_the_file_has_a_shell_for_each_asset(lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plant.aasx"
    assert main(["assets", "export", str(lake), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 2 shells, 2 process values\n"
    with zipfile.ZipFile(out) as package:
        assert any(name.endswith("data.json") for name in package.namelist())


def test_one_asset_by_its_address(lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "one.json"
    assert main(["assets", "export", str(lake), "--out", str(out), "--asset", "10.0.0.2"]) == 0
    (shell,) = json.loads(out.read_text())["assetAdministrationShells"]
    known = {(i["name"], i["value"]) for i in shell["assetInformation"]["specificAssetIds"]}
    assert ("ipAddress", "10.0.0.2") in known


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--asset", "nobody"], "--asset nobody: no such asset in"),
        (["--out", "plant.doc"], "--out plant.doc: end it with .aasx, .json, .xml"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    lake: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assets", "export", str(lake), *words]) == 2
    assert said in capsys.readouterr().err
