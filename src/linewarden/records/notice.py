"""notice: what a detection found worth a person's time."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Notice:
    """A finding, with the packet that proves it (uid, capture and frame of the envelope).

    What comes again is counted: a row with `again` says how often since the row of that `notice_id`.
    """

    STREAM: ClassVar[str] = "notice"
    HAS_ENDPOINTS: ClassVar[bool] = True

    note: str = col(
        "kind of finding, in snake_case: the detection's or rule's name, or suricata_ and a number",
        nullable=False,
        default="",
    )
    msg: str = col("one sentence for a person", "text", nullable=False, default="")
    severity: str = col("info, low, medium, high, critical", nullable=False, default="medium")
    notice_id: str = col("the same finding over the same records has the same one", "text", nullable=False, default="")
    tactic: str = col("tactic of ATT&CK for ICS", nullable=False, default="")
    techniques: str = col("techniques of ATT&CK for ICS v18.1, with spaces between", nullable=False, default="")
    techniques_v19: str = col("the same in v19, inferred from names", nullable=False, default="")
    confidence: float = col("how sure, 0 to 1", "f64", nullable=False, default=1.0)
    count: int = col("events that this row sums", "u64", nullable=False, default=1)
    until: int | None = col("time of the last of them", "ts", unit="ns UTC")
    again: bool = col("the finding was told before; this row counts what came since", "bool", default=False)
    why: str = col("the facts that led to it, with semicolons between", "text", nullable=False, default="")
    frames: str = col("packets of the capture that show it, with spaces between", "text", nullable=False, default="")
    expected: str | None = col("why it was to be expected: a window or rule that a person wrote", "text")
