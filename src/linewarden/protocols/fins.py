"""FINS: how Omron controllers are read, written, programmed, started and stopped (UDP and TCP port 9600).

Source: Omron W342 (commands of CS, CJ and CP), W227 (of C and CV), W421 (Ethernet Units; FINS/TCP in section 7).
A frame is a header of ten bytes (ICF, reserved, gateway count, network, node and unit of the receiver, then of the
sender, service id), a command of two bytes, and its text; an answer has an end code before its text. Bit 6 of the ICF
tells an answer, whoever sends it; bit 0 of a command's ICF says that none is wanted. In the end code, the top bit
tells a relay's error, and bits 6 and 7 that the controller has an error of its own: neither is the result.

Over TCP each frame is behind "FINS", a length, a command and an error code: the protocol `fins_tcp`. Nodes agree on
their addresses first. Commands that read or force several places have one row per place; only the first row carries
`command` or `reply`.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import fins_names as names, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Transfer, Verb

_PORT = 9600

_PLACE: l.Ops = [
    # A bit's number counts from the beginning of its area; elsewhere it is of no use.
    l.U8("area"), l.U16("address"), l.U8("bit"), l.Call("place"),
]
_TELL: l.Ops = [
    l.Area(l.F("area"), names=names.AREAS, template="area_{}"),
    l.If(l.Has("address"), [
        l.If(l.F("area").among(*names.PLACES), [l.Let("start", l.F("address") * 16 + l.F("bit"))], [
            l.Let("start", l.F("address")), l.Unset(("bit",))])]),
]
_VALUES: l.Ops = [l.Switch("area", {
    (*names.PLACES, *names.FLAGS): [l.Values("u8", l.F("count"))],
    tuple(names.WORDS): [l.Values("u16", l.F("count"))],
    tuple(names.DOUBLES): [l.Values("u32", l.F("count"))],
})]
_NEXT: l.Ops = [
    l.Unset(("item", "area", "address", "bit", "start", "count", "force")), l.Do(None), l.Area(0, names={0: ""}),
]
_PARAMETERS: l.Ops = [
    l.U16("parameter"), l.U16("start"), l.U16("count"), l.Let("count", l.F("count") & 0x7FFF),
    l.Area(l.F("parameter"), names=names.PARAMETERS, template="parameter_area_{}"),
]
_PROGRAM: l.Ops = [l.U16("program"), l.Let("start", l.F("program"))]


def _file(skip: int) -> l.Ops:
    """The name of the first file: twelve characters."""
    return [l.Skip(skip), l.If(l.Left() >= 12, [l.Bytes("file", 12)])]


def _part(direction: int) -> l.Ops:
    """A part of a program: number, first byte, bytes (the top bit: this is the last), data. The row is first, since a
    part that is not the last ends the program of this table."""
    return [
        *_PROGRAM, l.U32("offset"), l.U16("n"), l.Let("last", l.F("n") >> 15), l.Let("length", l.F("n") & 0x7FFF),
        l.Let("direction", direction), l.Row(),
        l.Within(l.F("length"), [l.Gather(
            [l.Rich("program", repeat=True)], first=l.F("offset").eq(0), last=l.F("last"),
            key=l.F("program") * 2 + direction)]),
        l.Stop(),
    ]


_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    0x0101: [l.Do(Verb.READ)],
    (0x0102, 0x0103, 0x0105): [l.Do(Verb.WRITE)],
    0x0201: [l.Do(Verb.READ)],
    (0x0202, 0x0203): [l.Do(Verb.CONFIGURE)],
    0x0220: [l.Do(Verb.READ, "data_link_table")],
    0x0221: [l.Do(Verb.CONFIGURE, "data_link_table")],
    (0x0304, 0x0305): [l.Do(Verb.CONFIGURE, "program_protection")],
    0x0306: [l.Do(Verb.PROGRAM_UPLOAD, "program")],
    (0x0307, 0x0308): [l.Do(Verb.PROGRAM_DOWNLOAD, "program")],
    0x0401: [l.Do(Verb.START)],
    0x0402: [l.Do(Verb.STOP)],
    0x0403: [l.Do(Verb.RESTART)],
    (0x0501, 0x0502, 0x0601, 0x0602, 0x0603, 0x0620, 0x0801, 0x0802, 0x0803): [l.Do(Verb.DIAGNOSE)],
    0x0701: [l.Do(Verb.DIAGNOSE, "clock")],
    0x0702: [l.Do(Verb.CONFIGURE, "clock")],
    # Who has the access right keeps others from changing anything.
    (0x0C01, 0x0C02): [l.Do(Verb.AUTHENTICATE, "access_right")],
    0x0C03: [l.Do(Verb.DIAGNOSE, "access_right")],
    0x2101: [l.Do(Verb.ACKNOWLEDGE, "errors")],
    0x2102: [l.Do(Verb.DIAGNOSE, "error_log")],
    0x2103: [l.Do(Verb.CONFIGURE, "error_log")],
    0x2140: [l.Do(Verb.DIAGNOSE, "write_access_log")],
    0x2141: [l.Do(Verb.CONFIGURE, "write_access_log")],
    (0x2201, 0x220F): [l.Do(Verb.BROWSE, "files")],
    (0x2202, 0x2210): [l.Do(Verb.READ, "file")],
    (0x2203, 0x2205, 0x2207, 0x2208, 0x2211): [l.Do(Verb.WRITE, "file")],
    (0x2204, 0x2206, 0x2215): [l.Do(Verb.CONFIGURE, "file_memory")],
    0x2209: [l.Do(Verb.DIAGNOSE, "file")],
    0x2220: [l.Do(Verb.CONFIGURE, "memory_cassette")],
    0x2302: [l.Do(Verb.FORCE, "release_all")],
    0x230A: [l.Do(Verb.READ, "forced_status")],
    (0x2601, 0x2602): [l.Do(Verb.CONFIGURE, "name")],
    0x2603: [l.Do(Verb.DIAGNOSE, "name")],
}

_TEXTS: dict[int | tuple[int, ...] | range, l.Ops] = {
    0x0101: [*_PLACE, l.U16("count")],
    0x0102: [*_PLACE, l.U16("count"), *_VALUES],
    0x0103: [*_PLACE, l.U16("count"), l.U16("value")],
    0x0104: [l.Repeat(limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.Do(Verb.READ), *_PLACE, l.Let("count", 1), l.Row(),
        l.Unset(("command",))]), l.If(l.Item().ne(0), [l.Stop()])],
    # From where, to where, how many.
    0x0105: [l.Skip(4), *_PLACE, l.U16("count")],
    (0x0201, 0x0202, 0x0203): _PARAMETERS,
    0x0306: [*_PROGRAM, l.U32("offset"), l.U16("length")],
    0x0307: _part(0),
    0x0308: _PROGRAM,
    0x0401: [l.If(l.Left() >= 2, [l.Skip(2), l.If(l.Left() > 0, [l.U8("mode")])])],
    0x0920: [l.If(l.Peek(1).eq(0x40), [l.Do(Verb.ACKNOWLEDGE, "messages")], [l.Do(Verb.DIAGNOSE, "messages")])],
    (0x2202, 0x2209): _file(2),
    (0x2203, 0x2205): _file(4),
    (0x2207, 0x2208): _file(2),
    # What a file is written from, or what is written from a file, or compared.
    0x220A: [l.U16("way"), l.If(l.F("way").eq(1), [l.Do(Verb.WRITE)], [l.If(l.F("way").eq(0), [
        l.Do(Verb.READ)], [l.Do(Verb.DIAGNOSE)])]), *_PLACE, l.U16("count"), *_file(2)],
    0x220B: [l.U16("way"), l.If(l.F("way").eq(1), [l.Do(Verb.CONFIGURE)], [l.Do(Verb.READ)]), *_PARAMETERS, *_file(2)],
    0x220C: [l.U16("way"), l.If(l.F("way").eq(1), [l.Do(Verb.PROGRAM_DOWNLOAD, "program")], [
        l.If(l.F("way").eq(0), [l.Do(Verb.WRITE, "file")], [l.Do(Verb.DIAGNOSE, "program")])]),
        l.U16("program"), l.Skip(8), *_file(2)],
    0x2301: [l.U16("items"), l.Repeat(count=l.F("items"), limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.Do(Verb.FORCE), l.U16("force"), *_PLACE, l.Let("count", 1),
        l.If(l.F("force").ne(0xFFFF), [l.Let("value", l.F("force") & 1)]), l.Row(),
        l.Unset(("command", "value"))]), l.If(l.Item().ne(0), [l.Stop()])],
}

_ANSWERS: dict[int | tuple[int, ...] | range, l.Ops] = {
    0x0101: [l.Recall(), l.If(l.Has("area"), [l.Call("place"), *_VALUES])],
    # Each value is behind the code of its area.
    0x0104: [l.Repeat(limit=256, then=[
        *_NEXT, l.Let("item", l.Item()), l.Recall(), l.Do(Verb.READ), l.U8("area"), l.Let("count", 1), l.Call("place"),
        *_VALUES, l.Row(), l.Unset(("command", "reply")),
        l.If(l.F("area").among(*names.AREAS).eq(0), [l.Stop()])]),
        l.If(l.Item().ne(0), [l.Stop()])],
    0x0306: _part(1),
    0x0501: [l.If(l.Left() >= 40, [l.Rich("controller", hourly=True)])],
    0x0601: [
        l.U8("state"), l.U8("mode"), l.U16("fatal"), l.U16("nonfatal"), l.Skip(2), l.U16("error"),
        l.If(l.Peek(1).ne(0), [l.Bytes("message", 16)])],
}

_FROM, _TO = ("sna", "sa1", "sa2"), ("dna", "da1", "da2")


def _addresses(first: tuple[str, str, str], second: tuple[str, str, str]) -> l.Ops:
    return [l.U8(slot) for slot in (*first, *second)]


_FRAME: l.Ops = [
    l.U8("header", label="information control"), l.Skip(1, "reserved"), l.U8("hops", label="gateways allowed"),
    l.If(l.F("header") & 0x40, [
        # From here on the request's receiver is who answers: its own node may be more than the 0 that was asked.
        *_addresses(_FROM, _TO), l.U8("sid"), l.U16("cmd"), l.Role("response"), l.Let("reply", l.F("cmd")),
        l.U16("end"), l.Let("code", l.F("end") & 0x7F3F),
        l.If(l.F("code"), [l.Let("status", l.F("code"))], [l.Switch("cmd", _ANSWERS)]),
    ], [
        *_addresses(_TO, _FROM), l.U8("sid"), l.U16("cmd"), l.Let("icf", l.F("header")), l.Let("gct", l.F("hops")),
        l.If(l.F("icf") & 1, [l.Role("notify")], [l.Role("request")]),
        l.Let("command", l.F("cmd")), l.Switch("cmd", _VERBS), l.Switch("cmd", _TEXTS),
    ]),
]

_UNITS = (0, *range(0x10, 0x80), 0xE1, 0xFD, 0xFE)
"""Unit addresses: CPU, CPU bus units, special I/O units, inner board, a computer, the network's own unit."""
_MAIN_CODES = (0, 1, 2, 3, 4, 5, 0x10, 0x11, *range(0x20, 0x27), 0x30, 0x40)

_PROBE: l.Ops = [
    l.Check(l.Left() >= 12), l.U8("icf"), l.Check(l.F("icf").among(0x80, 0x81, 0xC0, 0xC1)),
    l.U8("rsv"), l.Check(l.F("rsv").eq(0)), l.U8("gct"), l.Check(l.F("gct") <= 7),
    *_addresses(_TO, _FROM), l.U8("sid"), l.U16("cmd"),
    l.Check(l.both(l.F("dna") < 0x80, l.F("sna") < 0x80, l.F("da2").among(*_UNITS), l.F("sa2").among(*_UNITS))),
    l.Check(l.F("cmd").among(*names.COMMANDS)),
    l.If(l.F("icf") & 0x40, [
        l.Check(l.Left() >= 2), l.Check((l.Peek(1) & 0x7F).among(*_MAIN_CODES)), l.Hint("response")], [
        l.Switch("cmd", {
            0x0101: [l.Check(l.Left().eq(6))],
            (0x0102, 0x0103, 0x0105, 0x0201, 0x0202, 0x0203, 0x0306, 0x0307): [l.Check(l.Left() >= 6)],
            (0x0402, 0x0403, 0x0601, 0x0701, 0x0C03, 0x2103, 0x2302): [l.Check(l.Left() <= 2)],
            0x0401: [l.Check(l.Left() <= 3)],
            0x0501: [l.Check(l.Left() <= 1)],
        }), l.Hint("request")]),
]


def _only(request: str, ops: l.Ops) -> l.Ops:
    """A message of FINS/TCP itself, told like a command: `request` or how else it is meant."""
    return [l.Role(request), l.Let("cmd", l.F("tcp") + names.TCP), l.Let("sid", 0), *ops]  # type: ignore[arg-type]


_TCP_MAIN: l.Ops = [
    l.Skip(8, "magic:4, length:4"), l.U32("tcp", label="FINS/TCP command"), l.U32("tcp_error"),
    l.If(l.F("tcp_error"), [l.Let("status", l.F("tcp_error") + names.TCP)], [l.Unset(("tcp_error",))]),
    l.Switch("tcp", {
        0: _only("request", [l.Let("tcp_command", 0), l.U32("client_node")]),
        # It answers command 0: the same key.
        1: [l.Role("response"), l.Let("cmd", names.TCP), l.Let("sid", 0), l.Let("tcp_reply", 1),
            l.If(l.Left() >= 8, [l.U32("client_node"), l.U32("server_node")])],
        2: [l.If(l.Peek(1) & 0x40, [l.Let("tcp_reply", 2)], [l.Let("tcp_command", 2)]), l.Within(None, _FRAME)],
    }, _only("report", [l.Let("tcp_command", l.F("tcp"))])),
]


def controller(message: Message) -> Iterator[Record]:
    """The answer to controller data read: model and version, of twenty characters each."""
    model, version = _words(message.data[:20]), _words(message.data[20:40])
    if model:
        yield Identity(address=message.src, protocol="fins", evidence="controller data", vendor="Omron",
                       model=" ".join(model), firmware=version[0] if version else None, role="controller")


def program(message: Message) -> Iterator[Record]:
    """A program in full, as it was sent."""
    yield Transfer(protocol="fins", kind="program", name=f"program {message.number('program')}",
                   direction=("download", "upload")[message.number("direction")], bytes=len(message.data), whole=True,
                   sha256=sha256(message.data).hexdigest())


def _words(data: bytes) -> list[str]:
    """Printable words; padding is spaces or zeros."""
    return "".join(chr(b) if 32 < b < 127 else " " for b in data).split()


_COLUMNS = (
    l.Col("icf", "u8", "information control field of the request"),
    l.Col("gateway_count", "u8", "gateways that the request may pass", source="gct"),
    l.Col("dst_network", "u8", "network of who is asked", source="dna"),
    l.Col("dst_node", "u8", "its node", source="da1"),
    l.Col("dst_unit", "u8", "its unit: 0 CPU", source="da2"),
    l.Col("src_network", "u8", "network of who asks", source="sna"),
    l.Col("src_node", "u8", "its node", source="sa1"),
    l.Col("src_unit", "u8", "its unit", source="sa2"),
    l.Col("sid", "u8", "service id: ties the answer to its request"),
    l.Col("command", "u16", "command of the request"),
    l.Col("reply", "u16", "command that the answer repeats"),
    l.Col("function", "str", "its name", source="cmd", names=names.FUNCTIONS, fallback="hex4"),
    l.Col("item", "u16", "which place of several, from 0"),
    l.Col("area", "str", "memory area", names=names.AREAS, fallback="hex2"),
    l.Col("parameter_area", "str", "parameter area", source="parameter", names=names.PARAMETERS, fallback="hex4"),
    l.Col("address", "u16", "word, timer or counter"),
    l.Col("bit", "u8", "bit in that word"),
    l.Col("quantity", "u16", "elements", source="count"),
    l.Col("force", "str", "what is forced", names=names.FORCING, fallback="hex4"),
    l.Col("program", "u16", "number of the program"),
    l.Col("offset", "u32", "first byte of this part of it", unit="B"),
    l.Col("length", "u16", "bytes in this part", unit="B"),
    l.Col("mode", "str", "mode asked for or told", names=names.MODES),
    l.Col("state", "str", "state of the controller", names=names.STATES),
    l.Col("fatal_errors", "str", "fatal errors of the controller", source="fatal", render="hex4"),
    l.Col("nonfatal_errors", "str", "non-fatal errors", source="nonfatal", render="hex4"),
    l.Col("error", "u16", "number of the highest error"),
    l.Col("message", "text", "what the controller says of it", render="text"),
    l.Col("file", "text", "name of the file", render="text"),
    l.Col("end_code", "u16", "end code of the answer, with its flags", source="end"),
    l.Col("end_code_name", "str", "its name, without them", source="code", names={0: "ok", **names.END_CODES},
          fallback="hex4"),
)  # fmt: skip
_TCP_COLUMNS = (
    l.Col("tcp_command", "u32", "command of FINS/TCP: 0 node address, 2 frame, 3 error, 6 confirmation"),
    l.Col("tcp_reply", "u32", "that of the answer: 1 node address, 2 frame"),
    l.Col("tcp_error", "u32", "error code of FINS/TCP, if it is not 0"),
    l.Col("client_node", "u32", "node of the client (0: the server is to choose)"),
    l.Col("server_node", "u32", "node of the server"),
)

_RICH = {"controller": controller, "program": program}
_PROGRAMS = {"place": _TELL}

FINS = l.Protocol(
    name="fins",
    title="FINS (Omron controllers)",
    reference="Omron W342, W227",
    on=(l.On("udp", (_PORT,)),),
    probe=_PROBE,
    confirm=2,
    main=_FRAME,
    programs=_PROGRAMS,
    pair=("sid", "cmd"),
    fleeting=("sid",),
    columns=_COLUMNS,
    function="function",
    status="status",
    statuses=names.END_CODES,
    point="file",
    rich=_RICH,
)
FINS_TCP = l.Protocol(
    name="fins_tcp",
    title="FINS/TCP (Omron controllers)",
    reference="Omron W421, section 7; W342, W227",
    on=(l.On("tcp", (_PORT,)),),
    framing=l.Length(header=16, at=4, width=4, add=8, min=16, max=4096, magic=(0, b"FINS")),
    probe=[
        l.Skip(8), l.U32("tcp"), l.U32("tcp_error"), l.Check(l.F("tcp").among(*names.TCP_COMMANDS)),
        l.Switch("tcp", {
            0: [l.Check(l.Left().eq(4)), l.Hint("request")],
            1: [l.Check(l.Left() <= 8), l.Hint("response")],
            2: [l.Within(None, _PROBE)],
        }),
    ],
    main=_TCP_MAIN,
    programs=_PROGRAMS,
    pair=("sid", "cmd"),
    fleeting=("sid",),
    columns=(*_TCP_COLUMNS, *_COLUMNS),
    function="function",
    status="status",
    statuses={**names.END_CODES, **{code + names.TCP: name for code, name in names.TCP_ERRORS.items()}},
    point="file",
    rich=_RICH,
)
PROTOCOLS = (FINS, FINS_TCP)
