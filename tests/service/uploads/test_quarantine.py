"""Where files wait: whole or not there, by no name of theirs, within bounds."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from hypothesis import given, strategies as st

from linewarden.errors import StoreError
from linewarden.service.uploads import UploadError, quarantine
from linewarden.service.uploads.paths import display_name
from linewarden.service.uploads.quarantine import Quarantine
from linewarden.service.uploads.sniffing import Content
from tests.service.uploads.samples import PCAP


@pytest.fixture
def place(tmp_path: Path) -> Quarantine:
    return Quarantine(tmp_path / "uploads", most_bytes=10_000, most_files=3)


def test_a_whole_file_is_there_by_its_id_and_for_its_owner_alone(place: Quarantine) -> None:
    with place.receive("../../etc/plant.pcap", 1_000) as intake:
        intake.write(PCAP[:10])
        assert [p.suffix for p in place.folder.iterdir()] == [".part"]
        intake.write(PCAP[10:])
    found = intake.upload
    assert found.path.read_bytes() == PCAP
    assert (found.name, found.content, found.size) == ("plant.pcap", Content.PCAP, len(PCAP))
    assert found.sha256 == hashlib.sha256(PCAP).hexdigest()
    assert [p.name for p in place.folder.iterdir()] == [found.id]
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert place.folder.stat().st_mode & 0o777 == 0o700


def test_what_is_broken_off_or_too_large_leaves_nothing(place: Quarantine) -> None:
    _break_off(place)
    with pytest.raises(UploadError, match="larger than"), place.receive("a", 5) as intake:
        intake.write(b"123456")
    with pytest.raises(UploadError, match="empty"), place.receive("a", 5):
        pass
    with pytest.raises(UploadError, match="larger than"):
        place.receive("a", 5, expected=6)
    assert list(place.folder.iterdir()) == []


def _break_off(place: Quarantine) -> None:
    with contextlib.suppress(KeyboardInterrupt), place.receive("a", 1_000) as intake:
        intake.write(b"half")
        raise KeyboardInterrupt


def test_a_stream_over_the_network_is_taken_in_pieces(place: Quarantine) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(PCAP), 7):
            yield PCAP[at : at + 7]

    found = anyio.run(place.take, "plant.pcap", 1_000, pieces())
    assert found.path.read_bytes() == PCAP


def test_the_folder_is_bounded_in_files_and_bytes_and_leaves_room_on_the_disk(
    place: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        with place.receive(str(n), 10) as intake:
            intake.write(b"x")
    with pytest.raises(UploadError, match="wait to be looked at"):
        place.receive("a", 10)
    place.discard(intake.upload.id)
    with pytest.raises(UploadError, match="wait to be looked at"):
        place.receive("a", 100_000, expected=50_000)
    monkeypatch.setattr(quarantine, "LEAVE_FREE", 1 << 60)
    with pytest.raises(StoreError, match="nearly full"):
        place.receive("a", 10)


@pytest.mark.parametrize("id", ["", "..", "../../etc/passwd", "a" * 31 + "/", "A" * 32, "a" * 33])
def test_only_ids_lead_into_it(place: Quarantine, id: str) -> None:
    with pytest.raises(UploadError, match="no such upload"):
        place.path_of(id)


def test_what_nobody_finished_goes(place: Quarantine) -> None:
    assert place.sweep() == 0
    with place.receive("a", 10) as intake:
        intake.write(b"x")
    os.utime(intake.upload.path, (0, 0))
    (place.folder / f"{'0' * 32}.part").write_bytes(b"half")
    assert place.sweep() == 1
    assert len(list(place.folder.iterdir())) == 1


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "uploads").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="link"):
        Quarantine(tmp_path / "uploads").receive("a", 10)


@given(st.text(max_size=300))
def test_any_name_can_be_shown(name: str) -> None:
    shown = display_name(name)
    assert shown
    assert len(shown) <= 120
    assert not set(shown) & set("/\\\0\n\r\x1b\u202e")
