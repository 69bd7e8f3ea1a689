"""identity: what a device says of itself, or another says of it."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made by the dozen (`schema.py`)
class Identity:
    """This address says that it is of this vendor, model, firmware...; one row an answer, null where it says nothing.

    Values are what the device said, trimmed of padding, not interpreted further.
    """

    STREAM: ClassVar[str] = "identity"
    HAS_ENDPOINTS: ClassVar[bool] = False

    address: str = col("IP address, or MAC address, that this is about", nullable=False, default="")
    protocol: str = col("protocol that said so", nullable=False, default="")
    evidence: str = col("where in the protocol, e.g. 'SZL 0x001C index 2'", nullable=False, default="")
    name: str | None = col("station, system, host or object name", "text")
    vendor: str | None = col("maker")
    model: str | None = col("product or module type name", "text")
    order_number: str | None = col("order number, article or catalogue number", "text")
    hardware: str | None = col("hardware revision", "text")
    firmware: str | None = col("firmware or software revision", "text")
    serial: str | None = col("serial number", "text")
    os: str | None = col("operating system", "text")
    software: str | None = col("application or server software and its version", "text")
    description: str | None = col("free text that the device gives of itself", "text")
    role: str | None = col(
        "role hint: controller, io, hmi, scada, historian, engineering, switch, router, "
        "workstation, server, drive, printer, camera, building_controller, rtu, gateway, safety"
    )
    location: str | None = col("where it stands, as it says", "text")
    mac: str | None = col("MAC address that the message binds to `address`")
    ip: str | None = col("IP address that the message binds to `address`")
