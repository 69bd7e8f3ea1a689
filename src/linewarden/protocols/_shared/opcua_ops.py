"""Programs that walk OPC UA's built-in types in a message (OPC 10000-6, 5.2, binary encoding, little-endian)."""

from __future__ import annotations

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.opcua_names import QUALITY

STRING: l.Ops = [l.Int("len", 4, signed=True, label="length"), l.Skip(l.F("len"), "string")]
"""A String, ByteString or XmlElement, passed over: length (-1: null) and bytes."""


def string(slot: str) -> l.Ops:
    """A String or ByteString into a bytes slot; null leaves it unset."""
    return [l.Int("len", 4, signed=True), l.If(l.F("len") > 0, [l.Bytes(slot, l.F("len"))])]


_TAIL: l.Ops = [
    # Parts that only an ExpandedNodeId has: namespace URI, server index.
    l.If(l.F("enc") & 0x80, STRING), l.If(l.F("enc") & 0x40, [l.Skip(4)]),
]

NODE: l.Ops = [
    l.Unset(("start", "point")), l.U8("enc"),
    l.Switch(l.F("enc") & 0x3F, {
        0: [l.Let("ns", 0), l.U8("start")],
        1: [l.U8("ns"), l.U16("start")],
        2: [l.U16("ns"), l.U32("start")],
        (3, 5): [l.U16("ns"), *string("point")],
        4: [l.U16("ns"), l.Bytes("point", 16)],
    }, [l.Odd("opcua_node_id"), l.Stop()]),
    *_TAIL,
    l.Area(l.F("ns"), template="ns={}"),
]
"""The NodeId (or ExpandedNodeId) that this is about: `ns`, and `start` (numeric) or `point` (other identifiers)."""

NODE_SKIP: l.Ops = [
    l.U8("enc"),
    l.Switch(l.F("enc") & 0x3F, {0: [l.Skip(1)], 1: [l.Skip(3)], 2: [l.Skip(6)], (3, 5): [l.Skip(2), *STRING],
                                 4: [l.Skip(18)]}, [l.Odd("opcua_node_id"), l.Stop()]),
    *_TAIL,
]

EXTENSION: l.Ops = [l.Call("node_skip"), l.U8("enc"), l.If(l.F("enc"), STRING)]
"""An ExtensionObject, passed over."""

QUALIFIED: l.Ops = [l.Skip(2), *STRING]
"""A QualifiedName, passed over."""

LOCALIZED: l.Ops = [
    l.U8("enc"), l.If(l.F("enc") & 1, STRING), l.If(l.F("enc") & 2, STRING),
]
"""A LocalizedText, passed over. (`STRING` leaves `enc` alone.)"""

DIAGNOSTIC: l.Ops = [
    l.U8("enc"),
    l.Skip(((l.F("enc") & 1) + (l.F("enc") >> 1 & 1) + (l.F("enc") >> 2 & 1) + (l.F("enc") >> 3 & 1)) * 4),
    l.If(l.F("enc") & 0x10, STRING), l.If(l.F("enc") & 0x20, [l.Skip(4)]),
    l.If(l.F("enc") & 0x40, [l.Call("diagnostic")]),
]
"""A DiagnosticInfo, passed over; an inner one is the last part."""

_NUMBERS = {1: ("u8", 1), 2: ("i8", 1), 3: ("u8", 1), 4: ("i16", 2), 5: ("u16", 2), 6: ("i32", 4), 7: ("u32", 4),
            8: ("i64", 8), 9: ("u64", 8), 10: ("f32", 4), 11: ("f64", 8)}
"""Variant type: kind and width, for those that are numbers (Boolean is 1)."""

_SIZES = {13: 8, 14: 16, 19: 4}
"""DateTime, Guid, StatusCode."""

_WALKS: dict[int | tuple[int, ...] | range, l.Ops] = {
    (12, 15, 16): STRING,
    (17, 18): [l.Call("node_skip")],
    20: QUALIFIED,
    21: LOCALIZED,
    22: EXTENSION,
    23: [l.Call("value_skip")],
    24: [l.Call("variant_skip")],
    25: [l.Call("diagnostic")],
}


def array(of: l.Ops, limit: int = 4096) -> l.Ops:
    """Int32 length (-1: null), then that many."""
    return [l.Int("len", 4, signed=True), l.If(l.F("len") > 0, [l.Repeat(of, count=l.F("len"), limit=limit)])]


def variant(emit: bool) -> l.Ops:
    """A Variant: walked, or (`emit`) its numbers as a reading or as the command's value, a text into `text`."""
    scalars: dict[int | tuple[int, ...] | range, l.Ops] = {}
    arrays: dict[int | tuple[int, ...] | range, l.Ops] = {}
    for code, (kind, width) in _NUMBERS.items():
        scalars[code] = [l.Values(kind, 1)] if emit else [l.Skip(width)]
        arrays[code] = [l.Values(kind, l.F("elements"))] if emit else [l.Skip(l.F("elements") * width)]
    for code, size in _SIZES.items():
        scalars[code] = [l.Skip(size)]
        arrays[code] = [l.Skip(l.F("elements") * size)]
    for codes, walk in _WALKS.items():
        scalars[codes] = walk
        arrays[codes] = [l.Repeat(walk, count=l.F("elements"), limit=4096)]
    if emit:
        del scalars[(12, 15, 16)]
        scalars[12] = [l.Int("len", 4, signed=True), l.If(l.F("len") > 0, [
            l.At(l.Pos(), [l.Bytes("text", l.F("len"))], l.F("len")), l.Text(l.F("len"))])]
        scalars[(15, 16)] = STRING
    return [
        l.U8("variant"),
        l.If(l.F("variant") & 0x80, [
            l.Let("dimensions", l.F("variant") & 0x40),
            l.Int("elements", 4, signed=True),
            l.If(l.F("elements") > 0, [l.Switch(l.F("variant") & 0x3F, arrays)]),
            l.If(l.F("dimensions"), [l.Int("len", 4, signed=True), l.If(l.F("len") > 0, [l.Skip(l.F("len") * 4)])]),
        ], [l.Switch(l.F("variant") & 0x3F, scalars)]),
    ]


_AFTER: l.Ops = [
    l.If(l.F("mask") & 2, [l.U32("code")]),
    l.Skip((l.F("mask") >> 2 & 1) * 8), l.Skip((l.F("mask") >> 4 & 1) * 2),
    l.Skip((l.F("mask") >> 3 & 1) * 8), l.Skip((l.F("mask") >> 5 & 1) * 2),
]
"""What follows the value in a DataValue: status, source time and picoseconds, server time and picoseconds."""

VALUE_SKIP: l.Ops = [
    l.U8("mask"), l.If(l.F("mask") & 1, [l.Let("kept", l.F("mask")), l.Call("variant_skip"),
                                         l.Let("mask", l.F("kept"))]),
    *_AFTER,
]

VALUE: l.Ops = [
    # The status comes after the value but is the quality of its reading, so it is looked up first.
    l.Let("code", 0), l.U8("mask"),
    l.Let("at", l.Pos()),
    l.If(l.both(l.F("mask") & 1, l.F("mask") & 2), [
        l.Call("variant_skip"), l.U32("code"), l.Seek(l.F("at"))]),
    l.Quality(l.F("code") >> 30, QUALITY),
    l.If(l.F("mask") & 1, [l.Call("variant")]),
    *_AFTER,
    l.If(l.F("code") >> 31, [l.Let("status", l.F("code"))]),
]
"""A DataValue with its reading."""

PROGRAMS: dict[str, l.Ops] = {
    "node": NODE,
    "node_skip": NODE_SKIP,
    "diagnostic": DIAGNOSTIC,
    "variant": variant(True),
    "variant_skip": variant(False),
    "value": VALUE,
    "value_skip": VALUE_SKIP,
}
