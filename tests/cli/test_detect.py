"""`linewarden detect` and `detections`, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.service.lake import open_lake, query
from tests.cli.conftest import Run
from tests.protocols import harness

SETUP_COTP = bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102")
CONFIRM_COTP = bytes.fromhex("0300001611d00001000100c0010ac1020100c2020102")


def s7(rosctr: int, parameter: bytes, error: bytes = b"") -> bytes:
    """An S7comm PDU behind TPKT and COTP."""
    body = bytes([0x32, rosctr]) + b"\0\0\0\1" + len(parameter).to_bytes(2, "big") + b"\0\0" + error + parameter
    return b"\x03\0" + (len(body) + 7).to_bytes(2, "big") + b"\x02\xf0\x80" + body


REQUEST_DOWNLOAD = s7(1, bytes.fromhex("1a00010000000000") + b"\x09_0A00001P" + b"\x0d1000196000128")


@pytest.fixture
def download(tmp_path: Path) -> Path:
    messages = [("c", SETUP_COTP), ("s", CONFIRM_COTP), ("c", REQUEST_DOWNLOAD), ("s", s7(3, b"\x1a\0", b"\0\0"))]
    path = tmp_path / "download.pcap"
    path.write_bytes(harness.pcap(harness.tcp_frames(messages, 102, client_port=50_000)))
    return path


def run(*arguments: object) -> int:
    return main([str(a) for a in arguments])


def test_it_says_who_wrote_a_program_and_shows_the_packet(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("detect", download, "--only", "program_download", "--json") == 0
    (notice,) = json.loads(capsys.readouterr().out)
    assert notice["note"] == "program_download"
    assert notice["techniques"][0] == "T0843"
    assert (notice["capture"], notice["frame"]) == ("download.pcap", 3 + 3)  # after the handshake and two of COTP
    assert len(notice["runbook"]) == 3


def test_a_person_sees_what_to_do(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("detect", download, "--only", "program_download") == 0
    out = capsys.readouterr().out
    assert "what to do first" in out
    assert "1 high" in out


def test_fail_on_is_for_scripts(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("detect", download, "--only", "program_download", "--fail-on", "high") == 7
    assert run("detect", download, "--only", "program_download", "--fail-on", "critical") == 0
    assert "high" in capsys.readouterr().out


def test_kept_notices_are_those_of_the_last_run(
    download: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "lake"
    assert run("detect", download, "--out", lake, "--only", "program_download") == 0
    for _ in range(2):
        assert run("detect", lake, "--write", "--only", "program_download") == 0
    with query(open_lake(lake), "SELECT note, severity, frame FROM notice WHERE NOT again") as answer:
        assert list(answer.rows) == [("program_download", "high", 6)]
    capsys.readouterr()


def test_nothing_found_is_said(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("detect", download, "--only", "address_sweep") == 0
    assert "Nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--only", "nonsense"), "nonsense: no such detection"), (("--write",), "no lake to write to")],
)
def test_what_cannot_be_is_said(
    download: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("detect", download, *arguments) == 2
    assert said in capsys.readouterr().err


def test_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("detections", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"program_download", "address_sweep"} <= {d["name"] for d in listed}
    assert run("detections", "address_sweep") == 0
    page = capsys.readouterr().out
    assert "T0846" in page and "Harmless if" in page


def test_a_report_shows_what_is_wrong(run: Run, tmp_path: Path) -> None:
    capture = tmp_path / "download.pcap"
    messages = [("c", SETUP_COTP), ("s", CONFIRM_COTP), ("c", REQUEST_DOWNLOAD), ("s", s7(3, b"\x1a\0", b"\0\0"))]
    capture.write_bytes(harness.pcap(harness.tcp_frames(messages, 102, client_port=50_000)))
    ran = run("detect", capture, "--report", tmp_path / "plant.html")
    assert ran.code == 0 and "plant.html" in ran.out
    page = (tmp_path / "plant.html").read_text(encoding="utf-8")
    assert "What is wrong" in page and "Program written into a controller" in page
