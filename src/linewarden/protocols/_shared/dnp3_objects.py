"""Objects of DNP3 (IEEE 1815-2012 annex A) as table operations: how long each is, and where its value stands.

An object header names group and variation, a qualifier, and a range or count (4.2.2.7). What follows per object is a
prefix (index or size, or none) and the object itself. Programs here are written for the cursor at the first object;
slots: `gv` group << 8 | variation, `n` objects, `start` index of the next one, `f` its flag octet.
"""

from __future__ import annotations

from collections.abc import Mapping

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.dnp3_names import ANALOG_QUALITY, BINARY_QUALITY, COUNTER_QUALITY, FILE_ERROR
from linewarden.records import Verb

MANY = 8192
"""Objects walked in one header; a link-layer message of 2048 bytes, the usual limit, holds fewer."""

Cases = dict[int | tuple[int, ...] | range, l.Ops]


def gv(group: int, *variations: int) -> tuple[int, ...]:
    """Group and variations as they stand in slot `gv`."""
    return tuple(group << 8 | v for v in variations)


_NEXT: l.Ops = [l.Let("start", l.F("start") + 1)]

PACKED = (*gv(1, 1), *gv(10, 1), *gv(80, 1))
"""One bit an object."""

_BITS = {  # flag octet whose top bits are the state, then so many octets of time
    0: (*gv(1, 2), *gv(2, 1), *gv(10, 2), *gv(11, 1), *gv(13, 1)),
    6: (*gv(2, 2), *gv(11, 2), *gv(13, 2)),
    2: gv(2, 3),
}
_DOUBLE_BITS = {0: (*gv(3, 2), *gv(4, 1)), 6: gv(4, 2), 2: gv(4, 3)}

_WIDTH = {"i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4, "f64": 8}

_COUNTERS = {  # (kind, octets of time after the value): objects
    ("u32", 0): (*gv(20, 1, 3), *gv(21, 1, 3), *gv(22, 1, 3), *gv(23, 1, 3)),
    ("u16", 0): (*gv(20, 2, 4), *gv(21, 2, 4), *gv(22, 2, 4), *gv(23, 2, 4)),
    ("u32", 6): (*gv(21, 5, 7), *gv(22, 5, 7), *gv(23, 5, 7)),
    ("u16", 6): (*gv(21, 6, 8), *gv(22, 6, 8), *gv(23, 6, 8)),
}
_ANALOGS = {
    ("i32", 0): (*gv(30, 1), *gv(31, 1), *gv(32, 1), *gv(33, 1), *gv(40, 1), *gv(42, 1), *gv(43, 1)),
    ("i16", 0): (*gv(30, 2), *gv(31, 2), *gv(32, 2), *gv(33, 2), *gv(40, 2), *gv(42, 2), *gv(43, 2)),
    ("i32", 6): (*gv(31, 3), *gv(32, 3), *gv(33, 3), *gv(42, 3), *gv(43, 3)),
    ("i16", 6): (*gv(31, 4), *gv(32, 4), *gv(33, 4), *gv(42, 4), *gv(43, 4)),
    ("f32", 0): (*gv(30, 5), *gv(31, 7), *gv(32, 5), *gv(33, 5), *gv(40, 3), *gv(42, 5), *gv(43, 5)),
    ("f64", 0): (*gv(30, 6), *gv(31, 8), *gv(32, 6), *gv(33, 6), *gv(40, 4), *gv(42, 6), *gv(43, 6)),
    ("f32", 6): (*gv(32, 7), *gv(33, 7), *gv(42, 7), *gv(43, 7)),
    ("f64", 6): (*gv(32, 8), *gv(33, 8), *gv(42, 8), *gv(43, 8)),
}
_BARE = {  # values without flags
    "u32": (*gv(20, 5, 7), *gv(21, 9, 11), *gv(34, 2)),
    "u16": (*gv(20, 6, 8), *gv(21, 10, 12), *gv(34, 1)),
    "i32": (*gv(30, 3), *gv(31, 5)),
    "i16": (*gv(30, 4), *gv(31, 6)),
    "f32": gv(34, 3),
}
_OPAQUE = {  # times, delays, statistics: walked over
    6: (*gv(50, 1, 3), *gv(51, 1, 2)),
    10: gv(50, 2),
    11: (*gv(50, 4), *gv(12, 2)),
    2: (*gv(52, 1, 2), *gv(101, 1)),
    3: gv(81, 1),
    4: gv(101, 2),
    8: gv(101, 3),
    1: gv(102, 1),
    7: (*gv(121, 1), *gv(122, 1)),
    13: gv(122, 2),
}
_STRINGS = (110, 111, 112, 113)
"""Groups whose variation is the length of the string."""

CROB = gv(12, 1)
ANALOG_COMMANDS = dict(zip(gv(41, 1, 2, 3, 4), ("i32", "i16", "f32", "f64"), strict=True))
CONTROLS = (*CROB, *ANALOG_COMMANDS)
"""Objects that command a point: each has a row of its own."""

_STATUS: l.Ops = [
    l.U8("op_status"),
    l.If(l.both(l.IsResponse(), l.F("op_status") & 0x7F), [l.Let("status", l.F("op_status") & 0x7F)]),
]

_RELAY: l.Ops = [
    # Control relay output block: control code (operation, queue, clear, trip/close), count, on and off time in ms.
    l.U8("control"), l.U8("op_count"), l.U32("on_time"), l.U32("off_time"), *_STATUS,
    l.Let("operation", l.F("control") & 0x0F), l.Let("trip_close", l.F("control") >> 6),
    # 1: on or close, 0: off or trip. Trip/close wins where both are said, since it picks the coil.
    l.Switch("trip_close", {1: [l.Let("value", 1)], 2: [l.Let("value", 0)]}, [
        l.Switch("operation", {(1, 3): [l.Let("value", 1)], (2, 4): [l.Let("value", 0)]})]),
]


def _quality(names: Mapping[int, str]) -> l.Ops:
    return [l.Quality(l.F("f") & (len(names) - 1), names)]


def _point(names: Mapping[int, str], kind: str, time: int) -> l.Ops:
    return [l.U8("f", label="flags"), *_quality(names), l.Values(kind, 1), *([l.Skip(time, "time")] if time else [])]


def _state(shift: int, time: int) -> l.Ops:
    return [l.U8("f", label="flags"), *_quality(BINARY_QUALITY if shift == 7 else _DOUBLE_QUALITY),
            l.Number(l.F("f") >> shift),
            *([l.Skip(time, "time")] if time else [])]


_DOUBLE_QUALITY = {k: v for k, v in BINARY_QUALITY.items() if k < 64}


def _points() -> Cases:
    """One object at the cursor: its value as a reading (or the command's value)."""
    cases: Cases = {objects: _state(7, time) for time, objects in _BITS.items()}
    cases |= {objects: _state(6, time) for time, objects in _DOUBLE_BITS.items()}
    cases |= {objects: _point(COUNTER_QUALITY, kind, time) for (kind, time), objects in _COUNTERS.items()}
    cases |= {objects: _point(ANALOG_QUALITY, kind, time) for (kind, time), objects in _ANALOGS.items()}
    cases |= {objects: [l.Values(kind, 1)] for kind, objects in _BARE.items()}
    cases |= {objects: [l.Skip(size)] for size, objects in _OPAQUE.items()}
    cases[CROB] = _RELAY
    cases |= {command: [l.Values(kind, 1), *_STATUS] for command, kind in ANALOG_COMMANDS.items()}
    cases[PACKED] = [l.U8("f"), l.Number(l.F("f") & 1)]
    for group in _STRINGS:
        cases[range(group << 8, (group << 8) + 256)] = [l.Text(l.F("gv") & 0xFF)]
    cases[range(256)] = [
        # Device attribute: data type, length, value (A.1).
        l.U8("attribute_type"), l.U8("size"), l.Within(l.F("size"), [l.If(l.IsResponse(), [l.Rich("attribute")])])]
    return cases


UNKNOWN: l.Ops = [l.Odd("dnp3_unknown_object", "gv"), l.Call("row"), l.Stop()]
"""Past an object of unknown length nothing can be read."""


def _runs(names: Mapping[int, str], size: int, mask: int, values: l.Ops) -> l.Ops:
    """Objects of `size` octets side by side, flags first: one reading a run of points whose flags (`mask`) are alike.
    `values` reads the `i` values of a run. A loop ends where its cursor does not move."""
    alike = l.both(l.F("i") < l.F("todo"), ((l.Peek(1) ^ l.F("f")) & mask).eq(0))
    return [
        l.Let("todo", l.F("n")),
        l.Repeat([l.If(l.F("todo") > 0, [
            l.Let("p", l.Pos()), l.Let("f", l.Peek(1)), l.Let("i", 0),
            l.Repeat([l.If(alike, [l.Skip(size), l.Let("i", l.F("i") + 1)])], limit=MANY),
            l.Seek(l.F("p")), *_quality(names), *values,
            l.Seek(l.F("p") + l.F("i") * size), l.Let("start", l.F("start") + l.F("i")),
            l.Let("todo", l.F("todo") - l.F("i")),
        ])], limit=MANY),
    ]


def _numbers(names: Mapping[int, str], kind: str, time: int) -> l.Ops:
    size = 1 + _WIDTH[kind] + time
    return _runs(names, size, len(names) - 1, [l.Skip(1), l.Values(kind, l.F("i"), stride=size)])


def _states(shift: int, time: int) -> l.Ops:
    names, bits = (BINARY_QUALITY, 1) if shift == 7 else (_DOUBLE_QUALITY, 3)
    values = l.Values("u8", l.F("i"), stride=1 + time, shift=shift, mask=bits)
    return _runs(names, 1 + time, (1 << shift) - 1, [values])


_QUARTERS: l.Ops = [
    # Packed double-bit states: four in an octet, lowest first (A.4.1).
    l.Let("i", 0),
    l.Repeat([
        l.If((l.F("i") & 3).eq(0), [l.U8("f")]),
        l.Number(l.F("f") >> ((l.F("i") & 3) * 2) & 3), l.Let("i", l.F("i") + 1), *_NEXT,
    ], count=l.F("n"), limit=MANY),
]


def _dense() -> Cases:
    cases: Cases = {PACKED: [l.Values("bit", l.F("n"))], gv(3, 1): _QUARTERS}
    cases |= {objects: _states(7, time) for time, objects in _BITS.items()}
    cases |= {objects: _states(6, time) for time, objects in _DOUBLE_BITS.items()}
    cases |= {objects: _numbers(COUNTER_QUALITY, kind, time) for (kind, time), objects in _COUNTERS.items()}
    cases |= {objects: _numbers(ANALOG_QUALITY, kind, time) for (kind, time), objects in _ANALOGS.items()}
    cases |= {objects: [l.Values(kind, l.F("n"))] for kind, objects in _BARE.items()}
    return cases


_EACH: l.Ops = [l.Repeat([l.Call("point"), *_NEXT], count=l.F("n"), limit=MANY)]

POINT: l.Ops = [
    l.Switch("gv", _points(), UNKNOWN),
    l.If(l.F("gv").among(*CONTROLS), [
        l.Let("first", l.F("start")), l.Let("points", 1), l.Let("count", 1), l.Call("row"),
        l.Unset(("value", "op_status"))]),
]
"""One object, whatever it is. A command of a point is told at once."""

DENSE: l.Ops = [l.Switch("gv", _dense(), _EACH)]
"""`n` objects side by side without prefixes."""


def _indexed(width: int) -> l.Ops:
    return [l.Repeat([l.Int("start", width), l.Call("point")], count=l.F("n"), limit=MANY)]


def _sized(width: int) -> l.Ops:
    return [l.Repeat([l.Int("size", width), l.Within(l.F("size"), [l.Call("sized")])], count=l.F("n"), limit=256)]


OBJECTS: l.Ops = [
    l.Switch("prefix", {
        0: [l.Call("dense")], 1: _indexed(1), 2: _indexed(2), 3: _indexed(4), 4: _sized(1), 5: _sized(2), 6: _sized(4),
    }),
]
"""The objects of a header, by the qualifier's prefix code (4.2.2.7.3.2)."""

_FILE_STATUS: l.Ops = [
    l.U8("file_status"), l.If(l.F("file_status"), [l.Let("status", l.F("file_status") + FILE_ERROR)])]

SIZED: l.Ops = [
    # File objects (A.25): command, command status, transport, transport status, descriptor, specification.
    l.Switch("gv", {
        gv(70, 3): [
            l.Skip(2), l.U16("size"), l.Skip(12), l.U32("file_size"), l.U16("file_mode"), l.U16(), l.Skip(2),
            l.Bytes("file_name", l.F("size")),
            l.If(l.F("fc").eq(25), [l.Switch("file_mode", {
                1: [l.Do(Verb.PROGRAM_UPLOAD)], (2, 3): [l.Do(Verb.PROGRAM_DOWNLOAD)]})]),
        ],
        gv(70, 4): [l.U32("file_handle"), l.U32("file_size"), l.U16(), l.Skip(2), *_FILE_STATUS],
        gv(70, 5): [
            l.U32("file_handle"), l.U32("block"), l.Let("last", l.F("block") >> 31 & 1),
            l.Let("block", l.F("block") & 0x7FFF_FFFF), l.Let("size", l.Left()),
            l.If(l.either(l.IsResponse(), l.F("fc").eq(2)), [
                l.Call("row"),
                l.Gather([l.Rich("file", repeat=True)], last=l.F("last"), first=l.F("block").eq(0),
                         key=l.F("file_handle"))]),
        ],
        gv(70, 6): [l.U32("file_handle"), l.U32("block"), l.Let("block", l.F("block") & 0x7FFF_FFFF), *_FILE_STATUS],
        gv(70, 7): [l.Skip(2), l.U16("size"), l.Skip(2), l.U32("file_size"), l.Skip(10),
                    l.Bytes("file_name", l.F("size"))],
        gv(70, 8): [l.Bytes("file_name")],
    }),
]
"""An object that brings its own size: the slice is the object."""
