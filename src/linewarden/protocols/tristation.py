"""TriStation: how Triconex safety controllers are programmed, started and stopped (UDP port 1502).

Source: no public specification; see `_shared/tristation_names.py` for who published the numbers. Layouts of arguments
are those of FireEye's and Nozomi Networks' descriptions (2018), checked against the traffic that TRITON makes with a
real Triconex 3008. A datagram is type, channel, length of the data, data, CRC-16; all little-endian. The data of type
5 are direction (0 to the controller, 1 from it), connection, command or answer, sequence number, an unknown word, a
sum, the length again, and arguments. Direction, not the port, tells who asks.

A program or function travels in parts: number, next number, words in all, first word and words of this part (of four
bytes each), the words. A key switch that stands at `run` or `stop` makes the controller refuse a download.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import layout as l, tristation_names as names
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Transfer, Verb

_MAKER = "Triconex"
_SESSION = 0x100
"""Connects, disconnects and pings are named by their type, apart from the numbers of the commands."""

_FUNCTIONS = {
    **names.COMMANDS,
    **{kind + _SESSION: names.TYPES[kind] for kind in (1, 4, 6)},
}

_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    (0, 1, 10, 11, 12, 58, 59, 60, 63, 68): [l.Do(Verb.PROGRAM_DOWNLOAD)],
    55: [l.Do(Verb.PROGRAM_DOWNLOAD, "program")],
    (56, 72): [l.Do(Verb.PROGRAM_DOWNLOAD, "function")],
    3: [l.Do(Verb.PROGRAM_UPLOAD, "configuration")],
    65: [l.Do(Verb.PROGRAM_UPLOAD, "program")],
    66: [l.Do(Verb.PROGRAM_UPLOAD, "function")],
    20: [l.Do(Verb.START)],
    21: [l.Do(Verb.STOP)],
    (22, 23, 80): [l.Do(Verb.SET_MODE)],
    # Points are disabled one by one in the debugger and then hold what was written; enabling frees all of them.
    17: [l.Do(Verb.FORCE, "points")],
    (16, 27): [l.Do(Verb.WRITE, "points")],
    (30, 57): [l.Do(Verb.WRITE, "retentives")],
    62: [l.Do(Verb.WRITE, "ts2_data")],
    28: [l.Do(Verb.READ, "points")],
    61: [l.Do(Verb.READ, "ts2_data")],
    32: [l.Do(Verb.ACKNOWLEDGE, "module_alarms")],
    # The output voter diagnostics find stuck outputs.
    (38, 40): [l.Do(Verb.INHIBIT, "output_voter_diagnostics")],
    (37, 39): [l.Do(Verb.CONFIGURE, "output_voter_diagnostics")],
    (7, 31): [l.Do(Verb.CONFIGURE, "clock")],
    (2, 4, 5, 6, 9, 14, 15, 26, 34, 43, 44, 45, 48, 49, 50, 52): [l.Do(Verb.CONFIGURE)],
    (67, 74): [l.Do(Verb.BROWSE)],
    35: [l.Do(Verb.SUBSCRIBE, "event_log")],
}

_PART: l.Ops = [
    l.U16("number"), l.Skip(2), l.U16("words"), l.U16("offset"), l.U16("blocks"), l.Let("start", l.F("number")),
]


def _part(direction: int) -> l.Ops:
    """A part of a program or function; the row is first, since a part that is not the last ends the program. A part
    of no words only names what will come."""
    key = l.F("number") + l.F("cmd") * 0x10000
    return [
        *_PART, l.Let("direction", direction), l.Row(),
        l.If(l.F("blocks") > 0, [l.Within(l.F("blocks") * 4, [
            l.Gather([l.Rich("program", repeat=True)], first=l.F("offset").eq(0), key=key,
                     last=l.F("offset") + l.F("blocks") >= l.F("words"))])]),
        l.Stop(),
    ]


_PROJECT: l.Ops = [l.Within(10, [l.Until("project", b"\0", optional=True)])]

_REQUEST: l.Ops = [
    l.Role("request"), l.Let("type", l.F("kind")), l.Let("fn", l.F("cmd")), l.Let("command", l.F("cmd")),
    l.Switch("cmd", _VERBS, [l.Do(Verb.DIAGNOSE)]),
    l.Switch("cmd", {
        (55, 56): _part(0),
        (65, 66): [l.U16("number"), l.Skip(4), l.U16("offset"), l.Let("start", l.F("number"))],
        # Name and time of the program that runs; then version, time and name of the one that is to come.
        1: [l.Seek(18), l.U16("minor"), l.U16("major"), l.U32("built"), *_PROJECT],
        59: [l.Seek(10), *_PROJECT],
    }, [l.If(l.Left() > 0, [l.Bytes("argument")])]),
]

_STATUS: l.Ops = [
    # Two unknown bytes, loading, modifying, state of the load, single scan, validity of the program, key, run.
    l.Skip(6), l.U8("valid"), l.U8("key_state"), l.U8("run_state"), l.Seek(58), l.U16("minor"), l.U16("major"),
    l.U32("built"), *_PROJECT,
    l.At(66, [l.Rich("project", hourly=True)], 10),
]

_RESPONSE: l.Ops = [
    l.Role("response"), l.Let("reply_type", l.F("kind")), l.Let("reply", l.F("cmd")),
    l.Switch("cmd", {
        names.REJECTED: [l.U8("reason"), l.Let("status", l.F("reason"))],
        106: [l.Within(None, [l.Rich("attached", hourly=True)])],
        108: _STATUS,
        119: [l.Skip(3), l.U8("run_state"), l.U8("key_state"), l.Seek(32), l.If(l.Left() >= 10, [
            *_PROJECT])],
        151: [l.Rich("modules", hourly=True)],
        (162, 163): _part(1),
    }),
]


def project(message: Message) -> Iterator[Record]:
    """The control program's name and version, in the answer to get CP status."""
    if name := _text(message.data):
        version = f"{message.number('major')}.{message.number('minor')}"
        yield Identity(address=message.src, protocol="tristation", evidence="cp status", vendor=_MAKER,
                       description=f"project {name} {version}", role="safety")


def attached(message: Message) -> Iterator[Record]:
    """The main processor's version, in the answer to attach."""
    major, minor = message.data[3], message.data[4]
    if major in (0, 10):
        firmware = "9" if major == 0 else f"10.{minor}"
        yield Identity(address=message.src, protocol="tristation", evidence="attach", vendor=_MAKER,
                       model="Tricon 3008", firmware=firmware, role="safety")


def modules(message: Message) -> Iterator[Record]:
    """Versions of the modules in a chassis: 16 slots of eight bytes, then texts of the backplane and controller."""
    data = message.data
    if len(data) < 467 or data[1] != 0xFF:
        return
    slots = [data[at : at + 8] for at in range(2, 130, 8)]
    first = next((s for s in slots if s[0] | s[1]), b"")
    firmware = ".".join(str(int.from_bytes(first[at : at + 2], "little")) for at in (2, 4, 6)) if first else None
    yield Identity(address=message.src, protocol="tristation", evidence="module versions", vendor=_MAKER,
                   order_number=_text(data[450:456]) or None, hardware=_text(data[456:459]) or None,
                   serial=_text(data[459:467]) or None, firmware=firmware, role="safety")


def program(message: Message) -> Iterator[Record]:
    """A program or function in full, as it was sent: words with their signature and checksum at the end."""
    kind = "program" if message.number("cmd") in (55, 162) else "function"
    yield Transfer(protocol="tristation", kind="program", direction=("download", "upload")[message.number("direction")],
                   name=f"{kind} {message.number('number')}", bytes=len(message.data), whole=True,
                   sha256=sha256(message.data).hexdigest())


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode("latin-1").strip() if data[:1].isalnum() else ""


PROTOCOL = l.Protocol(
    name="tristation",
    title="TriStation (Triconex safety controllers)",
    reference="no public specification; FireEye and Nozomi Networks on TRITON, 2018",
    on=(l.On("udp", (1502,)),),
    endian="little",
    anywhere=False,
    probe=[
        l.U8("type"), l.U8("channel"), l.U16("length"), l.Check(l.F("type").among(*names.TYPES)),
        l.Check((l.F("length") + 6).eq(l.Size())),
        l.If(l.F("type").eq(names.EXECUTE), [
            l.Check(l.F("length") >= 10), l.U8("from"), l.Check(l.F("from") <= 1),
            l.Check(l.Peek(2, 7).eq(l.F("length"))),
            l.If(l.F("from"), [l.Hint("response")], [l.Hint("request")])], [
            l.If(l.F("type").among(1, 4, 6), [l.Hint("request")], [l.Hint("response")])]),
    ],
    main=[
        l.U8("kind"), l.U8("channel"), l.U16("length"),
        l.If(l.F("kind").eq(names.EXECUTE), [
            l.Within(l.F("length"), [
                l.U8("from"), l.U8("connection"), l.U8("cmd"), l.U8("seq"), l.Skip(6), l.Let("key", l.F("seq")),
                l.Within(None, [l.If(l.F("from"), _RESPONSE, _REQUEST)]),
            ]),
        ], [
            l.Let("key", _SESSION),
            l.If(l.F("kind").among(1, 4, 6), [
                l.Role("request"), l.Let("type", l.F("kind")), l.Let("fn", l.F("kind") + _SESSION)], [
                l.Role("response"), l.Let("reply_type", l.F("kind")),
                l.Switch("kind", {2: [l.Let("fn", 1 + _SESSION)], 3: [l.Let("fn", 4 + _SESSION)]}, [
                    l.Let("status", l.F("kind")), l.Recall()])]),
        ]),
    ],
    pair=("key",),
    fleeting=("seq",),
    columns=(
        l.Col("type", "u8", "message type of the request"),
        l.Col("reply_type", "u8", "message type of the answer"),
        l.Col("reply_type_name", "str", "its name", source="reply_type", names=names.TYPES),
        l.Col("channel", "u8", "channel"),
        l.Col("seq", "u8", "sequence number: ties the answer to its request"),
        l.Col("command", "u8", "command of the request"),
        l.Col("function", "str", "name of the command, or of the message type", source="fn", names=_FUNCTIONS),
        l.Col("reply", "u8", "answer"),
        l.Col("reply_name", "str", "its name", source="reply", names=names.ANSWERS),
        l.Col("reason", "u8", "why the controller refused"),
        l.Col("reason_name", "str", "its name", source="reason", names=names.REASONS),
        l.Col("project", "text", "name of the control program", render="text"),
        l.Col("major", "u16", "its major version"),
        l.Col("minor", "u16", "its minor version"),
        l.Col("built", "u32", "when it was built", unit="s UTC"),
        l.Col("key_state", "str", "position of the key switch", names=names.KEY),
        l.Col("run_state", "str", "state of the control program", names=names.RUN),
        l.Col("number", "u16", "number of the program or function"),
        l.Col("words", "u16", "its words in all, of four bytes"),
        l.Col("offset", "u16", "first word of this part"),
        l.Col("blocks", "u16", "words in this part"),
        l.Col("argument", "text", "other arguments of the command", render="hex"),
    ),
    function="function",
    status="status",
    statuses={**names.REASONS, **{kind: names.TYPES[kind] for kind in range(7, 12)}},
    rich={"project": project, "attached": attached, "modules": modules, "program": program},
)
