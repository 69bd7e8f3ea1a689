"""Seeds for engine/fuzz from a folder of captures. Nothing of them is kept in the repository.

usage: python -m tests.robustness.fuzz_seeds CAPTURES OUT      (writes OUT/captures and OUT/stream_cuts)
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.robustness.capture_files import Segment, segments

LARGEST = 60_000  # bytes; a fuzzer learns little from more, and slowly
SMALL = 4_000  # bytes of a capture that is given compressed too
TURNS = 16  # of a dialogue
SUFFIXES = (".pcap", ".pcapng", ".cap")


def main(captures: Path, out: Path) -> None:
    """Copies the small captures, and writes the TCP dialogues of all as `stream_cuts` takes them."""
    for folder in ("captures", "stream_cuts"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(p for p in captures.glob("*") if p.suffix in SUFFIXES):
        data = path.read_bytes()
        if len(data) <= LARGEST:
            _write(out / "captures", data)
        if len(data) <= SMALL:
            _write(out / "captures", gzip.compress(data, mtime=0))
            _write(out / "captures", _zstd(data))
        for dialogue in _dialogues(data):
            _write(out / "stream_cuts", dialogue)


def _write(folder: Path, data: bytes) -> None:
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def _zstd(data: bytes) -> bytes:
    """A Zstandard frame (RFC 8878, 3.1.1) of one raw block: content size of two bytes, no checksum."""
    size, block = (len(data) - 256) & 0xFFFF, len(data) << 3 | 1
    return b"\x28\xb5\x2f\xfd\x60" + size.to_bytes(2, "little") + block.to_bytes(3, "little") + data


def _dialogues(data: bytes) -> Iterator[bytes]:
    """Server port, cuts, then turns of side, length, bytes (engine/fuzz/fuzz_targets/stream_cuts.rs)."""
    flows: dict[frozenset[tuple[bytes, int]], list[Segment]] = {}
    for segment in segments(data):
        flows.setdefault(frozenset((segment.src, segment.dst)), []).append(segment)
    for kept in itertools.islice(flows.values(), 20):
        # The lower port is the server's; good enough for a seed.
        server = min((kept[0].src, kept[0].dst), key=lambda end: end[1])
        turns = b"".join(bytes([s.src == server]) + len(s.data).to_bytes(2, "little") + s.data for s in kept[:TURNS])
        yield server[1].to_bytes(2, "little") + bytes([len(kept) * 37 % 256]) + turns


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
