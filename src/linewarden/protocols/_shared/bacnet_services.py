"""BACnet services (ANSI/ASHRAE 135 clauses 13 to 16) as table programs over the service data of an APDU.

A service that carries several properties makes one row for each; what the message says once (`once`) stands in the
first. Slots: `svc` the service, `asks` 1 in a request, `property`, `array_index`, and `instance` and `object_type`.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.bacnet_names import DEVICE, ERROR_BASE, IDENTITY, OBJECT_NAME, OBJECTS
from linewarden.protocols._shared.bacnet_tags import OBJECT, context, opening, until_close
from linewarden.records import Verb

Cases = dict[int | tuple[int, ...] | range, l.Ops]

ONCE = (
    "bvlc", "type", "service", "unconfirmed", "reply_bvlc", "reply_type", "reply_service",
)  # fmt: skip
"""Slots that only the first row of a message carries."""

_PER_PROPERTY = ("property", "array_index", "value", "text", "priority", "error_class", "status")

CONFIRMED_VERBS: Cases = {
    0: [l.Do(Verb.ACKNOWLEDGE, "alarm")],
    (3, 4, 29): [l.Do(Verb.DIAGNOSE, "alarm")],
    (5, 28, 30): [l.Do(Verb.SUBSCRIBE)],
    6: [l.Do(Verb.PROGRAM_UPLOAD)],
    7: [l.Do(Verb.PROGRAM_DOWNLOAD)],
    (8, 9, 15, 16): [l.Do(Verb.WRITE)],
    (10, 11): [l.Do(Verb.CONFIGURE)],
    (12, 13, 14, 26): [l.Do(Verb.READ)],
    17: [l.Do(Verb.INHIBIT, "communication")],
    20: [l.Do(Verb.RESTART, "device")],
    (24, 25): [l.Do(Verb.AUTHENTICATE)],
    27: [l.Do(Verb.SET_MODE, "life_safety")],
    33: [l.Do(Verb.READ, "audit_log")],
}

UNCONFIRMED_VERBS: Cases = {
    (6, 9): [l.Role("notify"), l.Do(Verb.CONFIGURE, "clock")],
    (7, 8): [l.Role("notify"), l.Do(Verb.BROWSE, "device")],
    10: [l.Role("notify"), l.Do(Verb.WRITE, "channel")],
    (13, 14): [l.Role("notify"), l.Do(Verb.CONFIGURE, "device")],
}

_AREA: l.Op = l.Area(l.F("object_type"), names=OBJECTS, template="object{}")
_OBJECT: l.Ops = [*OBJECT, _AREA]
_APPLICATION_OBJECT: l.Ops = [l.If(l.Peek(1).eq(0xC4), [l.Skip(1), l.U32("num"), *_OBJECT])]
_REFERENCE: l.Ops = [
    context(0, *_OBJECT), context(1, l.Let("property", l.F("num"))), context(2, l.Let("array_index", l.F("num")))]

_ROW: l.Ops = [l.Row(), l.Unset(ONCE)]
_NOTE: l.Op = l.If(
    l.both(l.F("object_type").eq(DEVICE), l.F("property").among(*IDENTITY)), [l.Let("tells", 1)])
"""Remembers that the device tells its name, vendor or the like."""


def _each(number: int, *ops: l.Op) -> l.Op:
    """For each object of the message the list that tag `number` opens, and `ops` for each of its elements."""
    return l.Repeat([
        context(0, *_OBJECT),
        # `Do(None)` after one property takes the area from the next, so each sets it again.
        opening(number, l.Let("over", 0), until_close(l.Unset(_PER_PROPERTY), _AREA, *ops),
                otherwise=[l.Skip(l.Left())]),
    ], limit=512)


def _property(first: int) -> l.Ops:
    return [context(first, l.Let("property", l.F("num"))), context(first + 1, l.Let("array_index", l.F("num")))]


_VALUES_OF_COV: l.Ops = [
    context(0), context(1, l.Let("device", l.F("num") & 0x3FFFFF)), context(2, *_OBJECT), context(3),
    opening(4, l.Let("over", 0), until_close(
        l.Unset(_PER_PROPERTY), *_property(0), opening(2, l.Call("value")),
        context(3, l.Let("priority", l.F("num"))), *_ROW)),
]
"""A change-of-value notification (13.14): process, device, object, time remaining, its values."""

_EVENT: l.Ops = [context(0), context(1, l.Let("device", l.F("num") & 0x3FFFFF)), context(2, *_OBJECT)]

REQUESTS: l.Ops = [
    l.Switch("svc", {
        1: _VALUES_OF_COV,
        2: _EVENT,
        (5, 28): [context(0), context(1, *_OBJECT)],
        6: _APPLICATION_OBJECT,
        7: [*_APPLICATION_OBJECT, l.Rich("file_write", repeat=True)],
        (8, 9, 12, 26): _REFERENCE,
        10: [opening(0, context(0, l.Let("object_type", l.F("num"))), context(1, *_OBJECT))],
        11: _APPLICATION_OBJECT,
        # Reading several is one command a message, writing several is one each.
        14: [_each(1, *_property(0), *_ROW, l.Do(None))],
        15: [*_REFERENCE, opening(3, l.Call("value")), context(4, l.Let("priority", l.F("num")))],
        16: [_each(1, *_property(0), opening(2, l.Call("value")), context(3, l.Let("priority", l.F("num"))), *_ROW)],
        17: [context(0), context(1, l.Let("state", l.F("num"))),
             # 0 enables again.
             l.If(l.F("state").eq(0), [l.Do(Verb.CONFIGURE)]), l.Let("value", l.F("state"))],
        18: [context(0, l.Let("vendor_id", l.F("num"))), context(1, l.Let("state", l.F("num")))],
        20: [context(0, l.Let("state", l.F("num"))), l.Let("value", l.F("state")), l.Switch("state", {
            2: [l.Do(Verb.PROGRAM_UPLOAD)], 4: [l.Do(Verb.PROGRAM_DOWNLOAD)], (3, 5, 6, 7): [l.Do(Verb.CONFIGURE)]})],
    }),
]

_FILE_READ: l.Ops = [
    # AtomicReadFile: end of file, then for a stream (0) where it starts and its octets. The request named the file.
    l.Recall(), l.U8("octet"), l.Let("last", l.F("octet").eq(0x11)),
    opening(0, l.Call("tag"), l.Call("uint"), l.Let("position", l.F("num")), l.Call("tag"), l.Row(), l.Unset(ONCE),
            l.Within(l.F("size"), [
                l.Gather([l.Rich("file_read", repeat=True)], last=l.F("last"), first=l.F("position").eq(0),
                         key=l.F("instance") + 1)])),
]

ANSWERS: l.Ops = [
    l.Switch("svc", {
        6: _FILE_READ,
        12: [*_REFERENCE, opening(3, l.Call("value")), _NOTE],
        14: [_each(1, *_property(2), opening(4, l.Call("value")),
                   opening(5, l.Call("tag"), l.Call("uint"), l.Let("error_class", l.F("num")), l.Call("tag"),
                           l.Call("uint"), l.Let("status", l.F("num") + ERROR_BASE), l.Skip(1)),
                   _NOTE, *_ROW, l.Do(None))],
        26: _REFERENCE,
    }),
]

UNCONFIRMED: l.Ops = [
    l.Switch("svc", {
        0: [
            *_APPLICATION_OBJECT, l.Call("tag"), l.Call("uint"), l.Let("max_apdu", l.F("num")), l.Call("tag"),
            l.Call("uint"), l.Call("tag"), l.Call("uint"), l.Let("vendor_id", l.F("num")),
            l.Let("device", l.F("instance")), l.At(0, [l.Rich("i_am", hourly=True)])],
        1: [
            l.If(l.Peek(1).eq(0xC4), [l.Skip(1), l.U32("num"), l.Let("device", l.F("num") & 0x3FFFFF)]),
            *_APPLICATION_OBJECT, l.Call("tag"),
            l.If(l.F("tag").eq(7), [l.Within(l.F("size"), [l.U8(), l.Bytes("text")])]),
            l.Let("property", OBJECT_NAME), l.If(l.F("object_type").eq(DEVICE), [l.At(0, [l.Rich("i_have")])])],
        2: _VALUES_OF_COV,
        3: _EVENT,
        4: [context(0, l.Let("vendor_id", l.F("num"))), context(1, l.Let("state", l.F("num")))],
        7: [context(0), context(1), context(2, *_OBJECT)],
        8: [context(0, l.Let("low", l.F("num"))), context(1, l.Let("high", l.F("num")))],
    }),
]
