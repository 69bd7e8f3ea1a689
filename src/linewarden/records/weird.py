"""weird: what a peer or the capture did wrong."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Weird:
    """Something that should not be: damaged, contradictory or beyond a limit. Zeek's weird names where one fits."""

    STREAM: ClassVar[str] = "weird"
    HAS_ENDPOINTS: ClassVar[bool] = True

    name: str = col("what, in snake_case", nullable=False, default="")
    addl: str | None = col("more words, such as the value that was wrong", "text")
    protocol: str | None = col("protocol whose rules were broken")
    count: int = col("how many times in this flow since the last row of this name", "u64", nullable=False, default=1)
