"""What a file is, by its first bytes.

Sources: draft-ietf-opsawg-pcap (magic numbers, both byte orders, microseconds and nanoseconds), draft-ietf-opsawg-
pcapng (section header block and its byte-order magic), RFC 1952 (gzip), RFC 8878 (zstd, with skippable frames),
APPNOTE.TXT of ZIP (4.3.6), age-encryption.org/v1, MS-CFB (OLE).
"""

from __future__ import annotations

import enum
from pathlib import Path

HEAD = 512


class Content(enum.StrEnum):
    """What bytes are."""

    PCAP = "pcap"
    PCAPNG = "pcapng"
    GZIP = "gzip"
    ZSTD = "zstd"
    ZIP = "zip"
    AGE = "age"
    OLE = "ole"
    TEXT = "text"
    EMPTY = "empty"
    OTHER = "other"


_PCAP = frozenset(bytes.fromhex(h) for h in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1"))
_STARTS: tuple[tuple[bytes, Content], ...] = (
    (b"\x1f\x8b\x08", Content.GZIP), (b"\x28\xb5\x2f\xfd", Content.ZSTD), (b"PK\x03\x04", Content.ZIP),
    (b"PK\x05\x06", Content.ZIP), (b"age-encryption.org/", Content.AGE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content.OLE),
)  # fmt: skip
_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""


def sniff(head: bytes) -> Content:
    """What begins so. `head`: the first HEAD bytes, or all there are."""
    if not head:
        return Content.EMPTY
    if head[:4] in _PCAP:
        return Content.PCAP
    if head[:4] == b"\x0a\x0d\x0d\x0a" and head[8:12] in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
        return Content.PCAPNG
    if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:  # a frame to skip, before one of data
        return Content.ZSTD
    for start, content in _STARTS:
        if head.startswith(start):
            return content
    return Content.TEXT if head.startswith(_MARKS) or b"\0" not in head else Content.OTHER


def head_of(path: Path) -> bytes:
    """The first bytes of a file. Raises OSError."""
    with path.open("rb") as file:
        return file.read(HEAD)


WORDS = {
    Content.PCAP: "a capture (pcap)", Content.PCAPNG: "a capture (pcapng)", Content.GZIP: "packed with gzip",
    Content.ZSTD: "packed with zstd", Content.ZIP: "a ZIP archive", Content.AGE: "encrypted with age",
    Content.OLE: "an old Office file", Content.TEXT: "text", Content.EMPTY: "empty", Content.OTHER: "something unknown",
}  # fmt: skip
