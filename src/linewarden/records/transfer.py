"""transfer: a program, firmware or file on the move."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Transfer:
    """A program block, firmware image or file that was moved, with its hash when all of it was seen."""

    STREAM: ClassVar[str] = "transfer"
    HAS_ENDPOINTS: ClassVar[bool] = True

    protocol: str = col("protocol", nullable=False, default="")
    kind: str = col("program, firmware, file, configuration", nullable=False, default="")
    direction: str = col("download (to the device) or upload (from it)", nullable=False, default="")
    name: str | None = col("block, file or image name", "text")
    bytes: int = col("bytes seen", "u64", unit="B", nullable=False, default=0)
    whole: bool = col("all of it was seen", "bool", nullable=False, default=False)
    sha256: str | None = col("SHA-256 of the content when whole", "text")
