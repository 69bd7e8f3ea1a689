"""S7comm: the native protocol of SIMATIC S7-300, S7-400 and, where allowed, S7-1200 and S7-1500 controllers.

Source: RFC 1006 and X.224 for what carries it (TCP 102; see `_shared/cotp.py`). Siemens publishes no specification;
see `_shared/s7_names.py` for where the numbers come from. A PDU is a header (0x32, ROSCTR, reference, lengths of the
parameter and data parts; answers also have an error class and code), parameters that begin with a function code, and
data. ROSCTR 1 is a job, 2 an acknowledgement, 3 an acknowledgement with data, 7 "userdata", whose parameters name a
function group, a subfunction and whether it is a request, an answer or a push. During a download it is the controller
that sends the jobs, so ROSCTR, not the direction, tells requests from answers.

A variable read or write has one row per item; only its first row carries `rosctr`, `func`, `reply` and `reply_func`,
so that counting those columns counts PDUs. `rosctr` is set if the request was seen, `reply` if the answer was.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.cotp import FRAMING, envelope, probe
from linewarden.protocols._shared.s7_names import (
    AREAS,
    FUNCTIONS,
    GROUPS,
    PI,
    PI_SERVICES,
    STATUSES,
    TYPES,
    USERDATA,
)
from linewarden.protocols._shared.s7_parsers import block, szl
from linewarden.records import Verb

_BIT_AREAS = {code: f"{name}.bit" for code, name in AREAS.items()}

_ITEM = ("item", "area", "db", "address", "bit", "type", "amount", "start", "count", "code", "status")
"""Slots of one item, forgotten before the next."""

_FIRST_ROW = ("rosctr", "func", "reply", "reply_func", "items")
"""Slots that only the first row of a message carries."""

_PLACE: l.Ops = [
    # Where an item points: byte areas count in bytes, bit items in bits, counters and timers in themselves.
    l.If(l.F("type").eq(1), [
        l.If(l.F("area").among(0x84, 0x85), [l.Area(l.F("db"), template="db{}.bit")],
             [l.Area(l.F("area"), names=_BIT_AREAS)]),
    ], [
        l.If(l.F("area").among(0x84, 0x85), [l.Area(l.F("db"), template="db{}")],
             [l.Area(l.F("area"), names=AREAS)]),
    ]),
]

_POINTER: l.Ops = [
    # Item specification: 0x12, length, syntax. Only S7ANY (0x10) is taken apart; others are counted.
    l.U8(label="variable specification"), l.U8("length", label="specification length"),
    l.Within(l.F("length"), [
        l.U8("syntax"),
        l.If(l.F("syntax").eq(0x10), [
            l.U8("type"), l.U16("amount"), l.U16("db"), l.U8("area"), l.U24("address"),
            l.If(l.F("area").among(0x84, 0x85).eq(0), [l.Unset(("db",))]),
            # The target is told in addresses: bytes, unless bits, counters or timers are addressed.
            l.Let("count", l.F("amount")), l.Switch("type", {
                (4, 5, 9, 0x0C): [l.Let("count", l.F("amount") * 2)],
                (6, 7, 8, 0x0A, 0x0B): [l.Let("count", l.F("amount") * 4)],
                0x0F: [l.Let("count", l.F("amount") * 8)],
            }),
            l.If(l.either(l.F("type").eq(1), l.F("area").among(0x1C, 0x1D, 0x1E, 0x1F)), [
                l.Let("start", l.F("address"))], [l.Let("start", l.F("address") >> 3)]),
            l.If(l.F("type").eq(1), [l.Let("bit", l.F("address") & 7)]),
            l.If(l.F("area").among(0x1C, 0x1D, 0x1E, 0x1F).eq(0), [l.Let("address", l.F("address") >> 3)]),
            l.Call("place"),
        ]),
    ]),
]

_DATA: l.Ops = [
    # A data item: return code, transport size, length (in bits for sizes 3 to 5, else in bytes), value, pad to even.
    l.U8("code"), l.U8("size", label="transport size"), l.U16("length", label="data length"),
    l.If(l.F("size").among(3, 4, 5), [l.Let("length", (l.F("length") + 7) >> 3)]),
    l.If(l.F("size").eq(0), [l.Let("length", 0)]),
    l.Within(l.F("length"), [l.If(l.Left() > 0, [l.Call("value")])]),
    l.If(l.both(l.F("length") & 1, l.Left() > 0), [l.Skip(1)]),
]

_VALUE: l.Ops = [
    # Types of the request's item; without it, those of the answer.
    l.Switch("type", {
        1: [l.Values("u8")],
        (2, 3, 0x0F): [l.Values("u8")],
        (4, 9, 0x0C, 0x1C, 0x1D): [l.Values("u16")],
        5: [l.Values("i16")],
        (6, 0x0A): [l.Values("u32")],
        (7, 0x0B): [l.Values("i32")],
        8: [l.Values("f32")],
    }, [l.Switch("size", {
        5: [l.Values("i16")], 6: [l.Values("i32")], 7: [l.Values("f32")]}, [l.Values("u8")])]),
]

_NEXT: l.Ops = [l.Unset(_ITEM), l.Do(None), l.Area(0, names={0: ""})]
"""No slot, verb or area of the item before."""

_LATER_ROWS: l.Ops = [l.Unset(_FIRST_ROW)]

_READ_ASK: l.Ops = [
    l.U8("items"), l.Let("n", l.F("items")),
    l.Repeat(count=l.F("n"), limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.Do(Verb.READ), l.Call("pointer"), l.Row(), *_LATER_ROWS]),
]
_WRITE_ASK: l.Ops = [
    # Pointers stand in the parameters, values in the data: two cursors, `p` and `d`.
    l.U8("items"), l.Let("n", l.F("items")), l.Let("p", l.Pos()), l.Let("d", l.F("plen") + 10),
    l.Repeat(count=l.F("n"), limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.Do(Verb.WRITE), l.Seek(l.F("p")), l.Call("pointer"), l.Let("p", l.Pos()),
        l.Seek(l.F("d")), l.If(l.Left() > 0, [l.Call("data")]), l.Unset(("code",)), l.Let("d", l.Pos()), l.Row(),
        *_LATER_ROWS]),
]
_ITEM_STATUS: l.Ops = [l.If(l.F("code").ne(0xFF), [l.Let("status", l.F("code"))])]

_READ_ANSWER: l.Ops = [
    l.U8("items"), l.Let("n", l.F("items")), l.Seek(l.F("plen") + 12),
    l.Repeat(count=l.F("n"), limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.Recall(), l.Do(Verb.READ), l.If(l.Has("area"), [l.Call("place")]),
        l.Call("data"), *_ITEM_STATUS, l.Row(), *_LATER_ROWS]),
]
_WRITE_ANSWER: l.Ops = [
    l.U8("items"), l.Let("n", l.F("items")), l.Seek(l.F("plen") + 12),
    l.Repeat(count=l.F("n"), limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.U8("code"), *_ITEM_STATUS, l.Row(), *_LATER_ROWS]),
]

_FILE: l.Ops = [l.Skip(7, "function status:1, unknown:2, session:4"), l.U8("length", label="name length"),
    l.Bytes("block", l.F("length"))]
"""Function status, two unknown bytes, session id; the block's file name (`_0A00001P`: type, number, file system)."""

_PI: l.Ops = [
    l.Skip(7, "unknown"), l.U16("length", label="argument length"), l.Let("p", l.Pos()), l.Let("n", l.F("length")),
    l.Bytes("pi_argument", l.F("length")), l.U8("length", label="name length"),
    l.If(l.Left() >= 4, [l.Let("pi", l.Peek(4))]),
    l.Bytes("pi_service", l.F("length")),
    l.If(l.F("pi").among(*PI_SERVICES), [l.Let("fn", l.F("pi") + PI)]),
    l.Switch("pi", {
        # P_PROGRAM starts the CPU; with the argument "C " it is a cold restart.
        0x505F5052: [l.Do(Verb.START)],
        # The argument of insert and delete is a count, a zero, and the blocks' names.
        (0x5F494E53, 0x5F44454C): [
            l.Do(Verb.PROGRAM_DOWNLOAD), l.If(l.F("n") >= 10, [l.Seek(l.F("p") + 2), l.Bytes("block", 8)])],
        (0x5F474152, 0x5F4D4F44): [l.Do(Verb.CONFIGURE)],
    }, [l.Do(Verb.CONFIGURE)]),
]

_JOB: l.Ops = [
    l.Role("request"), l.Let("rosctr", 1),
    l.If(l.F("plen").eq(0), [l.Stop()]),
    l.U8("func"), l.Let("fn", l.F("func")),
    l.Switch("func", {
        0x04: _READ_ASK,
        0x05: _WRITE_ASK,
        0x1A: [l.Do(Verb.PROGRAM_DOWNLOAD), *_FILE],
        # The controller asks for the block's next part, then says that it has all.
        (0x1B, 0x1C): _FILE,
        0x1D: [l.Do(Verb.PROGRAM_UPLOAD), *_FILE],
        (0x1E, 0x1F): [l.Skip(3, "function status:1, unknown:2"), l.U32("session", label="session")],
        0x28: _PI,
        0x29: [l.Do(Verb.STOP), l.Skip(5, "unknown"), l.U8("length", label="name length"),
               l.Bytes("pi_service", l.F("length"))],
        0xF0: [l.Skip(5, "reserved:1, calls at once asked:2, calls at once answered:2"), l.U16("pdu_size")],
    }),
]


def _part(direction: int, key: int) -> l.Ops:
    """A part of a block in an answer: function status (bit 0: more follows), length, 0x00FB, bytes. The row is first,
    since a part that is not the last ends the program."""
    return [
        l.U8("more", label="function status"), l.Seek(l.F("plen") + 12), l.U16("length", label="data length"),
        l.Skip(2, "unknown"), l.Let("direction", direction), l.Row(),
        l.Within(l.F("length"), [
            l.Gather([l.Rich("block", repeat=True)], last=(l.F("more") & 1).eq(0), key=l.Const(key))]),
    ]


_ANSWER: l.Ops = [
    l.Role("response"), l.Let("reply", l.F("ros")), l.U16("error"),
    l.If(l.F("error").ne(0), [l.Let("status", l.F("error"))], [l.Unset(("error",))]),
    # A refusal without parameters answers all items at once.
    l.If(l.F("plen").eq(0), [l.Row(), *_LATER_ROWS, l.Stop()]),
    l.U8("reply_func"),
    l.Switch("reply_func", {
        0x04: [l.Let("fn", 0x04), *_READ_ANSWER],
        0x05: [l.Let("fn", 0x05), *_WRITE_ANSWER],
        0x1B: [l.Let("fn", 0x1B), *_part(0, 1)],
        0x1D: [l.Let("fn", 0x1D), l.Skip(3, "function status:1, unknown:2"), l.U32("session", label="session")],
        0x1E: [l.Let("fn", 0x1E), *_part(1, 2)],
        # The request's name of the PI service says more.
        0x28: [l.Recall(), l.If(l.Has("fn").eq(0), [l.Let("fn", 0x28)])],
        0xF0: [l.Let("fn", 0xF0), l.Skip(5, "reserved:1, calls at once asked:2, calls at once answered:2"),
              l.U16("pdu_size")],
    }, [l.Let("fn", l.F("reply_func"))]),
]

_USERDATA_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    (0x0101, 0x0103, 0x0104, 0x0105, 0x0106, 0x0110, 0x0111, 0x0113, 0x0116): [l.Do(Verb.DIAGNOSE, "programmer")],
    0x0102: [l.Do(Verb.READ, "variable_table")],
    (0x0107, 0x0109): [l.Do(Verb.FORCE)],
    0x0108: [l.Do(Verb.WRITE, "variable_table")],
    (0x010A, 0x010B): [l.Do(Verb.SET_MODE, "breakpoint")],
    0x010C: [l.Do(Verb.RESTART, "memory_reset")],
    (0x0201, 0x0205, 0x0207, 0x0208): [l.Do(Verb.SUBSCRIBE, "cyclic_data")],
    (0x0301, 0x0302, 0x0303): [l.Do(Verb.BROWSE, "blocks")],
    0x0401: [l.Do(Verb.DIAGNOSE, "szl")],
    (0x0402, 0x0413): [l.Do(Verb.SUBSCRIBE, "messages")],
    (0x0407, 0x0408): [l.Do(Verb.INHIBIT, "alarms")],
    0x040B: [l.Do(Verb.ACKNOWLEDGE, "alarms")],
    (0x0501, 0x0502): [l.Do(Verb.AUTHENTICATE)],
    (0x0701, 0x0703): [l.Do(Verb.DIAGNOSE, "clock")],
    (0x0702, 0x0704): [l.Do(Verb.CONFIGURE, "clock")],
    (0x0F01, 0x0F02): [l.Do(Verb.PROGRAM_DOWNLOAD, "nc")],
    (0x0F06, 0x0F07): [l.Do(Verb.PROGRAM_UPLOAD, "nc")],
}

_SZL_ANSWER: l.Ops = [
    # A long list comes in parts that share a data unit reference; the parts are asked for one by one.
    l.If(l.both(l.F("code").eq(0xFF), l.Left() >= 4), [
        l.If(l.either(l.F("unit_ref"), l.F("more")), [
            # The first part has the list's id; the row of the last one tells it.
            l.If(l.Known("szl", l.F("unit_ref"), -1).eq(-1), [l.Remember("szl", l.Peek(2), l.F("unit_ref"))]),
            l.If(l.F("more").eq(0), [
                l.Let("reply_szl_id", l.Known("szl", l.F("unit_ref"))), l.Remember("szl", -1, l.F("unit_ref"))]),
            l.Unset(("code",)), l.Row(),
            l.Gather([l.Rich("szl")], last=l.F("more").eq(0), key=l.F("unit_ref"))],
            [l.Let("reply_szl_id", l.Peek(2)), l.Rich("szl")]),
    ]),
]

_USERDATA: l.Ops = [
    l.Skip(3, "parameter head"), l.U8("length", label="parameter length"), l.U8(label="method"),
    l.U8("kind", label="type and function group"), l.U8("subfunc"), l.U8(label="sequence number"),
    l.Let("pick", (l.F("kind") & 0x0F) << 8 | l.F("subfunc")), l.Let("fn", l.F("pick") + USERDATA),
    l.If(l.F("length").eq(8), [
        l.U8("unit_ref"), l.U8("more"), l.U16("error"),
        l.If(l.F("error").ne(0), [l.Let("status", l.F("error"))], [l.Unset(("error",))])]),
    l.Let("group", l.F("kind") & 0x0F),
    l.Switch(l.F("kind") >> 4, {
        4: [l.Role("request"), l.Let("rosctr", 7), l.Let("ud_type", 4), l.Switch("pick", _USERDATA_VERBS)],
        8: [l.Role("response"), l.Let("reply", 7), l.Let("reply_type", 8)],
    }, [l.Role("report"), l.Let("rosctr", 7), l.Let("ud_type", l.F("kind") >> 4)]),
    l.Seek(l.F("plen") + 10),
    l.If(l.F("dlen") >= 4, [
        l.U8("code"), l.U8("size"), l.U16("length"),
        l.Within(l.F("length"), [
            l.If(l.F("pick").eq(0x0401), [
                l.If(l.IsResponse(), _SZL_ANSWER, [
                    l.If(l.Left() >= 4, [l.U16("szl_id"), l.U16("szl_index")])])]),
            l.If(l.both(l.F("pick").eq(0x0303), l.IsResponse().eq(0)), [l.Bytes("block")]),
        ]),
        l.If(l.F("code").among(0xFF, 0x0A, 0x00).eq(0), [l.Let("status", l.F("code"))]),
        l.Unset(("code",)),
    ]),
]

_S7: l.Ops = [
    l.U8("syntax", label="protocol identifier"), l.Check(l.F("syntax").eq(0x32), "s7comm_foreign_payload"),
    l.U8("ros", label="message type"), l.Skip(2, "redundancy identification"), l.U16("ref"),
    l.U16("plen", label="parameter length"), l.U16("dlen", label="data length"), l.Let("key", l.F("ref")),
    l.Switch("ros", {1: _JOB, (2, 3): _ANSWER, 7: _USERDATA}, [l.Let("rosctr", l.F("ros"))]),
]

_SHAPE: l.Ops = [
    l.U8("syntax"), l.Check(l.F("syntax").eq(0x32)), l.Check(l.Left() >= 9),
    l.U8("ros"), l.U16("p"), l.U16(), l.U16("plen"), l.U16("dlen"),
    l.Let("n", 10), l.If(l.F("ros").among(2, 3), [l.Let("n", 12)]),
    # Redundancy identification: zero as far as is known.
    l.Check(l.either(l.OnPort(), l.F("p").eq(0))),
    # A fragment of COTP may hold only the beginning.
    l.If(l.F("eot") & 0x80, [l.Check((l.F("plen") + l.F("dlen") + l.F("n") + 7).eq(l.F("length")))]),
    l.Switch("ros", {
        1: [l.Check(l.F("plen") >= 1), l.If(l.Peek(1).among(0x04, 0x05, 0x1A, 0x1D, 0x1E, 0x1F, 0x28, 0x29, 0xF0), [
            l.Hint("request")])],
        (2, 3): [l.If((l.Peek(1, 2)).among(0x04, 0x05, 0x1A, 0x1D, 0x1E, 0x1F, 0x28, 0x29, 0xF0), [
            l.Hint("response")])],
        7: [l.Check(l.F("plen") >= 8), l.Switch(l.Peek(1, 5) >> 4, {4: [l.Hint("request")], 8: [l.Hint("response")]})],
    }, [l.Check(l.Const(0))]),
]

PROTOCOL = l.Protocol(
    name="s7comm",
    title="S7comm (SIMATIC S7-300/400/1200/1500)",
    reference="no public specification; RFC 1006, X.224; A5E00739858 for system status lists",
    on=(l.On("tcp", (102,)),),
    framing=FRAMING,
    probe=probe([l.Seek(6), l.U8("eot"), *_SHAPE]),
    main=envelope("s7", "key"),
    programs={"s7": _S7, "place": _PLACE, "pointer": _POINTER, "data": _DATA, "value": _VALUE},
    pair=("key",),
    columns=(
        l.Col("rosctr", "u8", "kind of the request: 1 job, 7 userdata (null if only the answer was seen)"),
        l.Col("reply", "u8", "kind of the answer: 2, 3, 7 (null if none was seen)"),
        l.Col("ref", "u16", "PDU reference"),
        l.Col("func", "u8", "function code of the job"),
        l.Col("reply_func", "u8", "function code of the answer"),
        l.Col("function", "str", "name of the function", source="fn", names=FUNCTIONS, fallback="hex2"),
        l.Col("group", "u8", "userdata function group"),
        l.Col("group_name", "str", "its name", source="group", names=GROUPS),
        l.Col("subfunc", "u8", "userdata subfunction"),
        l.Col("ud_type", "u8", "userdata type of the request: 4, or 0 for a push"),
        l.Col("reply_type", "u8", "userdata type of the answer: 8"),
        l.Col("szl_id", "u16", "system status list asked for"),
        l.Col("szl_index", "u16", "its index"),
        l.Col("reply_szl_id", "u16", "system status list in the answer, once it is whole"),
        l.Col("item", "u16", "which item of a read or write, from 0"),
        l.Col("items", "u8", "items in the PDU"),
        l.Col("area", "str", "memory area", names=AREAS, fallback="hex2"),
        l.Col("db", "u16", "data block"),
        l.Col("address", "u32", "byte address, or number of a counter or timer"),
        l.Col("bit", "u8", "bit in that byte"),
        l.Col("type", "str", "transport size asked for", names=TYPES, fallback="hex2"),
        l.Col("amount", "u16", "elements asked for"),
        l.Col("return_code", "u8", "item's return code in the answer (0xFF: good)", source="code"),
        l.Col("error", "u16", "error class << 8 | error code"),
        l.Col("error_name", "str", "name of the error or return code", source="status", names=STATUSES,
              fallback="hex4"),
        l.Col("pdu_size", "u16", "PDU size offered or agreed", unit="B"),
        l.Col("block", "text", "block's file name: _, type in hex, number, file system", render="text"),
        l.Col("session", "u32", "upload id"),
        l.Col("pi_service", "text", "program invocation service", render="text"),
        l.Col("pi_argument", "text", "its argument", render="text"),
        l.Col("tsap_calling", "text", "caller's TSAP", render="hex"),
        l.Col("tsap_called", "text", "called TSAP", render="hex"),
        l.Col("rack", "u8", "rack in the called TSAP"),
        l.Col("slot", "u8", "slot in the called TSAP"),
    ),
    function="function",
    statuses=STATUSES,
    point="block",
    rich={"szl": szl, "block": block},
)
