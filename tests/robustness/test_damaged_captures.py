"""Captures that were cut off or damaged: read without a crash, and never more packets than there were.

Over every shared capture; the damage is chosen by a seed, so a failure can be repeated. `-m "shared and slow"` cuts at
each record instead of at a few, and flips more bits.
"""

from __future__ import annotations

import bisect
import itertools
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from linewarden.sensor.sensor import Sensor, streams
from linewarden.wire.captures import Capture
from tests.robustness.capture_files import PCAP_LITTLE, PCAPNG, boundaries

SHARED = Path(os.environ.get("LINEWARDEN_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data" / "captures"
CAPTURES = sorted(p for p in SHARED.glob("*") if p.suffix in (".pcap", ".pcapng", ".cap"))
FEW = 2  # of each kind of damage, for a capture
MANY = 20  # the same, in the slow test
BATCH = 20_000_000  # bytes of captures read in one run of the engine
SMALL = 400_000  # bytes; a larger one is damaged once of each kind, and cut at sampled records only
MAX_CUTS = 400  # in the slow test, for a capture

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CAPTURES, reason=f"no captures in {SHARED}; set LINEWARDEN_SHARED"),
]
ids = [p.name for p in CAPTURES]


def packets(damaged: Iterable[bytes], folder: Path) -> list[int]:
    """Packets of each of these captures, read with all streams built; 0 for what is said to be no capture.

    Many are read in one run: to start the engine takes longer than to read a small capture.
    """
    counts: list[int] = []
    files: list[Capture] = []
    held = 0
    for data in damaged:
        path = folder / f"{len(files)}"
        path.write_bytes(data)
        files.append(Capture(path, path.name))
        held += len(data)
        if held >= BATCH:
            counts += _read(files)
            files, held = [], 0
    return counts + _read(files)


def _read(files: list[Capture]) -> list[int]:
    sensor, counts = Sensor(), dict.fromkeys((f.name for f in files), 0)
    ended = False
    for step in sensor.read(files, [s.name for s in streams()]):
        counts |= {end.name: end.packets for end in step.captures}
        ended = step.totals is not None
    # That a reading thread died is the one thing that must not happen.
    assert ended, "reading was given up"
    sensor.finish()
    for file in files:
        assert file.path is not None
        file.path.unlink()
    return list(counts.values())


@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_cut_at_a_record_has_the_packets_before_the_cut(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    ends = boundaries(data)
    if not ends:
        pytest.skip("a compressed capture has no record boundaries of its own")
    rng = random.Random(capture.name)
    chosen = sorted(rng.sample(ends, min(len(ends), FEW if len(data) <= SMALL else 1)))
    _cut_and_read(data, ends, chosen, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_cut_at_each_record_has_the_packets_before_the_cut(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    ends = boundaries(data)
    step = max(1, len(ends) // (MAX_CUTS if len(data) <= SMALL else 10))
    _cut_and_read(data, ends, ends[::step], tmp_path)


def _cut_and_read(data: bytes, ends: list[int], chosen: list[int], folder: Path) -> None:
    at_end = packets((data[:end] for end in chosen), folder)
    within_the_next = packets((data[: end + 7] for end in chosen), folder)
    assert within_the_next == at_end, "the record that is cut is lost, no other"
    before = [bisect.bisect_left(ends, end) for end in chosen]
    if data[:4] == PCAPNG:
        assert at_end == sorted(at_end)
        assert all(n <= most + 1 for n, most in zip(at_end, before, strict=True))  # some blocks hold no packet
    else:
        assert at_end == before


@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_with_flipped_bits_is_read_to_its_end(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    rng = random.Random(capture.name)
    whole, *flipped = packets((data, *_flipped(data, rng, FEW if len(data) <= SMALL else 1)), tmp_path)
    assert max(flipped) <= whole


@pytest.mark.slow
@pytest.mark.parametrize("capture", CAPTURES, ids=ids)
def test_a_capture_with_bits_flipped_in_many_ways_is_read_to_its_end(capture: Path, tmp_path: Path) -> None:
    data = capture.read_bytes()
    rng = random.Random(f"many {capture.name}")
    whole, *flipped = packets((data, *_flipped(data, rng, MANY if len(data) <= SMALL else FEW)), tmp_path)
    assert max(flipped) <= whole


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
    assert packets([bytes(data)], tmp_path) == [len(ends) - 1]


def _flipped(data: bytes, rng: random.Random, rounds: int) -> Iterator[bytes]:
    """One bit in a thousand bytes, ten bits anywhere, and damage among the first bytes after the file header."""
    for _ in range(rounds):
        for count, reach in ((len(data) // 1_000 + 1, len(data)), (10, len(data)), (3, min(len(data), 200))):
            out = bytearray(data)
            for _ in range(count):
                out[rng.randrange(min(24, reach - 1), reach)] ^= 1 << rng.randrange(8)
            yield bytes(out)
