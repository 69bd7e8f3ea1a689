"""reading: process values, as the machines say them."""

from dataclasses import dataclass, field
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Reading:
    """Values read from, or reported by, a device: one row a PDU (one a run of points where a PDU has several)."""

    STREAM: ClassVar[str] = "reading"
    HAS_ENDPOINTS: ClassVar[bool] = False

    source: str = col("address of the device whose values these are", nullable=False, default="")
    protocol: str = col("protocol that carried them", nullable=False, default="")
    unit: int | None = col("Modbus unit id, IEC 104 common address, DNP3 link address, rack/slot", "i64")
    area: str | None = col("holding_register, coil, db1, analog_input, M_ME_NC_1, tag ...")
    start: int | None = col("address of the first value: register, byte or bit offset, point index", "i64")
    name: str | None = col("tag, node id or object name where the protocol has one", "text")
    values: list[float] = field(
        default_factory=list,
        metadata={
            "doc": "numbers, in address order",
            "type": "list[f64]",
            "name": "",
            "unit": "raw",
            "nullable": False,
        },
    )
    text: str | None = col("a value that is no number", "text")
    quality: str | None = col("as the protocol says: good, bad, uncertain, or its flags; null if it says nothing")
    source_ts: int | None = col("when the device says that it was so; null if it says nothing", "ts", unit="ns UTC")
    server_ts: int | None = col("when a server in between says that it was so", "ts", unit="ns UTC")
