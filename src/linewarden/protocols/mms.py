"""MMS: how IEC 61850 substations, ICCP control centres and some controllers are read, operated and programmed.

Source: ISO 9506-2:2003; RFC 1006, X.224, X.225, X.226 and X.227 for what carries it (TCP 102, see `_shared/cotp.py`,
`_shared/mms_ops.py`); IEC 61850-8-1 for how a substation uses it. A confirmed request has an invoke id and a service;
so have its answer, its error or its reject. Both ends of an association may ask.

A read or write has one row per variable, whose name is `domain/item`; only the first row carries `service` and `reply`,
so that counting those columns counts PDUs. Of an IEC 61850 item (`LLN0$ST$Health`) the functional constraint is the
area; a write to `$CO$...$Oper` is a control whose first value is what was commanded. Parts of a structured value are
readings whose `start` is their place in it. To write a report control block is to subscribe.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import ber, layout as l, mms_names as names
from linewarden.protocols._shared.cotp import FRAMING, FUNCTION_NAMES, envelope, probe
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.mms_ops import (
    INFORMATION,
    PROGRAMS,
    READ_ANSWER,
    READ_ASK,
    WRITE_ANSWER,
    WRITE_ASK,
    Cases,
    element,
    elements,
    number,
)
from linewarden.records import Identity, Transfer, Verb

_INVOKED, _ASSOCIATION = 1 << 33, 1 << 34
"""Pair keys of invoke ids, and of initiate and conclude, apart from those of COTP connects."""

_OBJECT: l.Ops = [l.Call("name")]
_WRAPPED: l.Ops = element({0xA0: [l.Call("name")]})
_LISTED: l.Ops = elements({0xA1: [l.Call("name")]})
_FIRST: l.Ops = elements({0x80: [l.If(l.Has("point").eq(0), [l.Bytes("point")])]})
_WHOLE: l.Ops = [l.Bytes("point")]
_FILE: l.Ops = element({0xA0: element({0x19: [l.Bytes("point")]})})
_HANDLE: l.Ops = number("handle")

_REQUESTS: Cases = {
    0: [l.Do(Verb.DIAGNOSE)],
    1: [l.Do(Verb.BROWSE), *elements({0xA0: element({0x80: number("class")}), 0xA1: element({0x81: _WHOLE})})],
    2: [l.Do(Verb.DIAGNOSE)],
    4: READ_ASK,
    5: WRITE_ASK,
    6: [l.Do(Verb.BROWSE), *_WRAPPED],
    (9, 12, 15): [l.Do(Verb.BROWSE), *_OBJECT],
    (10, 13, 16): [l.Do(Verb.CONFIGURE), *_LISTED],
    (11, 14): [l.Do(Verb.CONFIGURE), *_OBJECT],
    (3, 7, 8, 21, 22): [l.Do(Verb.CONFIGURE)],
    (19, 20): [l.Do(Verb.CONFIGURE, "semaphore"), *_WRAPPED],
    (26, 32, 34): [l.Do(Verb.PROGRAM_DOWNLOAD, "domain"), *_FIRST],
    (28, 36): [l.Do(Verb.PROGRAM_DOWNLOAD, "domain"), *_WHOLE],
    # The device asks for the next part of what is downloaded; the asking is no command.
    27: _WHOLE,
    29: [l.Do(Verb.PROGRAM_UPLOAD, "domain"), *_WHOLE],
    (30, 31, 73, 74): _HANDLE,
    (33, 35): [l.Do(Verb.PROGRAM_UPLOAD, "domain"), *_FIRST],
    37: [l.Do(Verb.DIAGNOSE), *_WHOLE],
    38: [l.Do(Verb.CONFIGURE, "program"), *_FIRST],
    39: [l.Do(Verb.CONFIGURE, "program"), *_WHOLE],
    (40, 42): [l.Do(Verb.START, "program"), *_FIRST],
    (41, 44): [l.Do(Verb.STOP, "program"), *_FIRST],
    43: [l.Do(Verb.RESTART, "program"), *_FIRST],
    45: [l.Do(Verb.DIAGNOSE), *_WHOLE],
    # The device is to fetch a file.
    46: [l.Do(Verb.WRITE, "file"), *elements({0xA1: element({0x19: _WHOLE}), 0xA2: element({
        0x19: [l.Bytes("new_name")]})})],
    (47, 48, 53, 54, 57, 58, 59, 67, 69, 70): [l.Do(Verb.CONFIGURE)],
    51: [l.Do(Verb.INHIBIT, "event")],
    52: [l.Do(Verb.WRITE, "event")],
    62: [l.Do(Verb.ACKNOWLEDGE, "event")],
    65: [l.Do(Verb.READ, "journal")],
    66: [l.Do(Verb.WRITE, "journal")],
    72: [l.Do(Verb.READ, "file"), *_FILE],
    75: [l.Do(Verb.WRITE, "file"), *elements({0xA0: element({0x19: _WHOLE}), 0xA1: element({
        0x19: [l.Bytes("new_name")]})})],
    76: [l.Do(Verb.WRITE, "file"), *element({0x19: _WHOLE})],
    77: [l.Do(Verb.BROWSE, "file"), *_FILE],
}

_SEGMENT: l.Ops = [
    # Bytes, and whether more will follow (yes, if nothing is said). The row is first, since a part that is not the
    # last ends the program.
    l.U8("tag"), l.BerLength("size"), l.Let("at", l.Pos()), l.Skip(l.F("size")), l.Let("more", 1),
    l.If(l.Left() >= 3, [l.Let("more", l.Peek(1, 2).ne(0))]), l.Row(),
    l.If(l.F("tag").eq(0x80), [l.Seek(l.F("at")), l.Within(l.F("size"), [
        l.Gather([l.Rich("segment", repeat=True)], last=l.F("more").eq(0),
                 key=l.F("reply") * 0x10000 + l.F("handle"))])]),
    l.Stop(),
]

_STATUS: l.Ops = elements({0x80: number("logical"), 0x81: number("physical")})

_ANSWERS: Cases = {
    0: _STATUS,
    1: elements({0xA0: [l.BerElements("items")]}),
    2: [l.Rich("identify", hourly=True)],
    4: READ_ANSWER,
    5: WRITE_ANSWER,
    (27, 30, 73): _SEGMENT,
    (29, 72): elements({0x80: _HANDLE}),
}

_SERVICE: l.Ops = [
    # The number of a service above 30 stands in a second octet.
    l.U8("number"), l.If((l.F("number") & 0x1F).eq(0x1F), [l.U8("number")], [l.Let("number", l.F("number") & 0x1F)]),
    l.BerLength("len"),
]

_ASKED: l.Ops = [
    # Reads and writes recall item by item.
    l.If(l.F("reply").among(4, 5).eq(0), [l.Recall()]), l.If(l.Has("fn").eq(0), [l.Let("fn", l.F("reply"))]),
]
"""The function is the one that was asked for; where no request was seen, the answer tells it."""

_INVOKE: l.Ops = element({(0x02, 0x80): [*number("invoke"), l.Let("key", l.F("invoke") + _INVOKED)]})

_SIZES: l.Ops = elements({0x80: number("pdu_size")})


def _association(pdu: int) -> l.Ops:
    return [l.Let("fn", names.PDU + pdu), l.Let("key", l.Const(_ASSOCIATION + pdu))]


def _cancel() -> l.Ops:
    return [*number("invoke"), l.Let("fn", l.Const(names.PDU + names.CANCEL)),
            l.Let("key", l.F("invoke") + _ASSOCIATION + 0x1000)]


def _coded(base: int) -> l.Ops:
    """An element whose tag is a class and whose content is a code: together the status."""
    return [l.U8("tag"), l.BerLength("len"), l.Within(l.F("len"), [
        *number("code"), l.Let("status", base + ((l.F("tag") & 0x1F) << 8 | l.F("code")))])]


_FAULT: l.Ops = elements({0xA0: _coded(0)})

_UNASKED: l.Ops = [
    *_SERVICE, l.Let("service", l.F("number")), l.Let("fn", l.F("number") + names.UNASKED),
    l.Within(l.F("len"), [l.Switch("service", {0: INFORMATION, 1: _STATUS})]),
]

_ASKING: l.Ops = [l.Let("pdu", l.F("kind"))]
"""Only what a request sets counts requests."""

_MMS: l.Ops = [
    l.U8("kind"), l.BerLength("len"),
    l.Within(l.F("len"), [l.Switch("kind", {
        names.REQUEST: [
            l.Role("request"), *_ASKING, *_INVOKE, l.If(l.Peek(1).eq(0x30), element({})),
            *_SERVICE, l.Let("service", l.F("number")), l.Let("fn", l.F("number")),
            l.Within(l.F("len"), [l.Switch("fn", _REQUESTS)])],
        names.RESPONSE: [
            l.Role("response"), *_INVOKE, *_SERVICE, l.Let("reply", l.F("number")), *_ASKED,
            l.Within(l.F("len"), [l.Switch("reply", _ANSWERS)])],
        names.ERROR: [
            l.Role("response"), *_INVOKE, l.Recall(), l.If(l.Has("service"), [l.Let("reply", l.F("service"))]),
            *elements({0xA2: _FAULT})],
        names.REJECT: [
            l.Role("response"), l.If(l.Peek(1).eq(0x80), _INVOKE), l.Recall(),
            l.If(l.Has("fn").eq(0), [l.Let("fn", names.PDU + names.REJECT)]), *_coded(names.REJECTED)],
        names.UNCONFIRMED: [l.Role("report"), *_ASKING, *_UNASKED],
        names.INITIATE: [l.Role("request"), *_ASKING, *_association(names.INITIATE), *_SIZES],
        names.INITIATED: [l.Role("response"), *_association(names.INITIATE), *_SIZES],
        names.INITIATE_ERROR: [l.Role("response"), *_association(names.INITIATE), *_FAULT],
        names.CONCLUDE: [l.Role("request"), *_ASKING, *_association(names.CONCLUDE)],
        names.CONCLUDED: [l.Role("response"), *_association(names.CONCLUDE)],
        names.CONCLUDE_ERROR: [l.Role("response"), *_association(names.CONCLUDE), *_FAULT],
        names.CANCEL: [l.Role("request"), *_ASKING, *_cancel()],
        names.CANCELLED: [l.Role("response"), *_cancel()],
    }, [l.Odd("mms_unknown_pdu")])]),
]


def identify(message: Message) -> Iterator[Record]:
    """The answer to identify: vendor, model, revision."""
    said = {e.tag: e.content.decode("utf-8", "replace").strip("\x00 ") for e in ber.elements(message.data)}
    vendor, model, revision = (said.get(tag) or None for tag in (0x80, 0x81, 0x82))
    if vendor or model or revision:
        yield Identity(address=message.src, protocol="mms", evidence="identify", vendor=vendor, model=model,
                       firmware=revision)


def segment(message: Message) -> Iterator[Record]:
    """A domain or a file whose parts were all seen."""
    service = message.number("reply")
    name = message.raw("point").decode("utf-8", "replace") or None
    yield Transfer(protocol="mms", kind="file" if service == 73 else "program",
                   direction="download" if service == 27 else "upload", name=name, bytes=len(message.data), whole=True,
                   sha256=sha256(message.data).hexdigest())


_DIRECT: l.Ops = [
    # MMS without the layers between: only on the port, and where lengths fit to the byte.
    l.Check(l.OnPort()), l.U8("pdu"), l.Check(l.F("pdu").among(0xA0, 0xA1, 0xA8, 0xA9)),
    l.BerLength("len"), l.Check(l.F("len").eq(l.Left())),
    l.Check(l.Peek(1).among(0x02, 0x80)),
    l.If(l.F("pdu").among(0xA0, 0xA8), [l.Hint("request")], [l.Hint("response")]),
]

PROTOCOL = l.Protocol(
    name="mms",
    title="MMS (IEC 61850 and others)",
    reference="ISO 9506-2, IEC 61850-8-1, RFC 1006",
    on=(l.On("tcp", (102,)),),
    framing=FRAMING,
    probe=probe([
        # Session CONNECT or ACCEPT, or give tokens + data and a presentation PDU.
        l.If(l.Peek(4).eq(0x01000100), [l.Check(l.Peek(1, 4).eq(0x61)), l.Check(l.Left() > 8)], [
            l.If(l.Peek(1).among(0x0D, 0x0E), [
                l.Check(l.Peek(1, 1) + 2 <= l.Left()),
                l.If(l.Peek(1).eq(0x0D), [l.Hint("request")], [l.Hint("response")])], _DIRECT)]),
    ]),
    main=envelope("session", "key"),
    programs={**PROGRAMS, "mms": _MMS},
    pair=("key",),
    columns=(
        l.Col("pdu", "u8", "tag of the PDU: 160 request, 163 unconfirmed, 168 initiate... (null: no request seen)"),
        l.Col("invoke", "i64", "invoke id: ties the answer to its request"),
        l.Col("service", "u8", "service of the request, or unconfirmed service (pdu 163)"),
        l.Col("reply", "u8", "service of the answer, also where it is an error"),
        l.Col("function", "str", "name of the service or PDU", source="fn",
              names={**names.FUNCTIONS, **FUNCTION_NAMES}, fallback="hex4"),
        l.Col("item", "u16", "which variable of a read or write, from 0"),
        l.Col("name", "text", "variable (domain/item), list, domain, program invocation, file or report id",
              source="point", render="text"),
        l.Col("new_name", "text", "new name or destination of a file", render="text"),
        l.Col("constraint", "str", "functional constraint of IEC 61850", names=names.CONSTRAINTS),
        l.Col("data_set", "text", "data set of a report", render="text"),
        l.Col("items", "u32", "names in the answer to get name list"),
        l.Col("handle", "i64", "upload or file read state machine"),
        l.Col("logical", "str", "logical status of the device", names=names.LOGICAL),
        l.Col("physical", "str", "its physical status", names=names.PHYSICAL),
        l.Col("pdu_size", "i64", "largest PDU offered or agreed", unit="B"),
        l.Col("error", "u16", "error: class << 8 | code, 0x2000 + data access error, 0x3000 + reject",
              source="status"),
        l.Col("error_name", "str", "its name", source="status", names=names.STATUSES, fallback="hex4"),
        l.Col("tsap_calling", "text", "caller's TSAP", render="hex"),
        l.Col("tsap_called", "text", "called TSAP", render="hex"),
    ),
    function="function",
    start="leaf",
    count="none",
    unit="none",
    statuses=names.STATUSES,
    rich={"identify": identify, "segment": segment},
)
