"""The sender of the live benchmark sends what a capture holds, and says what it could not."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from _speed import cable, flood_capture

pytestmark = pytest.mark.skipif(bool(why := cable.why_not()), reason=why)
LARGE = b"\x02" * 12 + b"\x08\x00" + bytes(cable.MTU + 100)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """300 frames of polling, and one that no interface takes."""
    path = tmp_path / "frames.pcap"
    flood_capture.write(path, 300, 0.0)
    with path.open("ab") as file:
        file.write(struct.pack("<IIII", 0, 0, len(LARGE), len(LARGE)) + LARGE)
    return path


def test_all_frames_arrive_and_what_is_refused_is_told(capture: Path) -> None:
    with cable.Cable("lw-test") as pair:
        sent = pair.send(capture, 0, 1_000)
        assert (sent.packets, sent.refused) == (300, 1)
        counted = subprocess.run(
            ["ip", "-n", pair.name, "-s", "-o", "link", "show", cable.NEAR], capture_output=True, text=True, check=True
        ).stdout
    assert " 300 " in counted.partition("RX:")[2].partition("TX:")[0]


def test_a_rate_is_kept(capture: Path) -> None:
    with cable.Cable("lw-test") as pair:
        sent = pair.send(capture, 1_000, 200)
    assert sent.packets == 200
    assert 0.19 <= sent.seconds < 2


def test_nothing_of_the_namespace_stays_behind() -> None:
    with cable.Cable("lw-test") as pair:
        pair.ip("link", "show", cable.FAR)
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert pair.name not in names
