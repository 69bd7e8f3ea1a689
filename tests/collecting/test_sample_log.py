"""The log: what was acknowledged is read back, whatever is at its end, or in its middle."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from linewarden.errors import StoreError
from linewarden.service.collecting.blocks import Block, blocks_in, written
from linewarden.service.collecting.sample_log import Place, SampleLog


def block(first: int, data: bytes = b"xyz" * 40) -> Block:
    return Block("press", first, 17, 2, data)


def firsts(log: SampleLog, start: Place | None = None) -> list[int | None]:
    return [b.first if b else None for b, _ in log.read(start or Place(1, 0))]


def test_blocks_come_back_in_order_over_segments(tmp_path: Path) -> None:
    log = SampleLog(tmp_path, segment_bytes=300)
    for first in range(1, 20, 2):
        log.append([block(first)])
    assert len(log.segments()) > 2
    assert firsts(log) == list(range(1, 20, 2))
    middle = [place for _, place in log.read(Place(1, 0))][4]
    assert firsts(log, middle) == list(range(11, 20, 2))
    log.close()
    again = SampleLog(tmp_path, segment_bytes=300)
    again.append([block(21)])
    assert firsts(again) == list(range(1, 22, 2))
    again.close()


@given(cut=st.integers(0, 400))
def test_half_a_block_at_the_end_is_cut_off(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = SampleLog(folder)
    log.append([block(1), block(3)])
    log.close()
    path = folder / "00000001.samples"
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    whole = [f.block.first for f in blocks_in(path.read_bytes()) if f.block]
    again = SampleLog(folder)
    again.append([block(9)])
    assert firsts(again) == [*whole, 9]
    again.close()


def test_a_damaged_block_is_looked_past_and_said(tmp_path: Path) -> None:
    log = SampleLog(tmp_path)
    log.append([block(1)])
    log.append([block(3)])
    log.append([block(5)])
    path, size = tmp_path / "00000001.samples", len(written(block(1)))
    data = bytearray(path.read_bytes())
    data[size + 40] ^= 1  # its body
    path.write_bytes(data)
    assert firsts(log) == [1, None, 5]
    data[size + 2] ^= 1  # its head too
    path.write_bytes(data)
    assert firsts(log) == [1, None, 5]
    assert len(log.problems) == 1
    assert "00000001.samples" in log.problems[0]
    log.close()


def test_what_a_full_disk_takes_half_counts_not(tmp_path: Path) -> None:
    log = SampleLog(tmp_path)
    log.append([block(1)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.bytes + 60, before[1]))  # a file cannot be larger: as a full disk
    try:
        with pytest.raises(OSError, match="large"):
            log.append([block(3)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.append([block(3)])
    assert firsts(log) == [1, 3]
    log.close()


def test_only_one_may_have_it(tmp_path: Path) -> None:
    log = SampleLog(tmp_path)
    with pytest.raises(StoreError, match="another"):
        SampleLog(tmp_path)
    log.close()
    SampleLog(tmp_path).close()


def test_a_folder_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        SampleLog(tmp_path / "x")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_stumble(data: bytes) -> None:
    whole = written(block(1))
    found = [f.block for f in blocks_in(whole + data + whole)]
    assert found[0] == block(1)
    assert all(b is None or b.collector == "press" for b in found)
