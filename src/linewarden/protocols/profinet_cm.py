"""PROFINET IO context management (PN-IO-CM): connects controllers to devices, sets parameters, reads records.

Source: IEC 61158-6-10, 5.2 (services over DCE/RPC); C706, 12.5 (connectionless DCE/RPC over UDP). The 80-byte RPC
head names interface and operation (connect, release, read, write, control); its byte order is told in it. Then come
status or size arguments (NDR), and blocks, always big-endian: type, length, version, data. A write's data follow its
block, as do those of a read's answer; index 0xE040 holds several writes, 0x80B0 several objects.

One row a block; only a message's first row carries `opnum` or `reply_opnum`. Requests are verbs: what is written is
`configure` (parameters of modules), I&M data are read into identities.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.dcp_names import VENDORS
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

OPERATIONS = {0: "connect", 1: "release", 2: "read", 3: "write", 4: "control", 5: "read_implicit"}

BLOCKS = {
    0x0008: "write_request", 0x8008: "write_answer", 0x0009: "read_request", 0x8009: "read_answer",
    0x0010: "diagnosis_data", 0x0020: "im0", 0x0021: "im1", 0x0022: "im2", 0x0023: "im3", 0x0024: "im4",
    0x0101: "ar_request", 0x8101: "ar_answer", 0x0102: "iocr_request", 0x8102: "iocr_answer",
    0x0103: "alarm_cr_request", 0x8103: "alarm_cr_answer", 0x0104: "expected_submodules", 0x8104: "module_diff",
    0x0106: "mcr_request", 0x8106: "ar_server", 0x0109: "ir_info", 0x010A: "sr_info", 0x010B: "ar_fsu",
    0x0110: "prm_end", 0x8110: "prm_end_answer", 0x0111: "prm_begin", 0x0112: "application_ready",
    0x8112: "application_ready_answer", 0x0200: "port_check", 0x0202: "port_adjust", 0x0211: "mrp_adjust",
    0x0205: "ir_data", 0x0206: "ir_global", 0x0207: "ir_frames", 0x0208: "ir_begin_end", 0x020A: "peers_check",
    0x020B: "line_delay_check", 0x0213: "mrp_check", 0x022A: "ir_subframes", 0x022B: "subframe",
    0x0250: "interface_adjust",
    0x0601: "fast_start_up", 0x0609: "ar_fsu_adjust",
    0x0400: "several_blocks", 0x0401: "object_in_container", 0x0114: "release", 0x8114: "release_answer",
}  # fmt: skip
"""Types of blocks (5.2.1)."""

_REQUEST, _RESPONSE, _FAULT, _REJECT = 0, 2, 3, 6
_MULTIPLE = 0xE040

_FIRST = ("opnum", "reply_opnum")
_OWN = ("block_type", "reply_block_type", "block", "size", "index", "reply_index", "api", "slot", "subslot", "length",
        "station", "data_length")

_NAME: l.Ops = [l.U16("station_length"), l.Bytes("station", l.F("station_length"))]

_RECORD: l.Ops = [
    # Sequence, AR, API, slot, subslot, padding, index, length of the data (which follow the block).
    l.Skip(2), l.Skip(16), l.U32("api"), l.U16("slot"), l.U16("subslot"), l.Skip(2), l.U16("index"),
    l.U32("data_length"),
]

_NESTED: l.Ops = [l.Repeat(limit=64, then=[l.Call("block")])]

_FIELDS: dict[int | tuple[int, ...] | range, l.Ops] = {
    0x0101: [l.Do(Verb.CONFIGURE, "connect"), l.Rich("ar"), l.Skip(2 + 16 + 2 + 6 + 16 + 4 + 2 + 2), *_NAME],
    0x8106: [l.Rich("server"), *_NAME],
    0x0008: [l.Do(Verb.CONFIGURE, "record"), *_RECORD],
    0x0009: [l.Do(Verb.READ, "record"), *_RECORD],
    (0x8008, 0x8009): _RECORD,
    0x0401: [l.Do(Verb.CONFIGURE, "record"), l.Skip(2), l.U32("api"), l.U16("slot"), l.U16("subslot"), l.Skip(2),
             l.U16("index")],
    (0x0200, 0x0202, 0x0205): [l.Skip(2), l.U16("slot"), l.U16("subslot")],
    # Padding; of subframe data their number.
    (0x0211, 0x0213, 0x010B, 0x022A, 0x0609): [l.Skip(2)],
    0x0400: [l.Skip(2), l.U32("api"), l.U16("slot"), l.U16("subslot")],
    0x0020: [l.Rich("im0")],
    (0x0110, 0x0111, 0x0112, 0x0114): [l.Do(Verb.CONFIGURE)],
}

_BLOCK: l.Ops = [
    l.Unset(_OWN), l.U16("block"), l.U16("size", label="block length"), l.U8(label="block version"),
    l.U8("minor", label="block version"),
    # Zeros are padding, and end this list of blocks.
    l.If(l.F("block").eq(0), [l.Unset(_OWN), l.Seek(l.Size())], [
        l.If(l.IsResponse(), [l.Let("reply_block_type", l.F("block"))], [l.Let("block_type", l.F("block"))]),
        l.Within(l.F("size") - 2, [
            l.Switch("block", _FIELDS),
            l.If(l.both(l.IsResponse(), l.Has("index")), [l.Let("reply_index", l.F("index")), l.Unset(("index",))]),
            l.Row(), l.Unset(_FIRST),
            # Containers of other blocks: several objects, fast start-up, data of ports and of isochronous real time; of
            # ring managers from 1.1 on.
            l.If(l.either(l.F("block").among(0x0401, 0x0400, 0x0200, 0x0202, 0x0205, 0x010B, 0x022A, 0x0609),
                          l.both(l.F("block").among(0x0211, 0x0213), l.F("minor"))), _NESTED),
        ]),
        l.Switch("block", {
            0x0008: [l.If(l.F("index").ne(_MULTIPLE), [l.Call("data")])],
            0x8009: [l.Let("index", l.F("reply_index")), l.Call("data")],
        }),
    ]),
]

_DATA: l.Ops = [
    # Records from 0x8000 on are blocks of the standard; below they are the module maker's, and 0xB000 to 0xBFFF are
    # those of profiles. Writes in a multiple write are padded to four bytes.
    l.Let("padding", l.F("block").eq(0x0008) * ((4 - (l.F("data_length") & 3)) & 3)),
    l.If(l.both(l.F("index") >= 0x8000, (l.F("index") >> 12).ne(0xB), l.F("data_length") >= 6,
                l.F("data_length") <= l.Left()), [
        l.Within(l.F("data_length"), _NESTED),
    ], [l.If(l.F("data_length") <= l.Left(), [l.Skip(l.F("data_length"))], [l.Seek(l.Size())])]),
    l.If(l.F("padding") <= l.Left(), [l.Skip(l.F("padding"))]),
]


def _body(le: bool) -> l.Ops:
    """Operation and fragments in the byte order of the RPC head, then arguments and blocks."""
    return [
        l.U32("boot", le), l.U32("interface_version", le), l.U32("sequence", le), l.U16("fn", le), l.Skip(4, "hints"),
        l.U16("body", le), l.U16("fragment", le), l.Skip(2),
        l.If(l.F("pdu").eq(_REQUEST), [l.Role("request"), l.Let("opnum", l.F("fn"))], [
            l.Role("response"), l.Let("reply_opnum", l.F("fn"))]),
        l.If(l.F("pdu").among(_FAULT, _REJECT), [l.U32("status", le), l.Row(), l.Stop()]),
        l.Within(l.F("body"), [
            l.If(l.F("flags") & 0x04, [
                l.Gather([l.Call("arguments")], first=l.F("fragment").eq(0), last=l.F("flags") & 0x02,
                         key=l.F("sequence"), limit=1 << 17),
            ], [l.Call("arguments")]),
        ]),
    ]


_ARGUMENTS: l.Ops = [
    # Request: largest answer, length, and an array (largest, offset, length). Answer: status instead of the first.
    l.If(l.F("pdu").eq(_RESPONSE), [l.U32("status", le=False), l.If(l.F("little"), [
        l.Let("status", (l.F("status") & 0xFF) << 24 | (l.F("status") & 0xFF00) << 8 | l.F("status") >> 8 & 0xFF00
              | l.F("status") >> 24)])], [l.Skip(4)]),
    l.Skip(16),
    l.Repeat(limit=256, then=[l.Call("block")]),
    # What the answer does not tell item by item holds for the request's other items too; its last block does not.
    l.Unset(_OWN),
]


def _text(data: bytes) -> str:
    return data.decode("latin-1").strip("\x00 ")


def ar(message: Message) -> Iterator[Record]:
    """ARBlockReq: the controller's MAC and station name."""
    mac = ":".join(f"{b:02x}" for b in message.data[20:26])
    size = struct.unpack_from(">H", message.data, 50)[0]
    if name := _text(message.data[52 : 52 + size]):
        yield Identity(address=message.src, protocol="profinet_cm", evidence="AR request", name=name, mac=mac,
                       role="controller")


def server(message: Message) -> Iterator[Record]:
    """ARServerBlock: the device's station name."""
    size = struct.unpack_from(">H", message.data)[0]
    if name := _text(message.data[2 : 2 + size]):
        yield Identity(address=message.src, protocol="profinet_cm", evidence="AR answer", name=name, role="io")


def im0(message: Message) -> Iterator[Record]:
    """I&M0: vendor, order number, serial number, hardware and software revision (Profile Guidelines Part 1, 3.2)."""
    vendor, order, serial, hardware, prefix, a, b, c = struct.unpack_from(">H20s16sHcBBB", message.data)
    where = f"slot {message.number('slot')}" if "slot" in message.slots else "device"
    yield Identity(address=message.src, protocol="profinet_cm", evidence=f"I&M0 {where}",
                   vendor=VENDORS.get(vendor, f"PROFINET vendor 0x{vendor:04x}"), order_number=_text(order) or None,
                   serial=_text(serial) or None, hardware=str(hardware),
                   firmware=f"{prefix.decode('latin-1')}{a}.{b}.{c}")


_HEAD: l.Ops = [
    l.U8("version", label="RPC version"), l.U8("pdu", label="PDU type"), l.U8("flags", label="flags"),
    l.Skip(1, "more flags"), l.U8("drep", label="data representation"), l.Skip(2, "data representation"),
    l.Skip(1, "serial number"),
    l.Let("little", (l.F("drep") & 0xF0).eq(0x10)),
]

_INTERFACE = 0x6C97_11D1_8271_00A0_2442_DF7D & 0xFFFF_FFFF_FFFF
"""The last six bytes of all PROFINET interfaces' UUIDs, which no byte order changes."""

PROTOCOL = l.Protocol(
    name="profinet_cm",
    title="PROFINET IO context management",
    reference="IEC 61158-6-10, 5.2; C706, 12.5",
    on=(l.On("udp", (34964,)),),
    probe=[
        *_HEAD, l.Check(l.F("version").eq(4)), l.Check(l.F("pdu") <= 10), l.Check((l.F("drep") & 0xEF).eq(0)),
        l.Check(l.Size() >= 80), l.Check(l.Peek(6, 34, whence="start").eq(_INTERFACE)),
        l.If(l.F("pdu").eq(_REQUEST), [l.Hint("request")]), l.If(l.F("pdu").eq(_RESPONSE), [l.Hint("response")]),
    ],
    main=[
        *_HEAD, l.If(l.F("pdu").among(_REQUEST, _RESPONSE, _FAULT, _REJECT).eq(0), [l.Drop()]),
        l.Seek(56), l.If(l.F("little"), _body(True), _body(False)),
    ],
    programs={"block": _BLOCK, "data": _DATA, "arguments": _ARGUMENTS},
    pair=("sequence", "boot"),
    columns=(
        l.Col("opnum", "u16", "operation of the request"),
        l.Col("reply_opnum", "u16", "operation of the answer"),
        l.Col("operation", "str", "its name", source="fn", names=OPERATIONS),
        l.Col("sequence", "u32", "sequence number of the call"),
        l.Col("block_type", "u16", "block of the request"),
        l.Col("reply_block_type", "u16", "block of the answer"),
        l.Col("block_name", "str", "its name", source="block", names=BLOCKS, fallback="hex4"),
        l.Col("api", "u32", "application process identifier"),
        l.Col("slot", "u16", "slot"),
        l.Col("subslot", "u16", "subslot"),
        l.Col("index", "u16", "record index in the request"),
        l.Col("reply_index", "u16", "record index in the answer"),
        l.Col("data_length", "u32", "length of the record", unit="B"),
        l.Col("station", "text", "station name", render="text"),
        l.Col("status", "u32", "PNIO status of the answer; 0 is good"),
    ),
    function="operation",
    start="index",
    point="station",
    rich={"ar": ar, "im0": im0, "server": server},
)
