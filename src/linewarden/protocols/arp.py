"""ARP: which MAC address has which IP address.

Source: RFC 826; RFC 5227 for probes and announcements. Fixed fields: hardware type (1 Ethernet), protocol type (0x0800
IPv4), their lengths (6 and 4), opcode, sender's MAC and IP, target's MAC and IP. Nobody signs it: what a sender claims
is a `binding` with source `arp`, to be compared with what others claim.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Weird
from linewarden.records.binding import Binding

OPERATIONS = {1: "request", 2: "reply", 3: "reverse_request", 4: "reverse_reply", 8: "inverse_request",
              9: "inverse_reply"}


def binding(message: Message) -> Iterator[Record]:
    """The sender's claim: six bytes MAC, four bytes IP."""
    mac = ":".join(f"{b:02x}" for b in message.data[:6])
    ip = ".".join(str(b) for b in message.data[6:10])
    yield Binding(mac=mac, ip=ip, source="arp", frames=1)
    if message.src_mac and message.src_mac != mac:
        # Proxies and load balancers do it too, but so does whoever poses as another.
        yield Weird(name="arp_sender_differs", addl=f"{mac} says {ip}, frame is from {message.src_mac}", protocol="arp")


PROTOCOL = l.Protocol(
    name="arp",
    title="ARP",
    reference="RFC 826, RFC 5227",
    on=(l.On("eth", (0x0806,)),),
    probe=[
        l.U16("hardware"), l.U16("protocol"), l.U8("hlen"), l.U8("plen"), l.U16("opcode"),
        l.Check(l.F("protocol").eq(0x0800)), l.Check(l.F("plen").eq(4)), l.Check(l.F("hlen").eq(6)),
        l.Check(l.F("opcode") >= 1),
    ],
    main=[
        l.U16("hardware"), l.U16("protocol"), l.U8("hlen"), l.U8("plen"),
        l.If(l.either(l.F("protocol").ne(0x0800), l.F("plen").ne(4), l.F("hlen").ne(6)), [l.Drop()]),
        l.Role("report"),
        l.U16("opcode"), l.U48("src_mac"), l.U32("src_ip"), l.U48("dst_mac"), l.U32("dst_ip"),
        l.Let("probe", l.F("src_ip").eq(0)),
        l.Let("gratuitous", l.both(l.F("src_ip").eq(l.F("dst_ip")), l.F("src_ip"))),
        l.If(l.both(l.F("src_ip"), l.F("src_mac"), l.F("opcode").among(1, 2)), [
            l.At(8, [l.Rich("binding")], 10)]),
    ],
    columns=(
        l.Col("opcode", "u16", "operation"),
        l.Col("operation", "str", "its name", source="opcode", names=OPERATIONS),
        l.Col("src_mac", "str", "sender's MAC address as it says", render="mac"),
        l.Col("src_ip", "str", "sender's IP address (0.0.0.0: a probe)", render="ip4"),
        l.Col("dst_mac", "str", "target's MAC address", render="mac"),
        l.Col("dst_ip", "str", "target's IP address", render="ip4"),
        l.Col("gratuitous", "bool", "sender announces its own address"),
        l.Col("probe", "bool", "sender asks whether an address is free"),
    ),
    function="operation",
    rich={"binding": binding},
)
