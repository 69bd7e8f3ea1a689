"""Blocks of the log: samples of one collector with their numbers, and a checksum.

    head: magic, bytes of the body, CRC-32 of the body, CRC-32 of these twelve
    body: name of the collector, number of the first sample, when it came (ns UTC), Arrow IPC stream (LZ4) of COLUMNS

Both checksums are CRC-32 of ISO 3309 (zlib). A head of its own lets a reader go on behind a damaged body.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MAGIC = b"LWs1"
_HEAD = struct.Struct("<4sII")
_CHECK = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CHECK.size
_ABOUT = struct.Struct("<HQqI")


@dataclass(frozen=True, slots=True)
class Block:
    """Samples of one collector, numbered on from `first` (from 1). `arrived`: ns UTC, of the first."""

    collector: str
    first: int
    arrived: int
    rows: int
    data: bytes

    @property
    def after(self) -> int:
        """The number that comes next."""
        return self.first + self.rows

    def frame(self) -> pl.DataFrame:
        """The samples."""
        import polars as pl

        return pl.read_ipc_stream(io.BytesIO(self.data))


def packed(frame: pl.DataFrame) -> bytes:
    """Samples as a block has them."""
    out = io.BytesIO()
    frame.write_ipc_stream(out, compression="lz4")
    return out.getvalue()


def written(block: Block) -> bytes:
    """A block as the log has it."""
    name = block.collector.encode()
    body = _ABOUT.pack(len(name), block.first, block.arrived, block.rows) + name + block.data
    head = _HEAD.pack(MAGIC, len(body), zlib.crc32(body))
    return head + _CHECK.pack(zlib.crc32(head)) + body


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a place of the log: a whole block, or None for a damaged one. `end`: where the next begins."""

    block: Block | None
    start: int
    end: int


def blocks_in(data: bytes) -> Iterator[Found]:
    """The blocks in these bytes; a last one that is not whole is left out, damaged ones are looked past."""
    at = 0
    while at + HEAD_BYTES <= len(data):
        size, checksum = _head(data, at)
        if size < 0:
            there = _next_head(data, at + 1)
            if there < 0:
                return
            yield Found(None, at, there)
            at = there
            continue
        end = at + HEAD_BYTES + size
        if end > len(data):
            return
        body = data[at + HEAD_BYTES : end]
        yield Found(_block(body) if zlib.crc32(body) == checksum else None, at, end)
        at = end


def _head(data: bytes, at: int) -> tuple[int, int]:
    """Bytes of the body, and its checksum; -1 if there is no head."""
    magic, size, checksum = _HEAD.unpack_from(data, at)
    (of_head,) = _CHECK.unpack_from(data, at + _HEAD.size)
    if magic != MAGIC or of_head != zlib.crc32(data[at : at + _HEAD.size]):
        return -1, 0
    return size, checksum


def _next_head(data: bytes, at: int) -> int:
    while 0 <= (at := data.find(MAGIC, at)) <= len(data) - HEAD_BYTES:
        if _head(data, at)[0] >= 0:
            return at
        at += 1
    return -1


def _block(body: bytes) -> Block:
    size, first, arrived, rows = _ABOUT.unpack_from(body)
    start = _ABOUT.size + size
    return Block(body[_ABOUT.size : start].decode(), first, arrived, rows, body[start:])
