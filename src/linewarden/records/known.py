"""known: who was who to a live judge, and from when on."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Known:
    """What a live judge knew of an address from then on. The last row of a run and address counts."""

    STREAM: ClassVar[str] = "known"

    run: int = col("when this judge began, as in `judged`", "ts", unit="ns UTC", nullable=False, default=0)
    serial: int = col("from this batch of `judged` on", "u64", nullable=False, default=0)
    address: str = col("IP or MAC", "text", nullable=False, default="")
    asset: str | None = col("id of the asset; null: nothing is known of the address any more", "text")
    role: str | None = col("what the asset is for", "str")
    level: float | None = col("its Purdue level", "f64")
    zone: str | None = col("its zone", "str")
    name: str | None = col("its name", "text")
    masters: str | None = col("ids of those that read or wrote it, with spaces between", "text")
    guessed: bool | None = col("the role is only a guess, for instance from what it writes", "bool")
