"""PROFINET below IP (ethertype 0x8892): DCP, which names devices and gives them addresses, and real-time frames.

Source: IEC 61158-6-10. Every frame begins with a frame id: 0xFEFC to 0xFEFF is DCP (4.3), 0xFC01 and 0xFE01 are alarms
(4.8), 0xFF00 to 0xFF8F time and ring control, most others cyclic process data, whose meaning only the engineering
project knows. A DCP PDU is service, service type (0 request, 1 success, 5 not supported), transaction (xid), response
delay, length of data, and blocks of option, suboption, length and data, padded to even lengths. DCP has no login.

One row a block; only a message's first row carries `frame_id`, `service_id`, `service_type` and their `reply_` twins,
so that counting those columns counts frames. An Identify is a multicast whose answers come in flows of their own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.dcp_names import (
    ALARMS,
    BLOCKS,
    ERRORS,
    SERVICE_TYPES,
    SERVICES,
    SIEMENS_ROLES,
    VENDORS,
)
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

_GET, _SET, _IDENTIFY, _HELLO = 3, 4, 5, 6

_FIRST = ("frame_id", "service_id", "service_type", "reply_frame_id", "reply_service_id", "reply_service_type")
"""Slots that only the first row of a message carries."""

_REQUEST_BLOCK: l.Ops = [
    l.U8("option"), l.U8("suboption"), l.Let("block", l.F("option") << 8 | l.F("suboption")),
    l.If(l.F("fn").eq(_GET), [l.Do(Verb.BROWSE), l.Area(l.F("block"), names=BLOCKS, template="block {}")], [
        l.U16("size"),
        l.Within(l.F("size"), [
            l.If(l.F("fn").eq(_SET), [
                l.Do(Verb.CONFIGURE), l.Area(l.F("block"), names=BLOCKS, template="block {}"), l.U16("qualifier"),
                l.Switch("block", {
                    (0x0505, 0x0506): [l.Do(Verb.RESTART)],
                    0x0503: [l.Do(Verb.DIAGNOSE)],
                    (0x0202, 0x0206): [l.At(l.Pos(), [l.Bytes("name")]), l.Text()],
                    (0x0102, 0x0103): [l.Let("ip", l.Peek(4)), l.Let("mask", l.Peek(4, 4)),
                                       l.Let("gateway", l.Peek(4, 8)), l.Text(4, "ip4")],
                }),
            ], [
                l.Do(Verb.BROWSE, "device"),
                l.If(l.F("block").among(0x0202, 0x0206), [l.At(l.Pos(), [l.Bytes("name")]), l.Bytes("wanted")]),
            ]),
        ]),
        l.If(l.F("size") & 1, [l.Skip(l.Left() >= 1)]),
    ]),
]

_ANSWER_BLOCK: l.Ops = [
    l.Do(None), l.Recall(),
    l.U8("reply_option"), l.U8("reply_suboption"), l.U16("size"),
    l.Let("reply_block", l.F("reply_option") << 8 | l.F("reply_suboption")),
    # A Set is answered by a control block; what it was about stands in the request.
    l.If(l.Has("option"), [l.Let("block", l.F("option") << 8 | l.F("suboption"))],
         [l.Let("block", l.F("reply_block"))]),
    l.Area(l.F("block"), names=BLOCKS, template="block {}"),
    l.Within(l.F("size"), [
        l.Switch("reply_block", {
            # The answer to a Set: which option, and how it went.
            0x0504: [l.Skip(2), l.U8("error")],
            0x0205: [l.U16(label="block info"), l.Bytes("options")],
            (0x0202, 0x0206): [l.U16(label="block info"), l.Bytes("name")],
            0x0203: [l.U16(label="block info"), l.U16("vendor_id"), l.U16("device_id")],
            0x0204: [l.U16(label="block info"), l.U8("device_role")],
            (0x0102, 0x0103): [l.U16(label="block info"), l.Let("ip", l.Peek(4)), l.Let("mask", l.Peek(4, 4)),
                               l.Let("gateway", l.Peek(4, 8))],
        }),
    ]),
    l.If(l.F("size") & 1, [l.Skip(l.Left() >= 1)]),
]

_OWN = ("block", "reply_block", "size", "qualifier", "name", "wanted", "ip", "mask", "gateway", "options", "vendor_id",
        "device_id", "device_role", "error", "option", "suboption", "reply_option", "reply_suboption")
"""Slots of one block, forgotten before the next."""


def _blocks(block: l.Ops) -> l.Ops:
    return [l.Within(l.F("length"), [
        l.Repeat(limit=64, then=[l.Unset(_OWN), *block, l.Row(), l.Unset(_FIRST)]),
    ])]


_MAIN: l.Ops = [
    l.U16("frame"), l.U8("fn"), l.U8("kind"), l.U32("xid"), l.Skip(2, "response delay"), l.U16("length"),
    l.If(l.F("kind").eq(0), [
        l.Let("frame_id", l.F("frame")), l.Let("service_id", l.F("fn")), l.Let("service_type", l.F("kind")),
        l.Switch("fn", {
            _HELLO: [l.Role("report"), l.Within(l.F("length"), [l.Rich("identity")])],
            _IDENTIFY: [l.Role("notify"), l.At(l.Pos(), [l.Rich("wanted")], l.F("length")), *_blocks(_REQUEST_BLOCK)],
        }, [l.Role("request"), *_blocks(_REQUEST_BLOCK)]),
    ], [
        l.Role("response"),
        l.Let("reply_frame_id", l.F("frame")), l.Let("reply_service_id", l.F("fn")),
        l.Let("reply_service_type", l.F("kind")),
        l.If(l.F("kind").ne(1), [l.Let("error", l.F("kind") + 0x100), l.Row(), l.Unset(_FIRST)], [
            l.If(l.F("fn").among(_GET, _IDENTIFY), [l.At(l.Pos(), [l.Rich("identity")], l.F("length"))]),
            *_blocks(_ANSWER_BLOCK), l.Unset(_OWN),
        ]),
    ]),
]


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(option * 256 + suboption, data without padding) of each block."""
    at = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from(">HH", data, at)
        yield kind, data[at + 4 : at + 4 + size]
        at += 4 + size + (size & 1)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip("\x00 ")


def _ip(data: bytes) -> str | None:
    return ".".join(str(b) for b in data[:4]) if len(data) >= 4 and any(data[:4]) else None


def identity(message: Message) -> Iterator[Record]:
    """What a device says in answer to Get or Identify, or in a Hello: blocks with two bytes of block info."""
    said: dict[str, str] = {}
    ip = mac = None
    vendor_id = device_id = role = None
    for kind, body in blocks(message.data):
        value = body[2:]
        if kind == 0x0202:
            said["name"] = _text(value)
        elif kind == 0x0201:
            said["model"] = _text(value)
        elif kind == 0x0206:
            said["description"] = f"alias {_text(value)}"
        elif kind == 0x0203 and len(value) >= 4:
            vendor_id, device_id = struct.unpack_from(">HH", value)
        elif kind == 0x0204 and value:
            role = value[0]
        elif kind in (0x0102, 0x0103):
            ip = _ip(value)
        elif kind == 0x0101 and len(value) >= 6:
            mac = ":".join(f"{b:02x}" for b in value[:6])
    if vendor_id is not None and device_id is not None:
        said["vendor"] = VENDORS.get(vendor_id, f"PROFINET vendor 0x{vendor_id:04x}")
        ids = f"PROFINET vendor 0x{vendor_id:04x} device 0x{device_id:04x}"
        said["description"] = f"{said['description']}, {ids}" if "description" in said else ids
    if hint := _role(role, vendor_id, device_id):
        said["role"] = hint
    said = {field: text for field, text in said.items() if text}
    if said or ip:
        evidence = SERVICES.get(message.number("fn"), "answer")
        yield Identity(address=message.src_mac, protocol="profinet_dcp", evidence=f"DCP {evidence}", ip=ip, mac=mac,
                       **said)


def _role(bits: int | None, vendor_id: int | None, device_id: int | None) -> str | None:
    """Device roles (bit 0 IO device, 1 IO controller, 2 multi-device, 3 supervisor); Siemens tells more."""
    if vendor_id == 0x002A and device_id is not None and (device_id >> 8) in SIEMENS_ROLES:
        return SIEMENS_ROLES[device_id >> 8]
    if bits is None:
        return None
    return "controller" if bits & 2 else "engineering" if bits & 8 else "io" if bits & 5 else None


def wanted(message: Message) -> Iterator[Record]:
    """Whom an Identify request looks for, by name. It is the name of another station, or, before a device takes its
    own, of itself: the bytes do not tell, so it is told as a description."""
    for kind, body in blocks(message.data):
        if kind in (0x0202, 0x0206) and (name := _text(body)):
            what = "station" if kind == 0x0202 else "alias"
            yield Identity(address=message.src_mac, protocol="profinet_dcp", evidence="DCP identify request",
                           description=f"looks for {what} {name}")


DCP = l.Protocol(
    name="profinet_dcp",
    title="PROFINET DCP (discovery and configuration)",
    reference="IEC 61158-6-10, 4.3",
    on=(l.On("eth", (0x8892,)),),
    probe=[
        l.U16("frame"), l.U8("fn"), l.U8("kind"), l.Check(l.F("frame").among(0xFEFC, 0xFEFD, 0xFEFE, 0xFEFF)),
        l.Check(l.F("fn").among(*SERVICES)), l.Check(l.F("kind").among(*SERVICE_TYPES)),
        l.If(l.F("kind").eq(0), [l.Hint("request")], [l.Hint("response")]),
    ],
    main=[l.If(l.Peek(2).among(0xFEFC, 0xFEFD, 0xFEFE, 0xFEFF).eq(0), [l.Drop()]), *_MAIN],
    pair=("fn", "xid"),
    announces=True,
    columns=(
        l.Col("frame_id", "u16", "frame id of the request"),
        l.Col("service_id", "u8", "service of the request"),
        l.Col("service_type", "u8", "service type of the request: 0"),
        l.Col("reply_frame_id", "u16", "frame id of the answer"),
        l.Col("reply_service_id", "u8", "service of the answer"),
        l.Col("reply_service_type", "u8", "service type of the answer: 1 success, 5 not supported"),
        l.Col("service", "str", "its name", source="fn", names=SERVICES),
        l.Col("xid", "u32", "transaction"),
        l.Col("option", "u8", "option of the request's block"),
        l.Col("suboption", "u8", "suboption of the request's block"),
        l.Col("reply_option", "u8", "option of the answer's block"),
        l.Col("reply_suboption", "u8", "suboption of the answer's block"),
        l.Col("block", "str", "the block's name", names=BLOCKS, fallback="hex4"),
        l.Col("qualifier", "u16", "block qualifier of a Set: 1 permanent, 0 temporary"),
        l.Col("name", "text", "name of station, or alias", render="text"),
        l.Col("ip", "str", "IP address", render="ip4"),
        l.Col("mask", "str", "subnet mask", render="ip4"),
        l.Col("gateway", "str", "standard gateway", render="ip4"),
        l.Col("vendor_id", "u16", "PI vendor id"),
        l.Col("device_id", "u16", "device id"),
        l.Col("device_role", "u8", "bits: 1 IO device, 2 IO controller, 4 multi-device, 8 supervisor"),
        l.Col("options", "text", "options that the device offers, each option and suboption", render="hex"),
        l.Col("error", "u16", "block error of a Set; 0x105: service not supported"),
    ),
    function="service",
    point="wanted",
    status="error",
    statuses={**ERRORS, 0x105: "not_supported"},
    rich={"identity": identity, "wanted": wanted},
)

_ALARM: l.Ops = [
    # RTA-PDU: endpoints, type and version, flags, sequence numbers, length; then the alarm itself.
    l.Let("frame_id", l.F("frame")), l.Role("report"),
    l.Skip(4), l.U8("pdu"), l.Let("pdu", l.F("pdu") & 0x0F), l.Skip(5), l.U16("length"),
    l.If(l.F("pdu").eq(1), [
        l.Within(l.F("length"), [
            l.U16("block"), l.Skip(4),
            l.If(l.F("block").among(1, 2, 0x8001, 0x8002), [
                l.U16("alarm"), l.U32("api"), l.U16("slot"), l.U16("subslot"),
            ]),
        ]),
    ]),
]

RT = l.Protocol(
    name="profinet_rt",
    title="PROFINET real-time frames (alarms; cyclic data are recognised, not read)",
    reference="IEC 61158-6-10, 4.7 and 4.8",
    on=(l.On("eth", (0x8892,)),),
    probe=[l.U16("frame"), l.Check(l.F("frame").among(0xFEFC, 0xFEFD, 0xFEFE, 0xFEFF).eq(0))],
    main=[
        l.U16("frame"),
        l.If(l.F("frame").among(0xFC01, 0xFE01), _ALARM, [l.Drop()]),
    ],
    columns=(
        l.Col("frame_id", "u16", "0xFC01 high, 0xFE01 low priority alarm"),
        l.Col("pdu_type", "str", "kind of alarm PDU", source="pdu", names={1: "data", 2: "nack", 3: "ack", 4: "error"}),
        l.Col("block_type", "u16", "1 or 2 notification, 0x8001 or 0x8002 acknowledgement", source="block"),
        l.Col("alarm", "u16", "alarm type"),
        l.Col("alarm_name", "str", "its name", source="alarm", names=ALARMS),
        l.Col("api", "u32", "application process identifier"),
        l.Col("slot", "u16", "slot"),
        l.Col("subslot", "u16", "subslot"),
    ),
    function="alarm_name",
)

PROTOCOLS = (DCP, RT)
