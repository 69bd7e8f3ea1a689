"""Spanning tree (STP, RSTP, MSTP, and Cisco's per-VLAN variant): says who is a switch, and who is the root.

Source: IEEE 802.1D-2004, clause 9; 802.1Q for MSTP. A BPDU is protocol 0, version, type (0 configuration, 2 rapid, 0x80
topology change), flags, root id (priority and MAC), path cost, bridge id (priority and MAC), port. It comes every two
seconds, so it leaves no rows; a bridge is told once.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity


def bridge(message: Message) -> Iterator[Record]:
    """Root id, path cost, bridge id: 20 bytes."""
    root, own = message.data[2:8], message.data[14:20]
    if len(own) < 6 or not any(own):
        return
    what = "spanning tree bridge"
    if root == own:
        what = "spanning tree root"
    yield Identity(address=message.src_mac, protocol="stp", evidence="BPDU", role="switch", description=what,
                   mac=":".join(f"{b:02x}" for b in own))


PROTOCOL = l.Protocol(
    name="stp",
    title="Spanning tree",
    reference="IEEE 802.1D-2004, 9",
    on=(l.On("llc", (0x42,)), l.On("snap", (0x00000C << 16 | 0x010B,))),
    probe=[
        l.U16("protocol"), l.U8("version"), l.U8("type"),
        l.Check(l.F("protocol").eq(0)), l.Check(l.F("version") <= 4), l.Check(l.F("type").among(0, 2, 0x80)),
    ],
    main=[
        l.Role("report"), l.Skip(3), l.U8("type"),
        l.If(l.F("type").among(0, 2), [l.Skip(1), l.Within(20, [l.Rich("bridge")])]),
    ],
    columns=(l.Col("type", "u8", "BPDU type"),),
    rich={"bridge": bridge},
    row=False,
)
