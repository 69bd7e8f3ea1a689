"""Programs that read a CIP message: request path, services, answers; see `enip.py` for the slots.

Source: THE CIP NETWORKS LIBRARY volume 1: 2-4 (message router), 3-5 (connection manager), appendix C-1 (paths);
Rockwell Automation 1756-PM020 (tags), 1770-6.5.16 (PCCC).
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.cip_names import CLASSES, FILE, LOCK, MANAGER, NVS, PCCC, PROGRAM, TAG
from linewarden.records import Verb

ITEM_SLOTS = (
    "service", "reply", "class", "class2", "instance", "attribute", "member", "symbol", "fn", "genstat",
    "status", "ext_status", "type", "start", "count", "file", "value", "conn_class", "pccc_status", "command",
    "reply_command",
)
"""Forgotten before the next message of a multiple service packet."""

AFRESH: l.Ops = (l.Do(None), l.Area(0, names={0: ""}))
"""No verb and no area: what the message before in the same packet said does not hold for the next one."""

_LOGIX_PROGRAM = (0x64, 0x66, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70)
"""Objects that hold a Logix controller's program and tags: creating them is a download."""


def path(object_class: str) -> l.Ops:
    """A padded path (appendix C-1.4) up to the end of the slice. The first class goes to `object_class`, a second one
    to `class2`, symbols joined by dots to `symbol`, port segments to `port` and `link`."""
    return [l.Repeat(limit=64, then=[
        l.U8("seg"),
        l.Switch("seg", {
            0x20: [l.U8("n"), *_class(object_class)],
            0x21: [l.Skip(1), l.U16("n"), *_class(object_class)],
            0x22: [l.Skip(1), l.U32("n"), *_class(object_class)],
            0x24: [l.U8("instance")], 0x25: [l.Skip(1), l.U16("instance")], 0x26: [l.Skip(1), l.U32("instance")],
            0x28: [l.U8("member")], 0x29: [l.Skip(1), l.U16("member")], 0x2A: [l.Skip(1), l.U32("member")],
            0x2C: [l.U8("point")], 0x2D: [l.Skip(1), l.U16("point")], 0x2E: [l.Skip(1), l.U32("point")],
            0x30: [l.U8("attribute")], 0x31: [l.Skip(1), l.U16("attribute")],
            0x34: [l.U8("n"), l.Skip(l.F("n") * 2)],  # electronic key
            0x80: [l.U8("n"), l.Skip(l.F("n") * 2)],  # simple data
            0x91: [l.U8("n"), l.Bytes("symbol", l.F("n"), join=b"."), l.If(l.F("n") & 1, [l.Skip(1)])],
            range(0x10): [
                l.Let("port", l.F("seg") & 0x0F), l.If(l.F("port").eq(15), [l.U16("port")]), l.U8("link")],
            range(0x10, 0x20): [
                l.Let("port", l.F("seg") & 0x0F), l.U8("n"), l.If(l.F("port").eq(15), [l.U16("port")]),
                l.Skip(l.F("n") + (l.F("n") & 1))],
            range(0x40, 0x50): [l.Skip(1)],  # network segments with one byte
            range(0x50, 0x60): [l.U8("n"), l.Skip(l.F("n") * 2)],
        }, [l.Skip(l.Left())]),
    ])]


def _class(slot: str) -> l.Ops:
    return [l.If(l.Has(slot), [l.Let("class2", l.F("n"))], [l.Let(slot, l.F("n"))])]


def _verb(verb: Verb) -> l.Ops:
    return [l.Do(verb), l.Area(l.F("class"), names=CLASSES, template="class_{}")]


_LOOK: l.Ops = [l.If(l.F("class").eq(1), [l.Do(Verb.DIAGNOSE, "identity")], _verb(Verb.READ))]
_MAKE: l.Ops = [l.If(l.F("class").among(*_LOGIX_PROGRAM), _verb(Verb.PROGRAM_DOWNLOAD), _verb(Verb.CONFIGURE))]

_COMMON: dict[int | tuple[int, ...] | range, l.Ops] = {
    (0x01, 0x18): _LOOK,
    0x03: [*_LOOK, l.Skip(2), l.U16("attribute")],
    0x0E: _LOOK,
    (0x02, 0x04, 0x10, 0x19, 0x1A, 0x1B): _verb(Verb.WRITE),
    0x05: _verb(Verb.RESTART),
    0x06: _verb(Verb.START),
    0x07: _verb(Verb.STOP),
    (0x08, 0x09): _MAKE,
    (0x0D, 0x15, 0x16): _verb(Verb.CONFIGURE),
    0x11: _verb(Verb.BROWSE),
}

_ELEMENTS: l.Ops = [
    # Elements of a tag: their type says how to read them; structures stay closed.
    l.Switch("type", {
        (0xC1, 0xC6, 0xD1): [l.Values("u8")], 0xC2: [l.Values("i8")], 0xC3: [l.Values("i16")],
        0xC4: [l.Values("i32")], 0xC5: [l.Values("i64")], (0xC7, 0xD2): [l.Values("u16")],
        (0xC8, 0xD3): [l.Values("u32")], (0xC9, 0xD4): [l.Values("u64")], 0xCA: [l.Values("f32")],
        0xCB: [l.Values("f64")],
    }),
]

def _tag(verb: Verb) -> l.Ops:
    """A tag is told by its symbol, or by its instance in the controller's symbol list; class 0x72 is raw memory."""
    return [l.Do(verb), l.If(l.Has("symbol"), [l.Area(0, names={0: "tag"})], [
        l.If(l.F("class").eq(0x6B), [l.Area(l.F("instance"), template="symbol_{}")], [
            l.Area(0, names={0: "memory"})])])]


_TAG_ASK: l.Ops = [
    l.Let("fn", l.F("service") + TAG),
    l.If(l.Has("member"), [l.Let("start", l.F("member"))]),
    l.Switch("service", {
        0x4C: [*_tag(Verb.READ), l.U16("count")],
        0x4D: [*_tag(Verb.WRITE), l.If(l.F("class").ne(0x72), [
            l.U16("type"), l.If(l.F("type").eq(0x02A0), [l.Skip(2)]), l.U16("count"), *_ELEMENTS])],
        0x4E: _tag(Verb.WRITE),
        0x52: [*_tag(Verb.READ), l.U16("count")],
        0x53: [*_tag(Verb.WRITE), l.U16("type"), l.If(l.F("type").eq(0x02A0), [l.Skip(2)]), l.U16("count"),
               l.Skip(4), *_ELEMENTS],
        0x55: [l.Do(Verb.BROWSE, "tag")],
    }, [l.Let("fn", l.F("service"))]),
]

_MANAGER_ASK: l.Ops = [
    l.Let("fn", l.F("service") + MANAGER),
    l.Switch("service", {
        (0x54, 0x5B): [
            l.Skip(2), l.U32("ot_id"), l.U32("to_id"), l.U16("conn_serial"), l.Skip(6), l.Skip(4),
            l.If(l.F("service").eq(0x54), [l.Skip(12)], [l.Skip(16)]), l.Skip(1), l.U8("n"),
            l.Within(l.F("n") * 2, [l.Call("connection_path")])],
        0x4E: [
            l.Skip(2), l.U16("conn_serial"), l.Skip(6), l.U8("n"), l.Skip(1),
            l.Within(l.F("n") * 2, [l.Call("connection_path")])],
        (0x52, 0x56, 0x57, 0x5A): [],
    }, [l.Let("fn", l.F("service"))]),
]

_FILE_ASK: l.Ops = [
    l.Let("fn", l.F("service") + FILE),
    l.Switch("service", {
        (0x4B, 0x4D, 0x4F): [l.Do(Verb.PROGRAM_UPLOAD, "file")],
        (0x4C, 0x4E, 0x50, 0x51): [l.Do(Verb.PROGRAM_DOWNLOAD, "file")],
    }, [l.Let("fn", l.F("service"))]),
]

_NVS_ASK: l.Ops = [
    # Seen on the wire: check and update begin with the image's size, transfer with the part's offset.
    l.Let("fn", l.F("service") + NVS),
    l.Switch("service", {
        (0x4B, 0x51): [
            l.Do(Verb.FIRMWARE_UPDATE, "firmware"), l.U32("image_size"), l.Remember("image", l.F("image_size"))],
        0x4D: [
            # One command tells of all parts.
            l.If(l.Known("image").eq(0), [l.Do(Verb.FIRMWARE_UPDATE), l.Remember("image", -1)]),
            l.U32("m"), l.Let("image_size", l.Known("image")),
            # The row comes first: a part that is not the last ends the program.
            l.If(l.F("image_size") > 0, [l.Row(), l.Gather(
                [l.Rich("firmware", repeat=True)], first=l.F("m").eq(0),
                last=l.F("m") + l.Left() >= l.F("image_size"), key=l.Const(1), limit=16 << 20), l.Drop()])],
    }, [l.Let("fn", l.F("service"))]),
]

_LOCK_ASK: l.Ops = [
    l.Let("fn", l.F("service") + LOCK),
    l.Switch("service", {
        # The byte after the path is 1 where a client was seen to lock the whole controller.
        0x4B: [l.If(l.Peek(1).eq(1), [l.Do(Verb.INHIBIT, "lock")], [l.Do(Verb.CONFIGURE, "lock")])],
        0x4C: [l.Do(Verb.CONFIGURE, "lock")],
    }, [l.Let("fn", l.F("service"))]),
]

_OBJECT: l.Ops = [
    l.Switch("class", {
        0x06: _MANAGER_ASK,
        0x37: _FILE_ASK,
        0x67: [l.If(l.F("service").eq(0x4B), [l.Call("pccc_ask")])],
        0xA1: _NVS_ASK,
        (0x6B, 0x6C, 0x72): _TAG_ASK,
        0xAC: _LOCK_ASK,
    }, [
        l.If(l.F("class2").eq(0x74), _LOCK_ASK, [
            l.If(l.Has("symbol"), _TAG_ASK, [
                l.If(l.both(l.F("service").eq(0x50), l.F("class").among(*_LOGIX_PROGRAM)), [
                    l.Let("fn", 0x50 + PROGRAM), *_verb(Verb.PROGRAM_DOWNLOAD)])])]),
    ]),
]

_CONNECTION: l.Ops = [
    l.If(l.Has("cid"), [
        l.Let("conn", l.F("cid")),
        # Where the opening was seen, both directions' ids are known: then sequence counts of several connections
        # cannot be taken for each other's.
        l.If(l.Known("class", l.F("cid"), -1) >= 0, [
            l.Let("conn_class", l.Known("class", l.F("cid"))), l.Let("key", l.F("cid") << 16 | l.F("seq"))]),
        l.If(l.F("conn_class").eq(0), [l.Unset(("conn_class",))])]),
]

_ASK: l.Ops = [
    l.Role("request"), *AFRESH, l.Let("service", l.F("raw")), l.Let("fn", l.F("raw")), l.U8("n"),
    l.Within(l.F("n") * 2, [l.Call("path")]),
    l.If(l.Has("outer").eq(0), _CONNECTION),
    l.If(l.both(l.F("service").eq(0x52), l.F("class").eq(6)), [l.Call("unconnected_send")], [
        # Data that end early end this slice only: the row is still made.
        l.Within(None, [l.Switch("service", _COMMON, [l.If(l.F("service") >= 0x4B, _OBJECT)])]),
        l.Row(),
    ]),
]
_MULTI_ASK: l.Ops = [
    l.If(l.both(l.F("raw").eq(0x0A), l.Has("outer").eq(0)), [
        l.Role("request"), *AFRESH, l.Let("service", 0x0A), l.Let("fn", 0x0A), l.U8("n"),
        l.Within(l.F("n") * 2, [l.Call("path")]), *_CONNECTION, l.Row(),
        l.Within(None, [l.Call("several")])], [l.Call("ask")]),
]

_SEVERAL: l.Ops = [
    # Count, then offsets from the count's own place (volume 1, A-4.10).
    l.Let("outer", 0x0A), l.U16("items"), l.Let("k", 0),
    l.Repeat(count=l.F("items"), limit=512, then=[
        l.Seek(l.F("k") * 2 + 2), l.U16("from"), l.Let("to", l.Size()), l.Let("k", l.F("k") + 1),
        l.If(l.F("k") < l.F("items"), [l.U16("to")]),
        l.If(l.F("to") > l.F("from"), [
            l.Seek(l.F("from")), l.Unset(ITEM_SLOTS), *AFRESH, l.Let("item", l.F("k")),
            l.Within(l.F("to") - l.F("from"), [l.Call("cip")])]),
    ]),
]

_UNCONNECTED: l.Ops = [
    # The carried message has its row first, so that the answer, which is not wrapped, finds it in the same place.
    l.Skip(2), l.U16("length"), l.Let("m", l.Pos()), l.Skip(l.F("length") + (l.F("length") & 1)),
    l.U8("n"), l.Skip(1), l.Within(l.F("n") * 2, [l.Call("path")]), l.Seek(l.F("m")),
    l.Unset(("class", "class2", "instance", "service", "fn")), l.Let("wrapped", 0x52),
    l.Within(l.F("length"), [l.Call("cip")]),
    l.Unset((*ITEM_SLOTS, "wrapped", "outer", "item")), l.Role("notify"), *AFRESH, l.Let("service", 0x52),
    l.Let("fn", 0x52 + MANAGER), l.Let("class", 6), l.Let("instance", 1), l.Row(),
]

_ANSWER_DATA: l.Ops = [
    l.Switch("fn", {
        (MANAGER + 0x54, MANAGER + 0x5B): [
            l.U32("ot_id"), l.U32("to_id"), l.Remember("class", l.F("conn_class"), l.F("ot_id")),
            l.Remember("other", l.F("ot_id"), l.F("to_id"))],
        (TAG + 0x4C, TAG + 0x52): [
            l.If(l.F("class").ne(0x72), [l.U16("type"), *_ELEMENTS])],
        (0x01, 0x0E): [l.Switch("class", {1: [l.Rich("identity")], (0xF5, 0xF6): [l.Rich("interface")]})],
        0x03: [l.If(l.both(l.F("class").eq(1), l.F("attribute").among(1, 2, 3, 4, 6, 7)), [l.Rich("identity")])],
        # A fragment of a tag list, a file, an attribute: counted, not opened.
    }, [l.If(l.F("fn") >= PCCC, [l.Call("pccc_answer")])]),
]

_ANSWER: l.Ops = [
    l.Role("response"), l.Let("reply", l.F("raw")), l.Skip(1), l.U8("genstat"), l.U8("n"),
    l.If(l.both(l.Has("cid"), l.Known("other", l.F("cid"), -1) >= 0), [
        l.Let("key", l.Known("other", l.F("cid")) << 16 | l.F("seq"))]),
    l.If(l.F("n") > 0, [l.U16("ext_status"), l.Skip(l.F("n") * 2 - 2)]),
    l.Unset(("fn",)), l.Recall(),
    l.If(l.Has("service").eq(0), [l.Let("fn", l.F("raw") & 0x7F)]),
    l.If(l.F("genstat").among(0, 6).eq(0), [l.Let("status", l.F("genstat"))]),
    l.If(l.both(l.F("raw").eq(0x8A), l.Has("outer").eq(0)), [
        l.Row(), l.Within(None, [l.Call("several")])], [
        l.Within(None, [
            l.If(l.both(l.F("genstat").among(0, 6), l.F("service").eq(l.F("raw") & 0x7F)), _ANSWER_DATA)]),
        l.Row(),
    ]),
    # Items that got no answer of their own share this one; it is counted once.
    l.Unset(("reply", "reply_command", "genstat")),
]

_PCCC_HEAD: l.Ops = [
    # Requester id (its length counts itself), command, status, transaction.
    l.U8("n"), l.Skip(l.F("n") - 1), l.U8("pccc_cmd"), l.U8("m"), l.U16("tns"),
]

_FILE_TYPES = {0x84: "s", 0x85: "b", 0x86: "t", 0x87: "c", 0x88: "r", 0x89: "n", 0x8A: "f", 0x8B: "o", 0x8C: "i",
               0x8D: "st", 0x8E: "a", 0x91: "l"}
"""Data table file types (1770-6.5.16, 7-17), by the letter of their addresses; 0x91 (long) is MicroLogix'."""

_PCCC_PLACE: l.Ops = [
    l.Switch("type", {code: [l.Area(l.F("file"), template=letter + "{}")] for code, letter in _FILE_TYPES.items()},
             [l.Area(l.F("file"), template="file{}")]),
]
_PCCC_VALUES: l.Ops = [
    l.Switch("type", {(0x84, 0x85, 0x8B, 0x8C): [l.Values("u16")], (0x86, 0x87, 0x88, 0x89): [l.Values("i16")],
                      0x8A: [l.Values("f32")], 0x91: [l.Values("i32")]}),
]


def _wide(slot: str) -> l.Ops:
    return [l.U8(slot), l.If(l.F(slot).eq(0xFF), [l.U16(slot)])]


_PCCC_POINTER: l.Ops = [l.U8("count"), *_wide("file"), l.U8("type"), *_wide("start")]

_PCCC_ASK: l.Ops = [
    *_PCCC_HEAD,
    l.Let("m", l.F("pccc_cmd") << 8), l.If(l.F("pccc_cmd").among(0x06, 0x07, 0x0F), [
        l.U8("pccc_fnc"), l.Let("m", l.F("m") | l.F("pccc_fnc"))]),
    l.Let("fn", l.F("m") + PCCC),
    l.Switch("m", {
        0x0FA1: [l.Do(Verb.READ), *_PCCC_POINTER, *_PCCC_PLACE],
        0x0FA2: [l.Do(Verb.READ), *_PCCC_POINTER, *_wide("n"), *_PCCC_PLACE],
        0x0FA9: [l.Do(Verb.WRITE), *_PCCC_POINTER, *_PCCC_PLACE, *_PCCC_VALUES],
        0x0FAA: [l.Do(Verb.WRITE), *_PCCC_POINTER, *_wide("n"), *_PCCC_PLACE, *_PCCC_VALUES],
        0x0FAB: [l.Do(Verb.WRITE), *_PCCC_POINTER, *_wide("n"), *_PCCC_PLACE],
        (0x0F01, 0x0F17, 0x0F29, 0x0F68, 0x0FA7, 0x0100): [l.Do(Verb.READ, "pccc")],
        (0x0F00, 0x0F02, 0x0F18, 0x0F26, 0x0F67, 0x0FAF, 0x0000, 0x0200, 0x0500, 0x0800): [l.Do(Verb.WRITE, "pccc")],
        (0x0F3A, 0x0F80): [l.Do(Verb.SET_MODE), l.U8("value")],
        (0x0F50, 0x0F52): [l.Do(Verb.PROGRAM_DOWNLOAD)],
        (0x0F53, 0x0F55): [l.Do(Verb.PROGRAM_UPLOAD)],
        (0x0F57, 0x0F8F): [l.Do(Verb.CONFIGURE)],
        (0x0700, 0x0F41): [l.Do(Verb.FORCE)],
        (0x0600, 0x0603): [l.Do(Verb.DIAGNOSE, "pccc")],
    }),
]
_PCCC_ANSWER: l.Ops = [
    *_PCCC_HEAD,
    l.If(l.F("m").ne(0), [l.Let("pccc_status", l.F("m")), l.Let("status", l.F("m") + PCCC)], [
        l.Switch("fn", {
            (PCCC + 0x0FA1, PCCC + 0x0FA2): [l.Do(Verb.READ), *_PCCC_PLACE, *_PCCC_VALUES],
            PCCC + 0x0603: [l.Rich("pccc_diagnostic", hourly=True)],
        }),
    ]),
]

PROGRAMS: dict[str, l.Ops] = {
    "cip": [l.U8("raw"), l.If(l.F("raw") & 0x80, [l.Call("answer")], [l.Call("multi_ask")])],
    "multi_ask": _MULTI_ASK,
    "ask": _ASK,
    "answer": _ANSWER,
    "several": _SEVERAL,
    "unconnected_send": _UNCONNECTED,
    "path": path("class"),
    "connection_path": path("conn_class"),
    "pccc_ask": _PCCC_ASK,
    "pccc_answer": _PCCC_ANSWER,
}
"""`cip` reads one CIP message up to the end of the slice and emits its rows."""
