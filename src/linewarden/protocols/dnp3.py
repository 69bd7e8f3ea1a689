"""DNP3: telecontrol of substations, pipelines and water works, between a master and its outstations.

Source: IEEE 1815-2012. A link frame (clause 9) is 0x05 0x64, length, control, destination, source, CRC, then user data
in blocks with a CRC each. User data begin with a transport octet (clause 8: FIN, FIR, sequence) and make up an
application fragment (clause 4): application control, function code, in answers two octets of internal indications,
then object headers with their objects (`_shared/dnp3_objects.py`).

There is a row per link frame without a finished fragment (link functions, transport segments), and per finished
fragment a row per object header, or per commanded point. A fragment's first row carries what is said once:
`prifunc`, `func` of the request, `reply_prifunc`, `reply_func`, `iin` of the answer. A header's first row carries its
`object` or `reply_object`. So counting these columns counts what the senders said.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import dnp3_names as names, dnp3_objects as objects, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Transfer, Verb

_ONCE = ("prifunc", "func", "reply_prifunc", "reply_func", "iin", "object", "reply_object")
"""Slots that only one row carries."""

_OF_HEADER = (
    "start", "count", "first", "points", "value", "control", "operation", "trip_close", "op_count", "on_time",
    "off_time", "op_status", "object", "reply_object", "said", "file_name", "file_handle", "file_size", "file_mode",
    "block", "file_status", "status", "ask_group", "ask_start", "ask_count",
)  # fmt: skip
"""Slots of one object header, forgotten before the next."""

_ROW: l.Ops = [
    # An answer's own objects may be others than those asked for (a class poll): the command keeps the request's.
    l.If(l.IsResponse(), [
        l.Recall(),
        l.If(l.Has("ask_group"), [
            l.Area(l.F("ask_group"), names=names.AREAS, template="group{}"),
            l.If(l.Has("ask_start"), [l.Let("start", l.F("ask_start")), l.Let("count", l.F("ask_count"))],
                 [l.Unset(("start", "count"))])]),
    ], [
        l.If(l.Has("start"), [l.Let("ask_start", l.F("start")), l.Let("ask_count", l.F("count"))],
             [l.Unset(("ask_start", "ask_count"))])]),
    l.Row(), l.Unset(_ONCE), l.Let("said", 1),
    l.If(l.IsResponse(), [l.Unset(("ask_group", "ask_start", "ask_count"))]),
    # What polls or configures is one command a message, not one an object header.
    l.If(l.F("fc").among(2, 3, 4, 5, 6).eq(0), [l.Do(None)]),
]


def _range(width: int) -> l.Ops:
    return [l.Int("start", width), l.Int("n", width), l.Let("n", l.F("n") - l.F("start") + 1),
            l.Let("count", l.F("n")), l.Let("first", l.F("start"))]


_WRITTEN: l.Ops = [
    l.Switch("group", {
        (50, 51): [l.Do(Verb.CONFIGURE)], 80: [l.Do(Verb.CONFIGURE)], 34: [l.Do(Verb.CONFIGURE)],
        70: [l.Do(Verb.PROGRAM_DOWNLOAD)], (85, 86, 87, 88): [l.Do(Verb.CONFIGURE)], 0: [l.Do(Verb.CONFIGURE)],
    }, [l.Do(Verb.WRITE)]),
]

_HEADER: l.Ops = [
    l.Unset(_OF_HEADER), l.Quality(0, {}), l.U8("group"), l.U8("variation"), l.U8("qualifier"),
    l.Let("gv", l.F("group") << 8 | l.F("variation")), l.Let("prefix", l.F("qualifier") >> 4 & 7), l.Let("n", 0),
    l.If(l.IsResponse(), [
        l.Let("reply_object", l.F("gv")), l.Do(None),
        l.If(l.F("refused"), [l.Let("status", l.F("refused") + names.IIN_ERROR)]),
    ], [l.Let("object", l.F("gv")), l.Let("ask_group", l.F("group")), l.If(l.F("fc").eq(2), _WRITTEN)]),
    l.Area(l.F("group"), names=names.AREAS, template="group{}"),
    l.Switch(l.F("qualifier") & 0x0F, {
        (0, 3): _range(1), (1, 4): _range(2), (2, 5): _range(4), 6: [],
        (7, 0x0B): [l.U8("n")], 8: [l.U16("n")], 9: [l.U32("n")],
    }, [l.Odd("dnp3_unknown_qualifier", "qualifier"), l.Call("row"), l.Stop()]),
    l.Let("points", l.F("n")),
    # Only some functions bring objects; in others the headers, and indexes, only say which are meant.
    l.If(l.either(l.F("fc").among(2, 3, 4, 5, 6, 25, 26, 27, 28, 29, 30, 31, 129, 130), l.F("prefix") >= 4,
                  l.both(l.F("fc").among(11, 12), l.F("group").eq(50))),
         [l.If(l.F("n") > 0, [l.Call("objects")])],
         [l.Switch("prefix", {1: [l.Skip(l.F("n"))], 2: [l.Skip(l.F("n") * 2)], 3: [l.Skip(l.F("n") * 4)]})]),
    l.If(l.Has("said").eq(0), [l.Call("row")]),
]

_HEADERS: l.Ops = [
    l.Repeat([l.Call("header")], limit=256),
    # Without objects, or past the last one: one row at least, and none twice.
    l.If(l.Item().eq(0), [l.Call("row")]),
    l.Unset(_OF_HEADER),
    # What is left open of the request is answered by this as a whole.
    l.If(l.both(l.IsResponse(), l.F("refused")), [l.Let("status", l.F("refused") + names.IIN_ERROR)]),
]

_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    1: [l.Do(Verb.READ)],
    (3, 4, 5, 6): [l.Do(Verb.WRITE)],
    range(7, 13): [l.Do(Verb.CONFIGURE)],
    (13, 14): [l.Do(Verb.RESTART)],
    (15, 16, 19): [l.Do(Verb.CONFIGURE, "application")],
    17: [l.Do(Verb.START, "application")],
    18: [l.Do(Verb.STOP, "application")],
    (20, 21): [l.Do(Verb.CONFIGURE, "unsolicited")],
    22: [l.Do(Verb.CONFIGURE, "class_assignment")],
    23: [l.Do(Verb.DIAGNOSE, "time_delay")],
    24: [l.Do(Verb.CONFIGURE, "clock")],
    25: [l.Do(Verb.READ, "file")],  # the mode in the file object says more
    27: [l.Do(Verb.WRITE, "file")],
    28: [l.Do(Verb.BROWSE, "file")],
    29: [l.Do(Verb.AUTHENTICATE, "file")],
    31: [l.Do(Verb.CONFIGURE, "configuration")],
}

_REQUEST: l.Ops = [
    l.Role("request"), l.Let("func", l.F("fc")), l.Let("name", l.F("fc")), l.Let("prifunc", l.F("link")),
    # Broadcasts and the forms without acknowledgement are not answered.
    l.If(l.either(l.F("fc").among(6, 8, 10, 12, 33), l.F("outstation") >= 0xFFFD), [l.Role("notify")]),
    l.If(l.F("fc") > 33, [l.Odd("dnp3_unknown_function", "fc"), l.Call("row"), l.Stop()]),
    l.Switch("fc", _VERBS),
    *_HEADERS,
]

_ANSWERED: l.Ops = [
    l.Let("reply_prifunc", l.F("link")), l.Let("reply_func", l.F("fc")), l.U16("iin", le=False),
    l.Let("refused", l.F("iin") & names.REFUSED),
    l.If(l.F("refused"), [l.Let("status", l.F("refused") + names.IIN_ERROR)]),
]

_APPLICATION: l.Ops = [
    l.U8("octet"), l.U8("fc"), l.Let("seq", l.F("octet") & 0x0F), l.Let("kind", 0),
    l.Switch("fc", {
        # A confirmation answers an answer: told by itself.
        0: [l.Role("report"), l.Let("func", 0), l.Let("name", 0), l.Let("prifunc", l.F("link")), l.Row()],
        # Secure authentication (clause 7): the objects hold keys and digests; the first one's variation says which.
        (32, 33): [
            l.Role("request"), l.If(l.F("fc").eq(33), [l.Role("notify")]), l.Let("kind", 1),
            l.Let("func", l.F("fc")), l.Let("name", l.F("fc")), l.Let("prifunc", l.F("link")),
            l.Do(Verb.AUTHENTICATE), l.If(l.Peek(1).eq(120), [l.Skip(1), l.U8("auth")]), l.Row()],
        131: [l.Role("response"), l.Let("kind", 1), *_ANSWERED,
              l.If(l.Peek(1).eq(120), [l.Skip(1), l.U8("reply_auth")]), l.Row(), l.Unset(_ONCE)],
        129: [l.Role("response"), *_ANSWERED, *_HEADERS],
        130: [l.Role("report"), l.Let("func", 130), l.Let("name", 130), l.Let("prifunc", l.F("link")),
              l.U16("iin", le=False), *_HEADERS],
    }, _REQUEST),
]

_LINK_ONLY: l.Ops = [l.Role("report"), l.Let("prifunc", l.F("link")), l.Row(), l.Unset(("prifunc",))]

_STREAM = l.F("link_src") << 16 | l.F("link_dst")

_TRANSPORT: l.Ops = [
    l.U8("octet"), l.Let("fin", l.F("octet") >> 7), l.Let("fir", l.F("octet") >> 6 & 1),
    l.If(l.both(l.F("fir").eq(0), l.Known("open", _STREAM).eq(0)), [
        l.Odd("dnp3_fragment_lost"), *_LINK_ONLY, l.Stop()]),
    l.Remember("open", l.F("fin").eq(0), _STREAM),
    l.If(l.F("fin").eq(0), _LINK_ONLY),
    l.Gather([l.Call("application")], last=l.F("fin"), first=l.F("fir"), key=_STREAM, limit=1 << 16),
]

_ADDRESSES: l.Ops = [
    l.Skip(2, "start"), l.U8("length"), l.U8("octet", label="link control"), l.U16("link_dst"), l.U16("link_src"),
    l.Skip(2, "header CRC"),
    l.Let("link", l.F("octet") & 0x0F),
    l.If(l.F("octet") & 0x80, [l.Let("master", l.F("link_src")), l.Let("outstation", l.F("link_dst"))],
         [l.Let("master", l.F("link_dst")), l.Let("outstation", l.F("link_src"))]),
]

_MAIN: l.Ops = [
    *_ADDRESSES,
    l.If((l.F("octet") & 0x40).eq(0), [l.Role("report"), l.Let("secfunc", l.F("link")), l.Row(), l.Stop()]),
    l.If(l.either(l.F("link").among(3, 4).eq(0), l.F("length") <= 6), [*_LINK_ONLY, l.Stop()]),
    l.CrcBlocks(l.F("length") - 5, [l.Call("transport")]),
]

_PROBE: l.Ops = [
    l.Check(l.Left() >= 10), l.Check(l.Peek(2, whence="start", le=False).eq(0x0564)), *_ADDRESSES,
    l.Check(l.F("length") >= 5),
    l.If(l.F("octet") & 0x40, [
        l.Check(l.F("link").among(*names.PRIMARY)),
        l.If(l.F("link").among(3, 4), [
            l.Check(l.F("length") >= 6),
            # FIR, then the function code: bytes 11 and 12 of the frame.
            l.If(l.both(l.F("length") >= 8, l.Peek(1) & 0x40), [
                l.Check(l.either(l.Peek(1, 2) <= 33, l.Peek(1, 2).among(129, 130, 131)))]),
        ], [l.Check(l.F("length").eq(5))]),
    ], [l.Check(l.F("link").among(*names.SECONDARY)), l.Check(l.F("length").eq(5))]),
    l.If(l.F("octet") & 0x80, [l.Hint("request")], [l.Hint("response")]),
]

_ATTRIBUTES = {
    242: "firmware", 243: "hardware", 245: "location", 246: "description", 247: "name", 248: "serial",
    250: "model", 252: "vendor",
}  # fmt: skip
"""Device attributes that name the device (A.1): software and hardware version, location, user's id and name,
serial number, product name and model, manufacturer."""


def attribute(message: Message) -> Iterator[Record]:
    """A device attribute (group 0) in an answer: one identity row with what it says. Only strings (type 1) do."""
    variation = message.number("variation")
    text = message.data.decode("utf-8", "replace").strip("\0 ")
    if text and variation in _ATTRIBUTES and message.number("attribute_type") == 1:
        yield Identity(address=message.src, protocol="dnp3", evidence=f"device attribute {variation}", role="rtu",
                       **{_ATTRIBUTES[variation]: text})


def file(message: Message) -> Iterator[Record]:
    """All blocks of a file (group 70 variation 5, from block 0 to the one marked as last), as one transfer."""
    yield Transfer(
        protocol="dnp3",
        kind="file",
        direction="upload" if message.response else "download",
        name=f"handle 0x{message.number('file_handle'):08x}",
        bytes=len(message.data),
        whole=True,
        sha256=sha256(message.data).hexdigest(),
    )


_COLUMNS = (
    l.Col("master", "u16", "link address of the master"),
    l.Col("outstation", "u16", "link address of the outstation"),
    l.Col("prifunc", "u8", "link function of the primary station's frame (request, report)"),
    l.Col("prifunc_name", "str", "its name", source="prifunc", names=names.PRIMARY),
    l.Col("secfunc", "u8", "link function of a secondary station's frame"),
    l.Col("secfunc_name", "str", "its name", source="secfunc", names=names.SECONDARY),
    l.Col("reply_prifunc", "u8", "link function of the frame that brought the answer"),
    l.Col("seq", "u8", "application sequence number"),
    l.Col("func", "u8", "application function code of the request or report"),
    l.Col("function", "str", "name of the function", source="name", names=names.FUNCTIONS),
    l.Col("reply_func", "u8", "application function code of the answer"),
    l.Col("iin", "u16", "internal indications, IIN1 << 8 | IIN2"),
    l.Col("object", "u16", "group << 8 | variation of the request or report"),
    l.Col("reply_object", "u16", "group << 8 | variation in the answer"),
    l.Col("object_name", "str", "what the group is about", source="group", names=names.AREAS),
    l.Col("qualifier", "u8", "qualifier code of the object header"),
    l.Col("index", "u32", "first point", source="first"),
    l.Col("points", "u32", "how many"),
    l.Col("operation", "str", "control relay: operation", names=names.OPERATIONS),
    l.Col("trip_close", "str", "control relay: which coil", names=names.TRIP_CLOSE),
    l.Col("op_count", "u8", "control relay: times"),
    l.Col("on_time", "u32", "control relay: on time", unit="ms"),
    l.Col("off_time", "u32", "control relay: off time", unit="ms"),
    l.Col("status", "u16", "why it was refused: control status, IIN2 error + 0x100, file status + 0x200"),
    l.Col("status_name", "str", "its name", source="status", names=names.STATUSES),
    l.Col("file_name", "text", "file asked for", render="text"),
    l.Col("file_mode", "str", "how it is opened", names=names.FILE_MODES),
    l.Col("file_size", "u32", "its size", unit="B"),
    l.Col("file_handle", "u32", "its handle"),
    l.Col("block", "u32", "block number"),
    l.Col("auth", "str", "authentication object of the request", names=names.AUTHENTICATION),
    l.Col("reply_auth", "str", "authentication object of the answer", names=names.AUTHENTICATION),
)

PROTOCOL = l.Protocol(
    name="dnp3",
    title="DNP3",
    reference="IEEE 1815-2012",
    on=(l.On("tcp", (20000,)), l.On("udp", (20000,))),
    framing=l.Dnp3Link(),
    endian="little",
    probe=_PROBE,
    confirm=2,
    main=_MAIN,
    programs={
        "transport": _TRANSPORT, "application": _APPLICATION, "header": _HEADER, "row": _ROW,
        "objects": objects.OBJECTS, "dense": objects.DENSE, "point": objects.POINT, "sized": objects.SIZED,
    },
    pair=("outstation", "seq", "kind"),
    columns=_COLUMNS,
    function="function",
    unit="outstation",
    point="file_name",
    statuses=names.STATUSES,
    rich={"attribute": attribute, "file": file},
)
