"""What people say of a plant from the command line: announced work, and what is normal because."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.service.expected_file import load_expected
from linewarden.service.expected_keeper import ExpectedKeeper
from tests.cli.test_detect import CONFIRM_COTP, REQUEST_DOWNLOAD, SETUP_COTP, s7
from tests.protocols import harness

ANNOUNCE = ("--asset", "10.0.0.1", "--verb", "stop", "--because", 'change "4711"', "--author", "J. Muster")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake with a program download."""
    messages = [("c", SETUP_COTP), ("s", CONFIRM_COTP), ("c", REQUEST_DOWNLOAD), ("s", s7(3, b"\x1a\0", b"\0\0"))]
    (tmp_path / "download.pcap").write_bytes(harness.pcap(harness.tcp_frames(messages, 102, client_port=50_000)))
    assert main(["detect", str(tmp_path / "download.pcap"), "--out", str(tmp_path / "lake")]) == 0
    return tmp_path / "lake"


def announce(file: Path, *more: str) -> int:
    return main(["expected", "announce", str(file), *ANNOUNCE, *more])


def test_work_is_announced_and_what_was_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "expected.toml"
    file.write_text("# ours\n", encoding="utf-8")
    assert announce(file, "--from", "2026-12-01T06:00Z", "--until", "4h") == 0
    assert file.read_text(encoding="utf-8").startswith("# ours\n")
    (window,) = load_expected(file).windows
    assert (window.assets, window.verbs, window.reason) == (("10.0.0.1",), ("stop",), 'change "4711"')
    assert window.end - window.begin == 4 * 3600 * 10**9
    capsys.readouterr()
    assert main(["expected", str(file), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["what"], row["about"]) == ("stop", "10.0.0.1")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--until", "soon"), "--until"),
        (("--until", "4h", "--verb", "explode"), "--verb"),
        (("--from", "2026-12-01T06:00Z", "--until", "2026-12-01T05:00Z"), "until"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], named: str
) -> None:
    assert announce(tmp_path / "expected.toml", *more) == 2
    assert named in capsys.readouterr().err
    assert not (tmp_path / "expected.toml").exists()


def test_a_notice_is_called_normal_and_is_expected_from_then_on(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "expected.toml"
    capsys.readouterr()
    main(["notices", str(lake), "--severity", "high", "--json"])
    first = json.loads(capsys.readouterr().out)[0]
    said = [
        "notices",
        "normal",
        str(lake),
        first["notice_id"][:8],
        "--because",
        "tried on purpose",
        "--into",
        str(file),
    ]
    assert main([*said, "--author", "J. Muster", "--for", "2w"]) == 0
    (rule,) = load_expected(file).suppressions
    assert rule.note == first["note"] and rule.author == "J. Muster"
    assert first["notice_id"] in file.read_text(encoding="utf-8"), "the comment names the notice"
    capsys.readouterr()
    assert main(["notices", "normal", str(lake), "zz", "--because", "x", "--into", str(file)]) == 2
    assert "linewarden notices" in capsys.readouterr().err


def test_the_file_is_read_again_and_a_mistake_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewarden.service.expected_keeper.LOOK_S", 0.0)
    file = tmp_path / "expected.toml"
    file.write_text("", encoding="utf-8")
    keeper = ExpectedKeeper(file)
    assert keeper.turn() == ""
    announce(file, "--until", "4h")
    assert "1 windows" in keeper.turn() and len(keeper.expected.windows) == 1
    file.write_text("[[window]]\n", encoding="utf-8")
    assert "expected.toml" in keeper.turn() and len(keeper.expected.windows) == 1
    assert keeper.turn() == "", "it is said once"
