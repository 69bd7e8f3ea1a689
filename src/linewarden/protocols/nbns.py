"""NetBIOS name service: how Windows hosts (and Samba) claim and find names without DNS.

Source: RFC 1002 4.2; RFC 1001 14.1 (half-ASCII names). The message is DNS's, with opcodes and record types of its
own. A host names itself when it registers or refreshes a unique name, when it answers a query with its own address,
and when it answers a node status request. A query tells nothing of the asker.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.it_dns import domain_name, netbios_name, records
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity

_OPCODES = {0: "query", 5: "registration", 6: "release", 7: "wack", 8: "refresh", 9: "refresh",
            15: "multihomed_registration"}
_TYPES = {0x20: "NB", 0x21: "NBSTAT"}
_RCODES = {0: "NOERROR", 1: "FMT_ERR", 2: "SRV_ERR", 3: "NAM_ERR", 4: "IMP_ERR", 5: "RFS_ERR", 6: "ACT_ERR",
           7: "CFT_ERR"}
_OF_HOST = (0x00, 0x20)
"""Suffixes of a machine's own names: workstation and file server."""
_GROUP = 0x8000

_SUFFIX = (l.F("high") - 65 << 4) + l.F("low") - 65

_PROBE: l.Ops = [
    l.Check(l.Size() >= 12), l.U16(), l.U16("flags"), l.U16("questions"), l.U16("records"), l.Skip(4),
    l.Check((l.F("flags") >> 11 & 15).among(*_OPCODES)),
    l.Check(l.F("questions") + l.F("records") <= 4),
    l.Check(l.F("questions") + l.F("records") >= 1),
    # The first name: 32 letters from A to P.
    l.U8("length"), l.Check(l.F("length").eq(32)),
    l.Repeat([l.U8("letter"), l.Check(l.both(l.F("letter") >= 65, l.F("letter") <= 80))], count=32),
    l.Until(None, b"\0"), l.U16("type"), l.Check(l.F("type").among(*_TYPES)),
    l.If(l.F("flags") & 0x8000, [l.Hint("response")], [l.Hint("request")]),
]

_MAIN: l.Ops = [
    l.U16("trans_id"), l.U16("flags"), l.U16("questions"), l.U16("records"), l.Skip(4),
    l.Let("name_opcode", l.F("flags") >> 11 & 15),
    l.Let("broadcast", l.F("flags") >> 4 & 1),
    l.If(l.F("flags") & 0x8000, [
        l.Role("response"), l.Let("rcode", l.F("flags") & 15),
        l.If(l.both(l.F("records"), l.F("rcode").eq(0)), [l.At(2, [l.Rich("claim", hourly=True)])]),
    ], [
        l.Let("opcode", l.F("name_opcode")),
        l.If(l.F("broadcast"), [l.Role("notify")], [l.Role("request")]),
        l.If(l.F("opcode").among(5, 8, 9, 15), [l.At(2, [l.Rich("claim", hourly=True)])]),
    ]),
    l.U8("length"), l.Bytes("query", 32),
    l.Seek(l.Pos() - 2), l.U8("high"), l.U8("low"), l.Let("suffix", _SUFFIX),
    l.Until(None, b"\0"), l.U16("qtype"),
    # A question that was asked again is answered too, but there was one answer.
    l.Row(), l.Unset(("rcode",)),
]


def claim(message: Message) -> Iterator[Record]:
    """A registration, refresh or positive answer (without its identifier): the names of the sender."""
    data = b"\0\0" + message.data
    own = ip_address(message.src).packed
    flags, = struct.unpack_from(">H", data, 2)
    asked = domain_name(data, 12)[0]
    for record in records(data):
        if record.type == 0x21:
            yield from _status(message, record.data)
        elif record.type == 0x20 and len(record.data) >= 6:
            # The record's name may be a pointer to the question's.
            name, suffix = netbios_name(record.name or asked)
            group = struct.unpack_from(">H", record.data)[0] & _GROUP
            if not group and suffix in _OF_HOST and own in _addresses(record.data) and name.isprintable():
                what = "name query answer" if flags & 0x8000 else "name registration"
                yield Identity(address=message.src, protocol="nbns", evidence=what, name=name)


def _addresses(data: bytes) -> list[bytes]:
    return [data[i + 2 : i + 6] for i in range(0, min(len(data), 120) - 5, 6)]


def _status(message: Message, data: bytes) -> Iterator[Record]:
    """Node status (RFC 1002 4.2.18): all names of the node, then its MAC address."""
    host = group = None
    count = data[0]
    for i in range(count):
        name, suffix, flags = struct.unpack_from(">15sBH", data, 1 + 18 * i)
        text = name.decode("latin-1").rstrip(" \x00")
        if suffix == 0 and flags & _GROUP:
            group = group or text
        elif suffix in _OF_HOST and not flags & _GROUP:
            host = host or text
    mac = data[1 + 18 * count : 7 + 18 * count]
    known = mac.hex(":") if len(mac) == 6 and any(mac) else None
    if host:
        yield Identity(address=message.src, protocol="nbns", evidence="node status", name=host, mac=known,
                       description=f"workgroup or domain {group}" if group else None)


PROTOCOL = l.Protocol(
    name="nbns",
    title="NetBIOS name service",
    reference="RFC 1002 4.2",
    on=(l.On("udp", (137,)),),
    probe=_PROBE,
    main=_MAIN,
    pair=("trans_id",),
    columns=(
        l.Col("trans_id", "u16", "transaction identifier"),
        l.Col("opcode", "u8", "what kind of request; null where only the answer was seen"),
        l.Col("opcode_name", "str", "its name", source="opcode", names=_OPCODES),
        l.Col("query", "text", "NetBIOS name, and its 16th octet in angle brackets", render="netbios"),
        l.Col("suffix", "str", "16th octet of the name: what it is for", render="hex2"),
        l.Col("qtype", "u16", "record type"),
        l.Col("qtype_name", "str", "its name", source="qtype", names=_TYPES),
        l.Col("broadcast", "bool", "asked of all"),
        l.Col("rcode", "u8", "result of the answer; null if unanswered"),
        l.Col("rcode_name", "str", "its name", source="rcode", names=_RCODES),
    ),
    function="opcode_name",
    point="query",
    status="rcode",
    statuses=_RCODES,
    rich={"claim": claim},
)
