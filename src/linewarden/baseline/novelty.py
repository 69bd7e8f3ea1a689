"""novelty: what a baseline that learned enough sees for the first time. Detections read it as any other stream."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Novelty:
    """Something that the baseline did not know, about a subject of which it had learned long enough to say so.

    Time, flow, packet and endpoints are those of the first record that showed it.
    """

    STREAM: ClassVar[str] = "novelty"
    HAS_ENDPOINTS: ClassVar[bool] = True

    kind: str = col(
        "asset, vendor, peer, service, verb, target, value, rhythm, master, login, hour", nullable=False, default=""
    )
    subject: str = col("address that it is about: of whom enough had been learned", nullable=False, default="")
    peer: str | None = col("the other address, for kinds that have one")
    protocol: str | None = col("protocol or service")
    what: str | None = col("verb, target, tag, or the vendor of a new device", "text")
    value: float | None = col("the value outside the range, or seconds of silence", "f64")
    low: float | None = col("lower end of what was usual", "f64")
    high: float | None = col("upper end of what was usual", "f64")
    learned_s: float = col("how long the subject had been learned", "f64", unit="s", nullable=False, default=0.0)
    confidence: float = col("how sure, 0 to 1, from coverage and regularity", "f64", nullable=False, default=0.0)
