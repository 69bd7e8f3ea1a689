"""CIP implicit (cyclic) messages: process data of EtherNet/IP connections on UDP 2222.

Source: THE CIP NETWORKS LIBRARY volume 2, 2-6 and 3-2: a packet is two items, a sequenced address item (0x8002:
connection id, encapsulation sequence number) and a connected data item (0x00B1). What the data mean stands in the
connection's assembly objects, not in the packet; so there is one row for each connection of a flow, not one a packet.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l

_HEAD: l.Ops = [
    l.U16("items"), l.U16("address_type"), l.U16("address_length"), l.U32("connection_id"), l.U32("sequence"),
    l.U16("data_type"), l.U16("length"),
]

PROTOCOL = l.Protocol(
    name="cip_io",
    title="CIP I/O (EtherNet/IP implicit messages)",
    reference="THE CIP NETWORKS LIBRARY, volume 2",
    on=(l.On("udp", (2222,)),),
    endian="little",
    confirm=2,
    probe=[
        *_HEAD,
        l.Check(l.F("items").among(2, 3)), l.Check(l.F("address_type").eq(0x8002)),
        l.Check(l.F("address_length").eq(8)), l.Check(l.F("data_type").eq(0x00B1)),
        l.Check(l.F("length") <= l.Left()),
    ],
    main=[
        l.Role("report"), *_HEAD,
        l.Check(l.F("address_type").eq(0x8002)),
        l.If(l.Known("seen", l.F("connection_id")), [l.Drop()]),
        l.Remember("seen", 1, l.F("connection_id")),
    ],
    columns=(
        l.Col("connection_id", "u32", "CIP connection, as its receiver chose it"),
        l.Col("sequence", "u32", "encapsulation sequence number of the first packet seen"),
        l.Col("length", "u16", "bytes of process data, with their own sequence count", unit="B"),
    ),
)
