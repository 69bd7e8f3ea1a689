"""notice: what a detection found worth a person's time."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Notice:
    """A finding, with the packet that proves it (uid, capture and frame of the envelope)."""

    STREAM: ClassVar[str] = "notice"
    HAS_ENDPOINTS: ClassVar[bool] = True

    note: str = col("kind of finding, in snake_case", nullable=False, default="")
    msg: str = col("one sentence for a person", "text", nullable=False, default="")
    severity: str = col("low, medium, high, critical", nullable=False, default="medium")
