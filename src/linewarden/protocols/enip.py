"""EtherNet/IP: CIP over TCP and UDP 44818, spoken by Rockwell, Omron, Schneider and most North American makers.

Source: THE CIP NETWORKS LIBRARY volume 2 (encapsulation) and volume 1 (CIP itself, `_shared/cip_ops.py`).
A PDU is a 24-byte little-endian header (command, length, session, status, sender context, options); SendRRData and
SendUnitData carry items (common packet format), of which one is a CIP message: unconnected (0x00B2), or connected
(0x00B1, with a sequence count that the answer repeats). A CIP request is a service, a path and data; an answer has
bit 0x80 in the service, a general status and data. A Multiple Service Packet carries several, an Unconnected Send one.

There is one row for every CIP service (outer and inner ones), or one for an encapsulation command without CIP.
`command` and `reply_command` stand only in a PDU's first row, so that counting them counts PDUs; `service` is set if
the request was seen, `reply` if the answer was. An Unconnected Send's own row has no answer: the carried service has.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.cip_names import (
    CLASSES,
    COMMANDS,
    ENCAPSULATION,
    FUNCTIONS,
    STATUSES,
    TYPES,
)
from linewarden.protocols._shared.cip_ops import PROGRAMS
from linewarden.protocols._shared.cip_parsers import (
    firmware,
    identity_object,
    interface,
    list_identity,
    pccc_diagnostic,
)
from linewarden.records import Verb

_CIP: l.Ops = [
    l.If(l.Peek(1) & 0x80, [l.Let("reply_command", l.F("cmd"))], [l.Let("command", l.F("cmd"))]),
    l.Call("cip"),
]

_ITEMS: l.Ops = [
    # Common packet format (volume 2, 2-6): address item, data item, perhaps socket addresses.
    l.Skip(6, "interface handle:4, timeout:2"), l.U16("items", label="items"),
    l.Repeat(count=l.F("items"), limit=16, then=[
        l.U16("seg", label="item type"), l.U16("length", label="item length"),
        l.Within(l.F("length"), [l.Switch("seg", {
            (0x00A1, 0x8002): [l.U32("cid")],
            0x00B1: [l.U16("seq"), l.Let("key", l.F("seq")), *_CIP],
            0x00B2: [l.If(l.Left() > 0, _CIP)],
        })]),
    ]),
]

_ASKED: l.Ops = [l.Role("request"), l.Let("command", l.F("cmd"))]
_ANSWERED: l.Ops = [l.Role("response"), l.Let("reply_command", l.F("cmd"))]

_LISTING: l.Ops = [
    l.If(l.both(l.F("length").eq(0), l.F("est").eq(0)), [*_ASKED, l.Do(Verb.BROWSE)], [
        *_ANSWERED, l.If(l.F("cmd").eq(0x63), [l.Rich("list_identity")])]),
]

_PLAIN: l.Ops = [l.If(l.IsResponse(), [l.Let("reply_command", l.F("cmd"))], [l.Let("command", l.F("cmd"))])]

_KNOWN = tuple(COMMANDS)
_STATUS = (0, 1, 2, 3, 0x64, 0x65, 0x69, 0x6A)

_SHAPE: l.Ops = [
    l.U16("cmd"), l.U16("length"), l.U32("session"), l.U32("est"), l.Skip(8), l.U32("options"),
    l.Check(l.F("cmd").among(*_KNOWN)), l.Check(l.F("est").among(*_STATUS)), l.Check(l.F("options").eq(0)),
    l.Check(l.F("length") <= l.Left()),
    l.Switch("cmd", {
        # A NOP or a status could be anything off our ports.
        (0x0000, 0x0001, 0x0072, 0x0073): [l.Check(l.OnPort())],
        (0x0004, 0x0063, 0x0064): [l.If(l.F("length").eq(0), [l.Check(l.F("est").eq(0)), l.Hint("request")], [
            l.U16("items"), l.Check(l.F("items") <= 64), l.Hint("response")])],
        0x0065: [l.Check(l.F("length").among(0, 4)), l.If(l.F("session").eq(0), [
            l.Hint("request")], [l.Hint("response")])],
        0x0066: [l.Check(l.F("length").eq(0)), l.Check(l.F("session").ne(0)), l.Hint("request")],
        (0x006F, 0x0070): [
            l.Check(l.F("session").ne(0)),
            l.If(l.F("length") > 0, [
                l.U32("m"), l.Skip(2), l.U16("items"), l.U16("seg"), l.U16("n"),
                l.Check(l.F("m").eq(0)), l.Check(l.F("items") >= 1), l.Check(l.F("items") <= 8),
                l.Check(l.F("seg").among(0x0000, 0x00A1, 0x8002)), l.Check(l.F("n").among(0, 4, 8)),
                l.Skip(l.F("n")), l.U16("seg"), l.Check(l.F("seg").among(0x00B1, 0x00B2)), l.Skip(2),
                l.If(l.F("seg").eq(0x00B1), [l.Skip(2)]),
                l.If(l.Left() > 0, [l.If(l.Peek(1) & 0x80, [l.Hint("response")], [l.Hint("request")])]),
            ]),
        ],
    }),
]

PROTOCOL = l.Protocol(
    name="enip",
    title="EtherNet/IP (CIP)",
    reference="THE CIP NETWORKS LIBRARY, volumes 1 and 2",
    on=(l.On("tcp", (44818,)), l.On("udp", (44818,))),
    framing=l.Length(header=24, at=2, width=2, le=True, add=24,
                     magic=(0, *(command.to_bytes(2, "little") for command in COMMANDS))),
    endian="little",
    probe=_SHAPE,
    confirm=2,
    main=[
        l.U16("cmd"), l.U16("length"), l.U32("session"), l.U32("est"), l.U64("key"), l.U32("options"),
        l.Let("fn", l.F("cmd") + ENCAPSULATION),
        l.If(l.F("est").ne(0), [l.Let("status", l.F("est") + ENCAPSULATION)]),
        l.Switch("cmd", {
            (0x6F, 0x70): [
                l.If(l.F("length").eq(0), _PLAIN, [*_ITEMS, l.If(l.Item().eq(0), _PLAIN)])],
            (0x01, 0x04, 0x63, 0x64): _LISTING,
            0x65: [l.If(l.either(l.F("session"), l.F("est")), _ANSWERED, _ASKED)],
            (0x00, 0x66, 0x72, 0x73): [l.Role("notify"), l.Let("command", l.F("cmd"))],
        }, _PLAIN),
    ],
    programs=PROGRAMS,
    pair=("cmd", "key"),
    fleeting=("session", "cid", "seq", "tns"),
    columns=(
        l.Col("command", "u16", "encapsulation command of the request (first row of a PDU)"),
        l.Col("reply_command", "u16", "encapsulation command of the answer (first row of a PDU)"),
        l.Col("session", "u32", "session handle"),
        l.Col("encapsulation_status", "u32", "status of the encapsulation header", source="est"),
        l.Col("connection_id", "u32", "CIP connection of a connected request", source="conn"),
        l.Col("sequence", "u16", "sequence count of a connected message", source="seq"),
        l.Col("item", "u16", "place in a multiple service packet, from 1"),
        l.Col("outer", "u8", "service that carries this one: 0x0A multiple service packet"),
        l.Col("wrapped", "u8", "0x52: carried by an Unconnected Send"),
        l.Col("service", "u8", "CIP service of the request"),
        l.Col("reply", "u8", "CIP service of the answer, with bit 0x80"),
        l.Col("function", "str", "name of the service, PCCC command or encapsulation command", source="fn",
              names=FUNCTIONS, fallback="hex2"),
        l.Col("class", "u32", "object class of the request's path"),
        l.Col("class_name", "str", "its name", source="class", names=CLASSES, fallback="hex2"),
        l.Col("class2", "u32", "second class in that path"),
        l.Col("conn_class", "u32", "class of the connection's path"),
        l.Col("instance", "u32", "object instance"),
        l.Col("attribute", "u16", "attribute (the first of a list)"),
        l.Col("member", "u32", "member or array element"),
        l.Col("symbol", "text", "tag: the symbols of the path, joined by dots", render="text"),
        l.Col("type", "str", "data type of a tag, or PCCC file type", names=TYPES, fallback="hex2"),
        l.Col("elements", "u16", "elements or bytes asked for", source="count"),
        l.Col("port", "u16", "port of the route (1: backplane)"),
        l.Col("link", "u16", "link address on that port (slot)"),
        l.Col("general_status", "u8", "CIP general status", source="genstat"),
        l.Col("extended_status", "u16", "first word of the extended status", source="ext_status"),
        l.Col("status_name", "str", "what went wrong", source="status", names=STATUSES, fallback="hex4"),
        l.Col("ot_connection_id", "u32", "connection id, originator to target", source="ot_id"),
        l.Col("to_connection_id", "u32", "connection id, target to originator", source="to_id"),
        l.Col("connection_serial", "u16", "connection serial number", source="conn_serial"),
        l.Col("pccc_command", "u8", "PCCC command", source="pccc_cmd"),
        l.Col("pccc_function", "u8", "PCCC function", source="pccc_fnc"),
        l.Col("pccc_status", "u8", "PCCC status of the answer, if not good"),
        l.Col("pccc_file", "u16", "PCCC data table file", source="file"),
        l.Col("transaction", "u16", "PCCC transaction", source="tns"),
    ),
    function="function",
    point="symbol",
    statuses=STATUSES,
    rich={
        "list_identity": list_identity,
        "identity": identity_object,
        "interface": interface,
        "pccc_diagnostic": pccc_diagnostic,
        "firmware": firmware,
    },
)
