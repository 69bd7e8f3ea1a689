"""conn: one row a conversation."""

from dataclasses import dataclass
from typing import ClassVar

from linewarden.records.schema import col


@dataclass(frozen=True, slots=True)
class Conn:
    """One conversation (TCP connection, UDP or ICMP flow, or a pair of MAC addresses below IP), as in Zeek's conn.log.

    Addresses of flows below IP are MAC addresses, with `proto` "eth" (ethertype or LLC in `service`).
    """

    STREAM: ClassVar[str] = "conn"
    HAS_ENDPOINTS: ClassVar[bool] = True

    proto: str = col("tcp, udp, icmp, icmp6, eth, or ip/N for another IP protocol", nullable=False, default="")
    service: str | None = col("protocol recognised from the content; null if none was")
    duration: float = col("last packet minus first", "f64", unit="s", nullable=False, default=0.0)
    orig_bytes: int = col("payload bytes from the originator", "u64", unit="B", nullable=False, default=0)
    resp_bytes: int = col("payload bytes from the responder", "u64", unit="B", nullable=False, default=0)
    orig_pkts: int = col("packets from the originator", "u64", nullable=False, default=0)
    resp_pkts: int = col("packets from the responder", "u64", nullable=False, default=0)
    orig_ip_bytes: int = col("bytes on the wire from the originator", "u64", unit="B", nullable=False, default=0)
    resp_ip_bytes: int = col("bytes on the wire from the responder", "u64", unit="B", nullable=False, default=0)
    missed_bytes: int = col("bytes that TCP says were sent and the tap did not see", "u64", unit="B", default=0)
    conn_state: str | None = col("Zeek's: S0 S1 SF REJ RSTO RSTR OTH ...; null if not TCP")
    history: str | None = col("Zeek's letters: sShHdDfFrRaA, t retransmission, g gap, c bad checksum, ^ flipped")
    orig_l2_addr: str | None = col("originator's MAC in the first packet")
    resp_l2_addr: str | None = col("responder's MAC in the first packet")
    vlan: int | None = col("VLAN id", "u16")
    inner_vlan: int | None = col("inner VLAN id (QinQ)", "u16")
    tunnel: str | None = col("outermost tunnel: gre, erspan, vxlan, pppoe, ...")
    retransmissions: int = col("TCP segments seen again (both directions)", "u64", nullable=False, default=0)
    duplicates: int = col(
        "frames seen twice within 2 ms with the same IP id and bytes", "u64", nullable=False, default=0
    )
    bad_checksums: int = col("packets with a wrong checksum", "u64", nullable=False, default=0)
    orig_min_ttl: int | None = col("smallest TTL or hop limit from the originator", "u8")
    resp_min_ttl: int | None = col("smallest TTL or hop limit from the responder", "u8")
    direction: str = col("how the originator was settled: syn, dialogue, port, first", nullable=False, default="first")
    until: int | None = col("time of the last packet", "ts", unit="ns UTC")
