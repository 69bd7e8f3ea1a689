"""Programs that walk an MMS PDU (ISO 9506-2, in BER) and what it travels in: session, presentation, ACSE.

Source: ISO 9506-2:2003; X.225 8 (SPDUs), X.226 8 (presentation PDUs), X.227 9 (ACSE), X.690 8 (BER); IEC 61850-8-1
17.2 (reports). Names of slots are those of `mms.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from linewarden.protocols._shared import layout as l, mms_names as names
from linewarden.records import Verb

Cases = Mapping[int | tuple[int, ...] | range, l.Ops]


def element(cases: Cases, otherwise: l.Ops = ()) -> l.Ops:
    """One BER element: `cases` by identifier octet run over its content."""
    return [l.U8("tag"), l.BerLength("len"), l.Within(l.F("len"), [l.Switch("tag", cases, otherwise)])]


def elements(cases: Cases, limit: int = 64) -> l.Ops:
    """All elements of the slice."""
    return [l.Repeat(element(cases), limit=limit)]


def number(slot: str) -> l.Ops:
    """The slice as an INTEGER of up to eight octets."""
    return [l.Switch(l.Size(), {width: [l.Int(slot, width, signed=True)] for width in range(1, 9)})]


# --- the layers below ---------------------------------------------------------------------------------------------

_USER_DATA: l.Ops = elements({
    # Fully encoded data: presentation data values, each with the context's number and one value.
    0x30: elements({0xA0: [l.Call("value")]}),
})

_PRESENTATION: l.Ops = element({
    0x31: elements({0xA2: elements({0x61: _USER_DATA})}),
    0x61: _USER_DATA,
})

_VALUE: l.Ops = [
    l.If(l.both(l.Peek(1) >= 0x60, l.Peek(1) <= 0x64), element({
        # ACSE: a request or answer of association has the MMS PDU in its user information, an EXTERNAL.
        (0x60, 0x61): elements({0xBE: elements({0x28: elements({0xA0: [l.Call("mms")]})})}),
    }), [l.Call("mms")]),
]

_SPDU_LENGTH: l.Ops = [l.U8("len"), l.If(l.F("len").eq(0xFF), [l.U16("len")])]

_SESSION: l.Ops = [
    l.If(l.Peek(1).among(0x0D, 0x0E), [
        # CONNECT and ACCEPT: parameters, one of which (193) is the user data.
        l.U8(), *_SPDU_LENGTH,
        l.Within(l.F("len"), [l.Repeat(limit=32, then=[
            l.U8("parameter"), *_SPDU_LENGTH,
            l.Within(l.F("len"), [l.If(l.F("parameter").eq(0xC1), [l.Call("presentation")])]),
        ])]),
    ], [
        l.If(l.Peek(1).eq(1), [
            # Give tokens and data transfer, both empty.
            l.Repeat([l.If(l.Peek(2).eq(0x0100), [l.Skip(2)])], limit=2),
            l.Call("presentation")], [
            # Some speak MMS right on COTP.
            l.If(l.Peek(1).among(*range(0xA0, 0xAE), 0x85, 0x86, 0x8B, 0x8C), [l.Call("mms")])]),
    ]),
    # Releases and aborts of the layers below leave no row.
    l.If(l.Has("kind").eq(0), [l.Drop()]),
]

# --- names --------------------------------------------------------------------------------------------------------

_NAME: l.Ops = element({
    # An object's name: of the VMD, of a domain, or of this association.
    (0x80, 0x82): [l.Bytes("point")],
    0xA1: [
        l.U8(), l.BerLength("len"), l.Bytes("point", l.F("len")),
        l.U8(), l.BerLength("len"), l.Let("at", l.Pos()), l.Bytes("point", l.F("len"), join=b"/"),
        l.Seek(l.F("at")), l.Until(None, b"$", optional=True),
        l.If(l.both(l.Left() >= 2, l.either(l.Left().eq(2), l.Peek(1, 2).eq(0x24)), l.Peek(2).among(
            *names.CONSTRAINTS)), [l.U16("constraint"), l.Area(l.F("constraint"), names=names.CONSTRAINTS)]),
    ],
})

_VARIABLE: l.Ops = element({0x30: element({0xA0: [l.Call("name")], 0xA1: elements({0x81: [l.Bytes("point")]})})})
"""A variable in a list: its name, or its symbolic address."""

_NEXT: l.Ops = [
    l.Unset(("point", "constraint", "failure", "status", "leaf")), l.Do(None), l.Area(0, names={0: ""}),
]
_LATER_ROWS: l.Ops = [l.Unset(("pdu", "service", "reply"))]

_AGAIN: l.Ops = [l.If(l.Has("constraint"), [l.Area(l.F("constraint"), names=names.CONSTRAINTS)])]
"""The area of a point that the request named."""

# --- data ---------------------------------------------------------------------------------------------------------

_LEAF: l.Ops = [l.If(l.Has("leaf"), [l.Let("leaf", l.F("leaf") + 1)])]

_INTEGERS: Cases = {1: [l.Values("i8", 1)], 2: [l.Values("i16", 1)], 4: [l.Values("i32", 1)], 8: [l.Values("i64", 1)],
                    3: [l.Int("n", 3, signed=True), l.Number(l.F("n"))],
                    5: [l.Int("n", 5, signed=True), l.Number(l.F("n"))]}

_DATA: l.Ops = element({
    # Parts of a structure or array are numbered, all in one count.
    (0xA1, 0xA2): [l.If(l.Has("leaf").eq(0), [l.Let("leaf", -1)]), l.Repeat([l.Call("data")], limit=1024)],
    0x83: [*_LEAF, l.If(l.Left() >= 1, [l.U8("n"), l.Number(l.F("n").ne(0))])],
    # Double points and tap commands are bit strings of a few bits; longer ones are flags.
    0x84: [*_LEAF, l.If(l.both(l.Size().eq(2), l.Peek(1) >= 4, l.Peek(1) < 8), [l.Number(l.Peek(1, 1) >> l.Peek(1))])],
    # An unsigned number may have a zero in front, like any positive INTEGER.
    (0x85, 0x86): [*_LEAF, l.Switch(l.Size(), _INTEGERS)],
    # Floating point: width of the exponent, then IEEE 754.
    0x87: [*_LEAF, l.Switch(l.Size(), {5: [l.Skip(1), l.Values("f32", 1)], 9: [l.Skip(1), l.Values("f64", 1)]})],
    (0x8A, 0x90): [*_LEAF, l.If(l.Left() > 0, [l.Text()])],
}, _LEAF)

_RESULT: l.Ops = [
    l.If(l.Peek(1).eq(0x80), element({0x80: [*number("failure"), l.Let("status", l.F("failure") + names.ACCESS)]}), [
        l.Call("data")]),
]
"""The result of an access: an error, or data."""

# --- reading and writing variables ----------------------------------------------------------------------------------

_LIST: l.Ops = [
    # A list of variables, or the name of a list that the server keeps: where it is, and where it ends.
    l.U8("list"), l.BerLength("len"), l.Let("p", l.Pos()), l.Let("p_end", l.F("p") + l.F("len")), l.Skip(l.F("len")),
]

READ_ASK: l.Ops = elements({0xA1: [
    *_LIST, l.Seek(l.F("p")),
    l.If(l.F("list").eq(0xA1), [l.Do(Verb.READ), l.Call("name"), l.Row()], [l.Repeat(limit=512, then=[
        *_NEXT, l.Let("item", l.Item()), l.Do(Verb.READ), l.Call("variable"), l.Row(), *_LATER_ROWS])]),
]})

READ_ANSWER: l.Ops = [
    # The list may be repeated before the results.
    l.If(l.Peek(1).eq(0xA0), [l.Skip(1), l.BerLength("len"), l.Skip(l.F("len"))]),
    *element({0xA1: [l.Let("n", 0), l.Repeat(limit=512, then=[
        *_NEXT, l.Let("item", l.F("n")), l.Recall(), l.Do(Verb.READ), *_AGAIN, l.Call("result"), l.Row(), *_LATER_ROWS,
        l.Let("n", l.F("n") + 1)])]}),
]

_WRITE_VERB: l.Ops = [
    l.Do(Verb.WRITE),
    l.If(l.F("constraint").among(*names.REPORTING), [l.Do(Verb.SUBSCRIBE)]),
    l.If(l.F("constraint").among(*names.SETTING), [l.Do(Verb.CONFIGURE)]),
    l.If(l.F("constraint").among(*names.SUBSTITUTING), [l.Do(Verb.FORCE)]),
    *_AGAIN,
]

WRITE_ASK: l.Ops = [
    *_LIST, l.U8(), l.BerLength("len"), l.Let("d", l.Pos()),
    l.If(l.F("list").eq(0xA1), [
        l.Seek(l.F("p")), l.Call("name"), *_WRITE_VERB, l.Seek(l.F("d")), l.Repeat([l.Call("data")], limit=512),
        l.Unset(("leaf",)), l.Row(),
    ], [l.Repeat(limit=512, then=[l.If(l.F("p") < l.F("p_end"), [
        *_NEXT, l.Let("item", l.Item()), l.Seek(l.F("p")), l.Call("variable"), l.Let("p", l.Pos()), *_WRITE_VERB,
        l.Seek(l.F("d")), l.Call("data"), l.Let("d", l.Pos()), l.Unset(("leaf",)), l.Row(), *_LATER_ROWS])])]),
]

WRITE_ANSWER: l.Ops = [l.Repeat(limit=512, then=[
    *_NEXT, l.Let("item", l.Item()),
    *element({0x80: [*number("failure"), l.Let("status", l.F("failure") + names.ACCESS)]}), l.Row(), *_LATER_ROWS])]

def _field(bit: int) -> l.Ops:
    """An optional field of a report, passed over."""
    return [l.If(l.F("fields") >> bit & 1, element({}))]


REPORT: l.Ops = [
    *element({0x8A: [l.Bytes("point")]}),
    *element({0x84: [l.Skip(1), l.U16("fields")]}),
    # Sequence number, time; data set; overflow, entry, revision; two for segments; then inclusion.
    *_field(14), *_field(13), l.If(l.F("fields") >> 11 & 1, element({0x8A: [l.Bytes("data_set")]})),
    *_field(9), *_field(8), *_field(7), *_field(6), *_field(6), *element({}),
    # Names of the members.
    l.Repeat([l.If(l.both(l.F("fields") >> 10 & 1, l.Peek(1).eq(0x8A)), element({}))], limit=512),
    l.Let("leaf", -1), l.Repeat([l.Call("data")], limit=512), l.Unset(("leaf",)),
    l.Row(),
]
"""A report of IEC 61850-8-1: id, which fields follow, those, which members are included, the members."""

_RPT = int.from_bytes(b"RPT", "big")

INFORMATION: l.Ops = [
    *_LIST, l.U8(), l.BerLength("len"), l.Let("d", l.Pos()), l.Seek(l.F("p")),
    l.If(l.F("list").eq(0xA1), [
        l.If(l.both(l.Peek(1).eq(0x80), l.Peek(1, 1).eq(3), l.Peek(3, 2).eq(_RPT)), [
            l.Seek(l.F("d")), l.Call("report")], [
            l.Call("name"), l.Seek(l.F("d")), l.Let("leaf", -1), l.Repeat([l.Call("result")], limit=512),
            l.Unset(("leaf",)), l.Row()]),
    ], [l.Seek(l.F("d")), l.Repeat(limit=512, then=[l.If(l.F("p") < l.F("p_end"), [
        *_NEXT, l.Seek(l.F("p")), l.Call("variable"), l.Let("p", l.Pos()),
        l.Seek(l.F("d")), l.Call("result"), l.Let("d", l.Pos()), l.Unset(("leaf",)), l.Row(), *_LATER_ROWS])])]),
]
"""An information report: a list of variables or its name, and their values."""

PROGRAMS: dict[str, l.Ops] = {
    "session": _SESSION,
    "presentation": _PRESENTATION,
    "value": _VALUE,
    "name": _NAME,
    "variable": _VARIABLE,
    "data": _DATA,
    "result": _RESULT,
    "report": REPORT,
}
