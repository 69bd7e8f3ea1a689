"""Captures that were cut off or damaged: read without a crash, and never more packets than there were.

Over every shared capture; the damage is chosen by a seed, so a failure can be repeated. `-m "shared and slow"` cuts at
each record instead of at a few.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewarden.errors import CaptureError
from linewarden.sensor.sensor import read_all, streams
from linewarden.wire.captures import Capture
from tests.robustness.capture_files import PCAP_LITTLE, PCAPNG, boundaries

SHARED = Path(os.environ.get("LINEWARDEN_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data" / "captures"
CAPTURES = sorted(p for p in SHARED.glob("*") if p.suffix in (".pcap", ".pcapng", ".cap"))
FEW = 2  # of each kind of damage, for a capture
SMALL = 400_000  # bytes; a larger one is damaged once of each kind, and cut at sampled records only
MAX_CUTS = 400  # in the slow test, for a capture

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CAPTURES, reason=f"no captures in {SHARED}; set LINEWARDEN_SHARED"),
]
ids = [p.name for p in CAPTURES]


def packets(data: bytes, at: Path) -> int:
    """Packets that the sensor read, with all its streams built; 0 if it says that this is no capture."""
    at.write_bytes(data)
    try:
        _, totals = read_all([Capture(at, at.name)], [s.name for s in streams()])
    except CaptureError as error:
        # That the reading thread died is the one thing that must not happen.
        if "given up" in str(error):
            raise
        return 0
    return totals.packets


@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_cut_at_a_record_has_the_packets_before_the_cut(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    ends = boundaries(data)
    if not ends:
        pytest.skip("a compressed capture has no record boundaries of its own")
    rng = random.Random(capture.name)
    chosen = sorted(rng.sample(ends, min(len(ends), FEW if len(data) <= SMALL else 1)))
    _cut_and_read(data, ends, chosen, tmp_path / "cut")


@pytest.mark.slow
@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_cut_at_each_record_has_the_packets_before_the_cut(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    ends = boundaries(data)
    step = max(1, len(ends) // (MAX_CUTS if len(data) <= SMALL else 10))
    _cut_and_read(data, ends, ends[::step], tmp_path / "cut")


def _cut_and_read(data: bytes, ends: list[int], chosen: list[int], place: Path) -> None:
    seen = 0
    for end in chosen:
        count = packets(data[:end], place)
        if data[:4] == PCAPNG:
            assert seen <= count <= ends.index(end) + 1  # some blocks hold no packet
        else:
            assert count == ends.index(end)
        # In the middle of the record that follows: that record is lost, no other.
        assert packets(data[: end + 7], place) == count
        seen = count


@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_with_flipped_bits_is_read_to_its_end(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    whole = packets(data, tmp_path / "whole")
    rng = random.Random(capture.name)
    for damaged in _flipped(data, rng, FEW if len(data) <= SMALL else 1):
        count = packets(damaged, tmp_path / "flipped")
        assert count <= whole


def test_damage_to_payloads_alone_loses_no_packet(tmp_path: Path) -> None:
    capture = next((p for p in CAPTURES if p.read_bytes()[:4] in PCAP_LITTLE and p.stat().st_size > 10_000), None)
    if capture is None:
        pytest.skip("no plain little-endian pcap among the captures")
    data = bytearray(capture.read_bytes())
    ends = boundaries(bytes(data))
    rng = random.Random(1)
    for start, end in itertools.pairwise(ends):
        if end - start > 70:
            data[rng.randrange(start + 16 + 54, end)] ^= 1 << rng.randrange(8)
    assert packets(bytes(data), tmp_path / "payload") == len(ends) - 1


def _flipped(data: bytes, rng: random.Random, rounds: int) -> Iterator[bytes]:
    """One bit in a thousand bytes, ten bits anywhere, and damage among the first bytes after the file header."""
    for _ in range(rounds):
        for count, reach in ((len(data) // 1_000 + 1, len(data)), (10, len(data)), (3, min(len(data), 200))):
            out = bytearray(data)
            for _ in range(count):
                out[rng.randrange(min(24, reach - 1), reach)] ^= 1 << rng.randrange(8)
            yield bytes(out)
