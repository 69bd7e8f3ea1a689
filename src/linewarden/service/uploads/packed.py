"""gzip and zstd, unpacked to be counted: how much comes out, and what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linewarden.service.uploads import UploadError
from linewarden.service.uploads.sniffing import HEAD, Content, sniff
from linewarden.wire.unpacking import open_unpacked

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may come out of a file: bytes in all, and bytes for each byte of it once `free` bytes came out.

    Captures of cyclic traffic shrink to a fiftieth; what shrinks to less than `ratio` says is made to do harm.
    """

    most: int = 20_000_000_000
    ratio: float = 200.0
    free: int = 64_000_000

    def check(self, packed: int, unpacked: int) -> None:
        """Raises UploadError past a bound."""
        if unpacked > self.most:
            raise UploadError(f"it holds more than {self.most / 1e6:,.0f} MB once unpacked; send a part of it")
        if unpacked > self.free and unpacked > packed * self.ratio:
            raise UploadError(f"it holds more than {self.ratio:g} times its size; that is no capture, but a bomb")


def unpacked(path: Path, bounds: Bounds) -> tuple[Content, int]:
    """What a packed file holds, and how many bytes; nothing of it is kept. Raises UploadError.

    Both formats end in a checksum, so a file that is cut short or was changed on its way is told.
    """
    packed, size, head = path.stat().st_size, 0, b""
    try:
        with open_unpacked(path) as file:
            while block := file.read(BLOCK):
                head = head or block[:HEAD]
                size += len(block)
                bounds.check(packed, size)
    except OSError as error:
        raise UploadError(f"it is damaged, or cut short ({error}); send it again") from error
    return sniff(head), size
