"""BACnet: building automation over UDP (BACnet/IP), Ethernet (LLC) and MS/TP frames carried in SNAP.

Source: ANSI/ASHRAE 135-2020. A BACnet/IP datagram begins with the BVLC (annex J: 0x81, function, length); a forwarded
one names its origin. Then come the NPDU (clause 6: version 1, control, destination and source network) and a network
message or an APDU (clause 20): confirmed request, simple or complex acknowledgement, error, reject, abort, segment
acknowledgement, or unconfirmed request. Both ends use the same port, so the PDU's type tells requests from answers.

Messages that ask for several properties have one row each; only the first carries `bvlc`, `type`, `service`,
`unconfirmed` of the request or report, and `reply_bvlc`, `reply_type`, `reply_service` of the answer, so that counting
those columns counts PDUs. Readings are present values by object, with the object's name where the same answer gave it
before; names that other answers gave are rows of the native stream (`property` object_name).
"""

from __future__ import annotations

from linewarden.protocols._shared import (
    bacnet_names as names,
    bacnet_parsers as parsers,
    bacnet_services as services,
    layout as l,
)
from linewarden.protocols._shared.bacnet_tags import TAG, UINT, VALUE
from linewarden.records import Verb

_PORTS = tuple(range(0xBAC0, 0xBAD0))
_MSTP = 0x001090 << 16 | 1
"""MS/TP frames in SNAP, as the U+4 adapter writes them."""


def _mac(slot: str, length: str) -> l.Ops:
    return [l.Switch(length, {0: [], **{n: [l.Int(slot, n)] for n in range(1, 8)}}, [l.Skip(l.F(length))])]


_TO_DEVICE: l.Ops = [
    # Who answers, and who asked, behind routers: the same numbers in a request and in its answer.
    l.Let("peer_net", l.F("dnet")), l.Let("peer_mac", l.F("dmac")),
    l.Let("client", l.F("snet") << 48 ^ l.F("smac")),
    l.Let("bvlc", l.F("bvlc_function")), l.Let("type", l.F("kind")),
]
_SENT: l.Ops = [
    l.Let("asks", 0), l.Let("peer_net", l.F("snet")), l.Let("peer_mac", l.F("smac")),
    l.Let("bvlc", l.F("bvlc_function")), l.Let("type", l.F("kind")),
]
_FROM_DEVICE: l.Ops = [
    l.Role("response"), l.Let("asks", 0), l.Let("peer_net", l.F("snet")), l.Let("peer_mac", l.F("smac")),
    l.Let("client", l.F("dnet") << 48 ^ l.F("dmac")),
    l.Let("reply_bvlc", l.F("bvlc_function")), l.Let("reply_type", l.F("kind")),
]
_NO_BVLC: l.Op = l.If(l.F("bvlc_function").eq(0), [l.Unset(("bvlc", "reply_bvlc"))])
"""Below IP there is none (a result, function 0, is no NPDU)."""

_KEY = l.F("invoke") | l.F("kind") << 8 | l.F("snet") << 16 | l.F("smac") << 32


def _segments(program: str) -> l.Ops:
    """Service data, gathered where they come in segments (20.1.2.1): first 0, and no more to follow in the last."""
    return [
        l.If(l.F("pdu") & 8, [
            l.If(l.F("pdu") & 4, [
                l.Role("report"), l.Let("type", l.F("kind")), l.Let("service", l.F("svc")),
                l.Let("bvlc", l.F("bvlc_function")), _NO_BVLC, l.Unset(("reply_type", "reply_service", "reply_bvlc")),
                l.Row(), l.Unset(services.ONCE)]),
            l.Gather([l.Call(program)], last=(l.F("pdu") & 4).eq(0), first=l.F("segment").eq(0), key=_KEY),
        ], [l.Within(None, [l.Call(program)])]),
    ]


_SEGMENT: l.Ops = [l.If(l.F("pdu") & 8, [l.U8("segment"), l.U8()]), l.U8("svc"), l.Let("fn", l.F("svc"))]

_CONFIRMED: l.Ops = [
    l.Role("request"), *_TO_DEVICE, _NO_BVLC, l.U8(label="segments and size that are taken"), l.U8("invoke"), *_SEGMENT,
    l.Let("service", l.F("svc")), l.Let("asks", 1),
    l.Switch("svc", services.CONFIRMED_VERBS),
    # Notifications tell what happened: they are reports, though a simple acknowledgement answers them.
    l.If(l.F("svc").among(1, 2, 31, 32), [l.Role("report"), *_SENT, _NO_BVLC, l.Let("asks", 0)]),
    *_segments("requests"),
]

_STATUS: l.Ops = [
    # Error class and code, each an enumerated value; some services wrap them in a list.
    l.If((l.Peek(1) & 0x0F).eq(0x0E), [l.Skip(1)]),
    l.Call("tag"), l.Call("uint"), l.Let("error_class", l.F("num")),
    l.Call("tag"), l.Call("uint"), l.Let("status", l.F("num") + names.ERROR_BASE),
]

_TOLD: l.Ops = [l.If(l.Item().eq(0), [l.Row()]), l.Unset(services.ONCE)]
"""The answer's row. What it said once must not stand again where it answers a repeated request too."""

_ANSWERED: l.Ops = [l.U8("invoke"), l.U8("svc"), l.Let("fn", l.F("svc")), l.Let("reply_service", l.F("svc"))]

_APDU: l.Ops = [
    l.U8("pdu"), l.Let("kind", l.F("pdu") >> 4),
    l.Switch("kind", {
        0: _CONFIRMED,
        1: [
            l.Role("report"), *_SENT, _NO_BVLC, l.U8("svc"), l.Let("unconfirmed", l.F("svc")),
            l.Let("fn", l.F("svc") + names.UNCONFIRMED_BASE), l.Switch("svc", services.UNCONFIRMED_VERBS),
            l.Within(None, services.UNCONFIRMED)],
        2: [*_FROM_DEVICE, _NO_BVLC, *_ANSWERED, *_TOLD],
        3: [*_FROM_DEVICE, _NO_BVLC, l.U8("invoke"), *_SEGMENT, l.Let("reply_service", l.F("svc")),
            *_segments("answers")],
        4: [l.Role("report"), *_SENT, _NO_BVLC, l.U8("invoke"), l.U8("segment"), l.U8()],
        5: [*_FROM_DEVICE, _NO_BVLC, *_ANSWERED, l.If(l.Left() > 0, _STATUS), *_TOLD],
        6: [*_FROM_DEVICE, _NO_BVLC, l.U8("invoke"), l.U8("status"),
            l.Let("status", l.F("status") + names.REJECT_BASE), *_TOLD],
        7: [*_FROM_DEVICE, _NO_BVLC, l.U8("invoke"), l.U8("status"),
            l.Let("status", l.F("status") + names.ABORT_BASE), *_TOLD],
    }, [l.Role("report"), *_SENT, _NO_BVLC, l.Odd("bacnet_unknown_pdu_type", "kind")]),
]

_ANSWER_PROGRAM: l.Ops = [
    *services.ANSWERS,
    # The whole answer, objects and all: no two devices' answers are alike.
    l.If(l.F("tells"), [l.At(0, [l.Rich("properties", hourly=True)])]), *_TOLD,
]

_NETWORK: l.Ops = [
    l.Role("report"), *_SENT, l.Unset(("type",)), _NO_BVLC, l.U8("message"),
    l.Let("fn", l.F("message") + names.NETWORK_BASE),
    l.Switch("message", {
        (0, 0x12): [l.Role("notify"), l.Do(Verb.BROWSE, "network")],
        (6, 8, 9, 0x0D, 0x0E, 0x0F, 0x11): [l.Role("notify"), l.Do(Verb.CONFIGURE, "routing_table")],
    }),
    l.If(l.both(l.F("message").among(0, 1, 2, 4, 5), l.Left() >= 2), [l.U16("network")]),
]

_NPDU: l.Ops = [
    l.If(l.Peek(1).ne(1), [
        l.Role("report"), *_SENT, l.Unset(("type",)), _NO_BVLC, l.Odd("bacnet_unknown_version"), l.Stop()]),
    l.Skip(1, "NPDU version"), l.U8("npci", label="NPDU control"),
    l.If(l.F("npci") & 0x20, [l.U16("dnet"), l.U8("size"), *_mac("dmac", "size")]),
    l.If(l.F("npci") & 0x08, [l.U16("snet"), l.U8("size"), *_mac("smac", "size")]),
    l.If(l.F("npci") & 0x20, [l.U8(label="hop count")]),
    l.If(l.F("npci") & 0x80, _NETWORK, _APDU),
]

_BVLC: l.Ops = [
    # Some stacks write a wrong length: a datagram holds one message, so its end is the message's.
    l.Skip(1, "BVLC type"), l.U8("bvlc_function", label="BVLC function"), l.U16("size", label="BVLC length"),
    l.If(l.F("size").ne(l.Size()), [l.Odd("bacnet_wrong_length", "size")]),
    l.Within(None, [
        l.Switch("bvlc_function", {
            4: [l.U32("forwarded_ip"), l.U16(label="port"), l.Call("npdu")],
            (9, 10, 11): [l.Call("npdu")],
        }, [
            l.Role("report"), l.Let("bvlc", l.F("bvlc_function")), l.Let("fn", l.F("bvlc") + names.BVLC_BASE),
            l.Switch("bvlc", {
                0: [l.U16("state")],
                (1, 8): [l.Role("notify"), l.Do(Verb.CONFIGURE, "broadcast_management")],
                (2, 6): [l.Role("notify"), l.Do(Verb.DIAGNOSE, "broadcast_management")],
                5: [l.Role("notify"), l.Do(Verb.SUBSCRIBE, "broadcast_management")],
            }),
        ]),
    ]),
]

_IN_SNAP: l.Ops = [
    # Time, an octet of 0x80, then the MS/TP header (9.3): type, destination, source, length, CRC. Only types 5 and 6
    # carry an NPDU; tokens and polls go by the thousand and say nothing.
    l.Skip(3), l.U8("kind"), l.Skip(2), l.U16("size"), l.Skip(1),
    l.If(l.F("kind").among(5, 6), [l.Within(l.F("size"), [l.Call("npdu")])], [l.Drop()]),
]

_IS_NPDU: l.Ops = [
    l.Check(l.Peek(1).eq(1)), l.Skip(1), l.U8("npci"), l.Check((l.F("npci") & 0x50).eq(0)),
    l.If((l.F("npci") & 0xA8).eq(0), [l.Check((l.Peek(1) >> 4) <= 7)]),
    l.If((l.F("npci") & 0xA8).eq(0), [l.Switch(l.Peek(1) >> 4, {
        0: [l.Hint("request")], (2, 3, 5, 6, 7): [l.Hint("response")]})]),
]

_PROBE: l.Ops = [
    l.Check(l.Left() >= 4),
    l.If(l.DstPort().ne(0), [
        l.U8("octet"), l.Check(l.F("octet").eq(0x81)), l.U8("bvlc_function"), l.U16("size"),
        l.Check(l.either(l.F("size").eq(l.Size()), l.both(l.OnPort(), l.F("bvlc_function").among(4, 9, 10, 11)))),
        l.Switch("bvlc_function", {
            4: [l.Skip(6), *_IS_NPDU], (9, 10, 11): _IS_NPDU, 0: [l.Check(l.F("size").eq(6))],
            (2, 6): [l.Check(l.F("size").eq(4))], 5: [l.Check(l.F("size").eq(6))], 8: [l.Check(l.F("size").eq(10))],
            (1, 3, 7): [l.Check(((l.F("size") - 4) % 10).eq(0))],
        }, [l.Check(l.Const(0))]),
    ], [
        l.If(l.Peek(1).eq(1), _IS_NPDU, [
            l.Check(l.both(l.Peek(1, 2).eq(0x80), l.Left() >= 9))]),
    ]),
]

_COLUMNS = (
    l.Col("bvlc", "u8", "BVLC function of the request or report"),
    l.Col("bvlc_name", "str", "its name", source="bvlc", names=names.BVLC),
    l.Col("reply_bvlc", "u8", "BVLC function of the answer"),
    l.Col("type", "u8", "PDU type of the request or report"),
    l.Col("type_name", "str", "its name", source="type", names=names.PDU_TYPES),
    l.Col("reply_type", "u8", "PDU type of the answer"),
    l.Col("function", "str", "service, network message or BVLC function by name", source="fn", names=names.FUNCTIONS),
    l.Col("service", "u8", "confirmed service of the request"),
    l.Col("reply_service", "u8", "confirmed service named in the answer"),
    l.Col("unconfirmed", "u8", "unconfirmed service"),
    l.Col("invoke", "u8", "invoke id"),
    l.Col("network", "u16", "BACnet network of the device behind a router", source="peer_net"),
    l.Col("address", "u64", "its address there, as a number", source="peer_mac"),
    l.Col("forwarded_ip", "str", "origin of a forwarded message", render="ip4"),
    l.Col("network_message", "u8", "network layer message type", source="message"),
    l.Col("asked_network", "u16", "network that it is about", source="network"),
    l.Col("device", "u32", "device instance"),
    l.Col("object_type", "str", "object type", names=names.OBJECTS),
    l.Col("instance", "u32", "object instance"),
    l.Col("property", "str", "property", names=names.PROPERTIES),
    l.Col("array_index", "u32", "array index"),
    l.Col("value", "i64", "first value, where it is a whole number, enumerated or boolean"),
    l.Col("text", "text", "first value, where it is a string", render="text"),
    l.Col("priority", "u8", "priority of a write"),
    l.Col("state", "u8", "state asked for (reinitialise, communication control), or private service number"),
    l.Col("vendor_id", "u16", "vendor id"),
    l.Col("low", "u32", "Who-Is: lowest device instance asked for"),
    l.Col("high", "u32", "Who-Is: highest"),
    l.Col("max_apdu", "u16", "largest APDU accepted", unit="B"),
    l.Col("error_class", "u8", "error class"),
    l.Col("status", "u16", "error code + 1000, reject reason + 2000, abort reason + 3000"),
    l.Col("status_name", "str", "its name", source="status", names=names.STATUSES),
)

PROTOCOL = l.Protocol(
    name="bacnet",
    title="BACnet",
    reference="ANSI/ASHRAE 135-2020",
    on=(l.On("udp", _PORTS), l.On("llc", (0x82,)), l.On("snap", (_MSTP,))),
    framing=l.Datagram(),
    probe=_PROBE,
    confirm=2,
    main=[l.If(l.DstPort().ne(0), _BVLC, [l.If(l.Peek(1).eq(1), [l.Call("npdu")], _IN_SNAP)])],
    programs={
        "npdu": _NPDU, "tag": TAG, "uint": UINT, "value": VALUE, "requests": services.REQUESTS,
        "answers": _ANSWER_PROGRAM,
    },
    pair=("invoke", "peer_net", "peer_mac", "client"),
    columns=_COLUMNS,
    function="function",
    unit="device",
    start="instance",
    point="name",
    statuses=names.STATUSES,
    rich={
        "i_am": parsers.i_am, "i_have": parsers.i_have, "properties": parsers.properties,
        "file_write": parsers.file_write, "file_read": parsers.file_read,
    },
)
