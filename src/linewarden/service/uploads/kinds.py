"""One function for each use of a file that a person sent. Each raises UploadError, in words for who sent it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from linewarden.service.uploads import UploadError
from linewarden.service.uploads.packed import Bounds, unpacked
from linewarden.service.uploads.sniffing import WORDS, Content, head_of, sniff
from linewarden.service.uploads.zips import BoundedZip, ZipBounds

CAPTURES = (Content.PCAP, Content.PCAPNG)
SUFFIX = {Content.PCAP: ".pcap", Content.PCAPNG: ".pcapng", Content.GZIP: ".gz", Content.ZSTD: ".zst"}
WORKBOOK = ZipBounds(files=2_000, most=200_000_000, one=150_000_000, ratio=200.0, free=20_000_000)
RULES = ZipBounds(files=20_000, most=100_000_000, one=4_000_000, ratio=100.0, free=10_000_000)
RULE_ENDINGS = (".yml", ".yaml")
SHEETS = "xl/workbook.xml"


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture that was looked at. `suffix`: as its name should end; `size`: bytes once unpacked."""

    path: Path
    suffix: str
    size: int


def capture(path: Path, bounds: Bounds | None = None) -> Capture:
    """A capture: pcap or pcapng, as it is or packed once with gzip or zstd."""
    content = _content(path)
    if content in CAPTURES:
        return Capture(path, SUFFIX[content], path.stat().st_size)
    if content not in (Content.GZIP, Content.ZSTD):
        raise UploadError(f"it is {WORDS[content]}, and no capture; send pcap or pcapng, also packed with gzip or zstd")
    inner, size = unpacked(path, bounds or Bounds())
    if inner not in CAPTURES:
        raise UploadError(f"in it is {WORDS[inner]}, and no capture; pack the pcap or pcapng file itself, once")
    return Capture(path, SUFFIX[inner] + SUFFIX[content], size)


def names(path: Path) -> str:
    """A list of names: the ending that it should have, `.csv` or `.xlsx`, after a look into the workbook."""
    content = _content(path)
    if content is Content.ZIP:
        workbook(path)
        return ".xlsx"
    if content is not Content.TEXT:
        raise UploadError(f"it is {WORDS[content]}, and no list of names; send CSV or .xlsx")
    return ".csv"


def workbook(path: Path) -> None:
    """An .xlsx file that can be opened safely: a ZIP within bounds, and XML without definitions of its own.

    ECMA-376-2 forbids a document type; a parser that expands one would fill the memory.
    """
    with BoundedZip(path, WORKBOOK) as archive:
        if SHEETS not in archive.names:
            raise UploadError("it is a ZIP archive, and no Excel workbook; send CSV or .xlsx")
        for name in archive.names:
            first = True
            for block in archive.blocks(name):
                if first and _defines(block):
                    raise UploadError("its XML has a document type, as no workbook has; refused")
                first = False


def _defines(block: bytes) -> bool:
    """Whether XML declares a document type, in UTF-8 or UTF-16; it must stand before the first element."""
    return b"<!DOCTYPE" in block.replace(b"\0", b"")


@contextlib.contextmanager
def rules(path: Path) -> Iterator[Path]:
    """A folder with the rules of a ZIP archive (YAML files, the rest is left out), as long as the block runs."""
    with BoundedZip(path, RULES) as archive, tempfile.TemporaryDirectory(prefix="linewarden-rules-") as folder:
        wanted = [n for n in archive.names if PurePosixPath(n).suffix.lower() in RULE_ENDINGS]
        if not wanted:
            raise UploadError("there is no Sigma rule in it (*.yml, *.yaml)")
        for name in wanted:
            file = Path(folder, *PurePosixPath(name).parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as out:
                for block in archive.blocks(name):
                    out.write(block)
        yield Path(folder)


def backup(path: Path) -> None:
    """A backup: it is encrypted, so that only `restore` can look into it, which bounds and checks what comes out."""
    content = _content(path)
    if content is not Content.AGE:
        raise UploadError(f"it is {WORDS[content]}, and no backup of Linewarden; they are encrypted with age")


def _content(path: Path) -> Content:
    try:
        return sniff(head_of(path))
    except OSError as error:
        raise UploadError(f"it cannot be read ({error.strerror or error})") from error
