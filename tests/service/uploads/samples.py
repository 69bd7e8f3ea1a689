"""Hostile files, made here byte by byte: what somebody sends who wants to do harm."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + struct.pack("<IIII", 1, 0, 60, 60) + bytes(60)
PCAPNG = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


def zstd_raw(data: bytes) -> bytes:
    """A frame of blocks as they are (RFC 8878 3.1.1.2)."""
    blocks = [data[at : at + 100_000] for at in range(0, len(data), 100_000)] or [b""]
    packed = [((len(b) << 3) | (n == len(blocks) - 1)).to_bytes(3, "little") + b for n, b in enumerate(blocks)]
    return b"\x28\xb5\x2f\xfd\x00\x38" + b"".join(packed)


def zstd_bomb(begin: bytes, megabytes: int) -> bytes:
    """Blocks of one byte that is repeated 128 Ki times: 4 bytes each."""
    first = (len(begin) << 3).to_bytes(3, "little") + begin
    block = ((131_072 << 3) | (1 << 1)).to_bytes(3, "little") + b"\0"
    last = ((1 << 3) | (1 << 1) | 1).to_bytes(3, "little") + b"\0"
    return b"\x28\xb5\x2f\xfd\x00\x38" + first + block * (8 * megabytes) + last


def gzip_bomb(begin: bytes, megabytes: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(begin)
        for _ in range(megabytes):
            file.write(bytes(1 << 20))
    return out.getvalue()


def zipped(path: Path, members: dict[str, bytes], *, mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = name  # the constructor would mend it
            entry.compress_type = zipfile.ZIP_DEFLATED
            if mode:
                entry.external_attr = mode << 16
            archive.writestr(entry, data)
    return path


def overlapping(path: Path, files: int) -> Path:
    """Many entries of the directory that all mean the same bytes (D. Fifield, 2019, in its simplest form)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = bytes(1_000_000)
    body = packer.compress(data) + packer.flush()
    crc = zlib.crc32(data)
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0, crc, len(body), len(data))
    local = b"PK\x03\x04" + fields + struct.pack("<HH", 3, 0) + b"a00" + body
    directory = b""
    for n in range(files):
        name = f"f{n:04}".encode()
        rest = struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fields + rest + name
    end = struct.pack("<HHHHIIH", 0, 0, files, files, len(directory), len(local), 0)
    path.write_bytes(local + directory + b"PK\x05\x06" + end)
    return path


def lying(path: Path, *, said: int, real: int) -> Path:
    """An entry whose size in directory and header is a lie."""
    zipped(path, {"a.yml": bytes(real)})
    data = path.read_bytes().replace(struct.pack("<I", real), struct.pack("<I", said))
    path.write_bytes(data)
    return path


def workbook(path: Path, sheet: bytes = b"<worksheet/>", **more: bytes) -> Path:
    parts = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": sheet}
    return zipped(path, parts | more)


LINK = stat.S_IFLNK | 0o777
DEVICE = stat.S_IFCHR | 0o666
BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
)
