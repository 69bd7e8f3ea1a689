"""binding: which MAC address was seen with which IP address."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made by the dozen (`schema.py`)
class Binding:
    """A MAC address that used an IP address as its own: one row a pair, VLAN and source.

    `ip` rows say only that frames with this MAC carried packets from this IP (a router's MAC has many); `arp` and
    `dhcp` rows are what a host claims for itself.
    """

    STREAM: ClassVar[str] = "binding"
    HAS_ENDPOINTS: ClassVar[bool] = False

    mac: str = col("MAC address (sender)", nullable=False, default="")
    ip: str = col("IP address; empty if the MAC was seen without IP", nullable=False, default="")
    vlan: int | None = col("VLAN id", "u16")
    source: str = col("ip, arp, dhcp, nd, eth (no IP in the frame)", nullable=False, default="")
    frames: int = col("frames that showed it", "u64", nullable=False, default=0)
    ttl_max: int | None = col("largest TTL or hop limit: 64, 128, 255 for a neighbour, less behind a router", "u8")
    until: int | None = col("time of the last one", "ts", unit="ns UTC")
