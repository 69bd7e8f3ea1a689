"""IEC 60870-5-104: telecontrol between a control centre (controlling station) and substations (controlled stations).

Source: IEC 60870-5-104 (2006) clause 5 for the APCI, IEC 60870-5-101 (2003) clause 7 for the ASDU. An APDU is 0x68, a
length, four control octets, and in the I format an ASDU: type identification, variable structure qualifier (SQ and
number), cause of transmission with test and negative bits, originator address, common address of two octets, then
information objects with addresses of three octets. With SQ only the first object has its address.

There is a row per APDU; activation and its confirmation share one (same type, station and object), as do STARTDT,
STOPDT and TESTFR with theirs, and a read (C_RD) with the value that answers it. `format`, `utype`, `typeid`, `cause`
and `ca` are the request's or report's, `reply_*` the answer's. Readings of time-tagged types have the area of the
untagged type (M_ME_TF_1 as M_ME_NC_1), since they are of the same points. Normalised values are told as they stand
(-32768 to 32767 for -1 to 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import iec104_names as names, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Transfer, Verb

_BROADCAST = 0xFFFF
_READ = 102


def _after(time: int) -> l.Ops:
    """Quality, and perhaps a time."""
    return [l.Skip(1 + time, f"quality:1, time:{time}" if time else "quality")]


def _value(kind: str, time: int) -> l.Ops:
    """A number and its quality descriptor."""
    width = {"i16": 2, "i32": 4, "u32": 4, "f32": 4}[kind]
    return [l.Quality(l.Peek(1, width) & names.MEASURED_MASK, names.QUALITY), l.Values(kind, 1), *_after(time)]


def _state(mask: int, time: int) -> l.Ops:
    """A single or double point: state and quality in one octet."""
    return [l.U8("q"), l.Quality(l.F("q") & names.POINT_MASK, names.QUALITY), l.Number(l.F("q") & mask),
            *([l.Skip(time, "time")] if time else [])]


def _step(time: int) -> l.Ops:
    """Value with transient state: seven bits, signed."""
    return [l.Quality(l.Peek(1, 1) & names.MEASURED_MASK, names.QUALITY), l.U8("q"),
            l.Number(((l.F("q") & 0x7F) ^ 0x40) - 0x40), *_after(time)]


def _total(time: int) -> l.Ops:
    """Binary counter reading: a number, then sequence number and flags."""
    return [l.Quality(l.Peek(1, 4) & names.COUNTER_MASK, names.COUNTER_QUALITY), l.Values("i32", 1), *_after(time)]


_MONITORED: dict[int | tuple[int, ...] | range, l.Ops] = {
    # Three octets of time in the old tagged types, seven in those of 104.
    1: _state(1, 0), 2: _state(1, 3), 30: _state(1, 7),
    3: _state(3, 0), 4: _state(3, 3), 31: _state(3, 7),
    5: _step(0), 6: _step(3), 32: _step(7),
    7: _value("u32", 0), 8: _value("u32", 3), 33: _value("u32", 7),
    (9, 11): _value("i16", 0), (10, 12): _value("i16", 3), (34, 35): _value("i16", 7),
    13: _value("f32", 0), 14: _value("f32", 3), 36: _value("f32", 7),
    15: _total(0), 16: _total(3), 37: _total(7),
    # Events of protection equipment: state, start events or output circuits; elapsed time; time tag.
    17: [*_state(3, 5)], 38: [*_state(3, 9)],
    (18, 19): [l.U8("q"), l.Number(l.F("q")), l.Skip(6)],
    (39, 40): [l.U8("q"), l.Number(l.F("q")), l.Skip(10)],
    20: [l.Quality(l.Peek(1, 4) & names.MEASURED_MASK, names.QUALITY), l.Values("bit", 16), l.Skip(3)],
    21: [l.Values("i16", 1)],
    70: [l.U8("qualifier")],
}  # fmt: skip
"""One information element of a monitored type, without its address."""

_RUNS: dict[str, tuple[tuple[str, int, int, int], tuple[tuple[int, int], ...]]] = {
    # Kind of the value, mask of it (0: all), offset of the octet with the quality, its bits; types and their time.
    "state": (("u8", 1, 0, names.POINT_MASK), ((1, 0), (2, 3), (30, 7))),
    "double": (("u8", 3, 0, names.POINT_MASK), ((3, 0), (4, 3), (31, 7))),
    "bits": (("u32", 0, 4, names.MEASURED_MASK), ((7, 0), (8, 3), (33, 7))),
    "scaled": (("i16", 0, 2, names.MEASURED_MASK), ((9, 0), (11, 0), (10, 3), (12, 3), (34, 7), (35, 7))),
    "float": (("f32", 0, 4, names.MEASURED_MASK), ((13, 0), (14, 3), (36, 7))),
    "total": (("i32", 0, 4, names.COUNTER_MASK), ((15, 0), (16, 3), (37, 7))),
}
"""Types whose elements make one reading where they stand side by side."""


def _run(shape: tuple[str, int, int, int], time: int, prefix: int) -> l.Ops:
    """Elements side by side, with addresses (`prefix` 3) or in a sequence (0): one reading a run of objects whose
    addresses follow one another and whose qualities are alike. A loop ends where its cursor does not move."""
    kind, bits, at, mask = shape
    quality = names.COUNTER_QUALITY if mask == names.COUNTER_MASK else names.QUALITY
    size = prefix + at + 1 + time
    last = l.Peek(1, prefix + at) & mask
    follows = [l.Peek(3).eq(l.F("start") + l.F("i"))] if prefix else []
    alike = l.both(l.F("i") < l.F("todo"), last.eq(l.F("q")), *follows)
    return [
        l.Let("todo", l.F("number")), l.Let("start", l.F("ioa")),
        l.Repeat([l.If(l.F("todo") > 0, [
            l.Let("p", l.Pos()), l.Let("q", last), l.Let("i", 0),
            *([l.Let("start", l.Peek(3))] if prefix else []),
            l.Repeat([l.If(alike, [l.Skip(size), l.Let("i", l.F("i") + 1)])], limit=128),
            l.Seek(l.F("p")), l.Quality(l.F("q"), quality), l.Skip(prefix),
            l.Values(kind, l.F("i"), stride=size, mask=bits),
            l.Seek(l.F("p") + l.F("i") * size), l.Let("start", l.F("start") + l.F("i")),
            l.Let("todo", l.F("todo") - l.F("i")),
        ])], limit=128),
    ]


def _runs(prefix: int) -> dict[int | tuple[int, ...] | range, l.Ops]:
    return {typeid: _run(shape, time, prefix) for shape, types in _RUNS.values() for typeid, time in types}


def _command(element: l.Ops, shift: int) -> l.Ops:
    """A command element; the top bit of its last octet says select (1) or execute (0)."""
    return [*element, l.Let("select", l.F("qualifier") >> 7), l.Let("qualifier", l.F("qualifier") >> shift & 0x1F)]


_COMMANDED: dict[int | tuple[int, ...] | range, l.Ops] = {
    (45, 58): _command([l.U8("qualifier"), l.Let("value", l.F("qualifier") & 1)], 2),
    (46, 47, 59, 60): _command([l.U8("qualifier"), l.Let("value", l.F("qualifier") & 3)], 2),
    (48, 49, 61, 62): _command([l.Values("i16", 1), l.U8("qualifier")], 0),
    (50, 63): _command([l.Values("f32", 1), l.U8("qualifier")], 0),
    (51, 64): [l.Values("u32", 1)],
    (100, 101, 105): [l.U8("qualifier")],
    (110, 111): [l.Values("i16", 1), l.U8("qualifier")],
    112: [l.Values("f32", 1), l.U8("qualifier")],
    113: [l.U8("qualifier")],
}

_BASE = {
    **{t: names.TYPES[base] for t, base in {
        2: 1, 30: 1, 4: 3, 31: 3, 6: 5, 32: 5, 8: 7, 33: 7, 10: 9, 34: 9, 21: 9, 12: 11, 35: 11, 14: 13, 36: 13, 16: 15,
        37: 15, 38: 17, 39: 18, 40: 19, 58: 45, 59: 46, 60: 47, 61: 48, 62: 49, 63: 50, 64: 51}.items()},
    100: "interrogation", 101: "counter_interrogation", 102: "object", 103: "clock", 104: "test", 105: "process",
    106: "delay", 107: "test", **dict.fromkeys((110, 111, 112, 113), "parameter"),
    **dict.fromkeys(range(120, 128), "file"),
}  # fmt: skip
_AREAS = names.TYPES | _BASE
"""Area of a type: the untagged type's name, or what the command is about."""

_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    (*range(45, 52), *range(58, 65)): [l.Do(Verb.WRITE)],
    (100, 101, 102): [l.Do(Verb.READ)],
    103: [l.Do(Verb.CONFIGURE)],
    (104, 106, 107): [l.Do(Verb.DIAGNOSE)],
    105: [l.Do(Verb.RESTART)],
    (110, 111, 112, 113): [l.Do(Verb.CONFIGURE)],
    (122, 127): [l.Do(Verb.READ)],
}

_AS_ASKED: l.Ops = [
    l.Let("typeid", l.F("type")), l.Let("cause", l.F("cot")), l.Let("ca", l.F("station")), l.Let("format", 0),
    l.Let("fn", l.F("type")),
]
_AS_ANSWERED: l.Ops = [
    l.Role("response"),
    l.Let("reply_typeid", l.F("type")), l.Let("reply_cause", l.F("cot")), l.Let("reply_ca", l.F("station")),
    l.Let("reply_format", 0),
    # An answer to a broadcast names the station that gives it.
    l.If(l.Known("broadcast", l.F("key")), [l.Let("asked", _BROADCAST)]),
]

_REPLY = ("reply_format", "reply_utype", "reply_typeid", "reply_cause", "reply_ca")
"""Told once, though an answer may settle a repeated request too."""

_ROLE: l.Ops = [
    l.Let("key", l.F("type")), l.Let("asked", l.F("station")), l.Let("ioa", l.Peek(3)),
    l.Switch("cot", {
        (6, 8): [
            l.Role("request"), *_AS_ASKED, l.Remember("broadcast", l.F("station").eq(_BROADCAST), l.F("type")),
            l.Switch("type", _VERBS)],
        (7, 9, 44, 45, 46, 47): [
            *_AS_ANSWERED, l.If(l.F("cot") >= 44, [l.Let("status", l.F("cot"))]),
            l.If(l.F("bits") & 0x40, [l.Let("status", names.NEGATIVE)])],
        5: [l.If(l.F("type").eq(_READ), [l.Role("request"), *_AS_ASKED, l.Do(Verb.READ)],
                 [l.Let("key", _READ), *_AS_ANSWERED])],
        13: [l.Role("report"), *_AS_ASKED,
             l.If(l.F("type").among(122, 127), [l.Role("notify"), l.Switch("type", _VERBS)])],
    }, [l.Role("report"), *_AS_ASKED]),
    l.Area(l.F("type"), names=_AREAS, template="type{}"),
]

_FILE: l.Ops = [
    # Segments (125) make sections, sections make the file; its last-segment message (123, LSQ 1 or 2) ends it.
    l.U24("start"), l.U16("file"),
    l.Switch("type", {
        120: [l.U24("size"), l.U8("qualifier")],
        121: [l.U8("section"), l.U24("size"), l.U8("qualifier")],
        (122, 124): [l.U8("section"), l.U8("qualifier")],
        123: [l.U8("section"), l.U8("qualifier"), l.Skip(1)],
        125: [l.U8("section"), l.U8("size")],
    }),
    l.Row(),
    l.If(l.F("type").eq(125), [l.Within(l.F("size"), [l.Call("segment")])]),
    l.If(l.both(l.F("type").eq(123), l.F("qualifier").among(1, 2)), [l.Within(0, [l.Call("segment")])]),
]

_OBJECTS: l.Ops = [
    l.Switch("type", {
        tuple(range(1, 41)): [
            l.If(l.F("sq"), [l.U24("start"), l.Switch("type", _runs(0), [l.Call("each")])],
                 [l.Switch("type", _runs(3), [l.Call("addressed")])])],
        (*range(45, 52), *range(58, 65), *range(100, 108), *range(110, 114)): [
            # What an answer or a termination repeats of the command is no value of the process.
            l.U24("start"), l.If(l.F("cot").among(6, 8), [l.Switch("type", _COMMANDED)])],
        (70,): [l.U24("start"), l.U8("qualifier")],
    }, [l.If(l.Left() >= 3, [l.U24("start")])]),
]

_ASDU: l.Ops = [
    l.U8("type"), l.U8("vsq"), l.U8("bits"), l.U8("oa"), l.U16("station"),
    l.Let("sq", l.F("vsq") >> 7), l.Let("number", l.F("vsq") & 0x7F), l.Let("cot", l.F("bits") & 0x3F),
    l.If(l.F("bits") & 0x40, [l.Let("negative", 1)]), l.If(l.F("bits") & 0x80, [l.Let("test", 1)]),
    *_ROLE,
    l.If(l.F("type").among(120, 121, 122, 123, 124, 125), _FILE, [
        *_OBJECTS,
        # The row names the first object; its address is the request's where this answers one.
        l.If(l.Has("start"), [l.Let("start", l.F("ioa"))]),
        l.Row(), l.Unset(_REPLY)]),
]

_U: l.Ops = [
    l.Let("u", l.F("c1") >> 2),
    l.Switch("u", {
        (1, 4, 16): [
            l.Role("request"), l.Let("key", l.F("u") + names.U_BASE), l.Let("fn", l.F("key")), l.Let("utype", l.F("u")),
            l.Let("format", 3),
            l.Switch("u", {1: [l.Do(Verb.SUBSCRIBE, "data_transfer")], 4: [l.Do(Verb.INHIBIT, "data_transfer")]})],
        (2, 8, 32): [
            l.Role("response"), l.Let("key", (l.F("u") >> 1) + names.U_BASE), l.Let("reply_utype", l.F("u")),
            l.Let("reply_format", 3)],
    }, [l.Role("report"), l.Let("utype", l.F("u")), l.Let("format", 3), l.Odd("iec104_unknown_u_function", "u")]),
    l.Row(), l.Unset(_REPLY),
]

_MAIN: l.Ops = [
    l.Skip(1, "start"), l.U8("length", label="length"), l.U8("c1", label="control field 1"),
    l.U8(label="control field 2"),
    l.U16("c3", label="control fields 3 and 4"),
    l.Switch(l.F("c1") & 3, {
        1: [l.Role("report"), l.Let("format", 1), l.Row()],
        3: _U,
    }, [l.Role("report"), l.Call("asdu")]),
]

_PROBE: l.Ops = [
    l.Check(l.Left() >= 6), l.U8("start"), l.Check(l.F("start").eq(0x68)), l.U8("length"), l.Check(l.F("length") >= 4),
    l.U8("c1"), l.U8("c2"), l.U16("c3"),
    l.Switch(l.F("c1") & 3, {
        1: [l.Check(l.both(l.F("length").eq(4), l.F("c1").eq(1), l.F("c2").eq(0)))],
        3: [
            l.Check(l.F("length").eq(4)),
            l.If(l.OnPort().eq(0), [
                l.Check(l.both(l.F("c2").eq(0), l.F("c3").eq(0), (l.F("c1") >> 2).among(*names.U_FUNCTIONS)))]),
            l.Switch(l.F("c1") >> 2, {(1, 4): [l.Hint("request")], (2, 8): [l.Hint("response")]}),
        ],
    }, [
        l.Check(l.F("length") >= 10), l.U8("type"), l.U8("vsq"), l.U8("cot"),
        l.Check(l.either(l.OnPort(), l.both(
            l.F("type").among(*names.TYPES), l.F("vsq") & 0x7F, (l.F("cot") & 0x3F).among(*names.CAUSES),
            (l.F("c3") & 1).eq(0)))),
        l.Switch(l.F("cot") & 0x3F, {(6, 8): [l.Hint("request")], (1, 2, 3, 7, 9, 10, 20): [l.Hint("response")]}),
    ]),
]


def file(message: Message) -> Iterator[Record]:
    """All segments of a file, as one transfer. From the flow's originator, the control centre, it is a download."""
    yield Transfer(
        protocol="iec104",
        kind="file",
        direction="download" if message.from_orig else "upload",
        name=f"station {message.number('ca')} object {message.number('start')} file {message.number('file')}",
        bytes=len(message.data),
        whole=True,
        sha256=sha256(message.data).hexdigest(),
    )


PROTOCOL = l.Protocol(
    name="iec104",
    title="IEC 60870-5-104",
    reference="IEC 60870-5-104:2006, IEC 60870-5-101:2003",
    on=(l.On("tcp", (2404,)),),
    framing=l.Length(header=2, at=1, width=1, add=2, min=6, max=255, magic=(0, b"\x68")),
    endian="little",
    probe=_PROBE,
    confirm=2,
    main=_MAIN,
    programs={
        "asdu": _ASDU,
        "element": [l.Switch("type", _MONITORED, [l.Odd("iec104_unknown_type", "type"), l.Row(), l.Stop()])],
        "each": [l.Repeat([l.Call("element"), l.Let("start", l.F("start") + 1)], count=l.F("number"), limit=127)],
        "addressed": [l.Repeat([l.U24("start"), l.Call("element")], count=l.F("number"), limit=127)],
        "segment": [l.Gather([l.Rich("file", repeat=True)], last=l.F("type").eq(123),
                             key=l.F("station") << 16 | l.F("file"))],
    },
    pair=("key", "asked", "ioa"),
    columns=(
        l.Col("format", "u8", "APCI format: 0 I, 1 S, 3 U (null if only the answer was seen)"),
        l.Col("format_name", "str", "its name", source="format", names=names.FORMATS),
        l.Col("reply_format", "u8", "format of the answer"),
        l.Col("utype", "u8", "function bits of a U format"),
        l.Col("reply_utype", "u8", "function bits of the answer"),
        l.Col("typeid", "u8", "type identification"),
        l.Col("function", "str", "type or U function by name", source="fn", names=names.FUNCTIONS),
        l.Col("reply_typeid", "u8", "type identification of the answer"),
        l.Col("cause", "u8", "cause of transmission"),
        l.Col("cause_name", "str", "its name", source="cause", names=names.CAUSES),
        l.Col("reply_cause", "u8", "cause of transmission of the answer"),
        l.Col("ca", "u16", "common address: the station (65535: all)"),
        l.Col("reply_ca", "u16", "common address in the answer"),
        l.Col("oa", "u8", "originator address"),
        l.Col("objects", "u8", "information objects", source="number"),
        l.Col("sq", "bool", "objects are a sequence of addresses"),
        l.Col("ioa", "u32", "address of the first information object"),
        l.Col("qualifier", "u8", "qualifier of the command, interrogation, or initialisation"),
        l.Col("select", "bool", "command selects only; execution is to follow"),
        l.Col("negative", "bool", "negative confirmation"),
        l.Col("test", "bool", "marked as a test"),
        l.Col("file", "u16", "file name (a number)"),
        l.Col("section", "u8", "file section"),
        l.Col("status_name", "str", "why it was refused", source="status", names=names.STATUSES),
    ),
    function="function",
    unit="ca",
    statuses=names.STATUSES,
    rich={"file": file},
)
