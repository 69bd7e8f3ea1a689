"""S7comm-plus: the protocol by which engineering tools, panels and OPC servers talk to S7-1200 and S7-1500.

Source: no public specification; the shape is known from the open dissectors and from thomas-v2's S7CommPlusDriver
(facts only). It shares TCP 102 and COTP (RFC 1006) with S7comm; its first byte is 0x72. A PDU is 0x72, a version (1
plain, 2 session, 3 with integrity, 0xFE system event, 0xFF keep-alive), the length of its data, the data, and, in the
last PDU of a message, a trailer of the same first two bytes and length 0. Version 3 data begin with a length byte and
a digest. Then come an opcode (0x31 request, 0x32 response, 0x33 notification), a function and a sequence number. From
firmware with TLS on, the payload after InitSSL is TLS and nothing more can be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.cotp import FRAMING, FUNCTION_NAMES, envelope, probe
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

FUNCTIONS = {
    0x04BB: "explore",
    0x04CA: "create_object",
    0x04D4: "delete_object",
    0x04F2: "set_variable",
    0x04FC: "get_variable",
    0x0506: "add_link",
    0x051A: "remove_link",
    0x0524: "get_link",
    0x0542: "set_multi_variables",
    0x054C: "get_multi_variables",
    0x0556: "begin_sequence",
    0x0560: "end_sequence",
    0x056B: "invoke",
    0x057C: "set_var_substreamed",
    0x0586: "get_var_substreamed",
    0x0590: "get_variables_address",
    0x059A: "abort",
    0x05A9: "error",
    0x05B3: "init_ssl",
    0x1_0001: "notification",
    0x1_0002: "system_event",
    0x1_0003: "keep_alive",
    **FUNCTION_NAMES,
}

_CPU_EXECUTION_UNIT = 0x34
"""Object id of the CPU's execution unit: writing its operating state request starts or stops the CPU."""

_ORDER = rb"6(?:ES|AG|AV|ED|GK)[0-9A-Z] ?[0-9A-Z]{3}-[0-9A-Z]{5}-[0-9A-Z]{4}"
_SESSION = re.compile(rb"(" + _ORDER + rb") *;([VS]?[0-9]+\.[0-9]+(?:\.[0-9]+)?)")
_IM0 = re.compile(rb"\x00\x2a(" + _ORDER + rb") *([ -~]{16})([\x00-\xff]{2})(V[\x00-\xff]{3})")


def paom(message: Message) -> Iterator[Record]:
    """The controller's order number and firmware in the answer to CreateObject: `1;6ES7 ...;V4.2`."""
    if found := _SESSION.search(message.data):
        order, firmware = found[1].decode("latin-1"), found[2].decode("latin-1")
        yield Identity(address=message.src, protocol="s7comm_plus", evidence="session version", vendor="Siemens",
                       order_number=order, firmware=firmware, role="controller")


def im0(message: Message) -> Iterator[Record]:
    """I&M0 in the answer to GetVarSubStreamed: vendor id 42, order number (20), serial number (16), hardware revision
    (2), software revision (4), as in the PROFIBUS Profile Guidelines, Part 1."""
    if found := _IM0.search(message.data):
        order, serial, hardware, firmware = found.groups()
        yield Identity(address=message.src, protocol="s7comm_plus", evidence="I&M0", vendor="Siemens",
                       order_number=order.decode("latin-1"), serial=serial.decode("latin-1").strip() or None,
                       hardware=str(int.from_bytes(hardware, "big")),
                       firmware="V" + ".".join(str(b) for b in firmware[1:]), role="controller")


_WRITE: l.Ops = [
    # The object written stands after session id and transport flags (in SetMultiVariables only for a single object).
    l.If(l.Left() >= 9, [l.Let("object", l.Peek(4, 5))]),
    l.If(l.F("object").eq(_CPU_EXECUTION_UNIT), [l.Do(Verb.SET_MODE)], [l.Do(Verb.WRITE, "variable")]),
]

_REQUEST: l.Ops = [
    l.Role("request"), l.Let("opcode", 0x31), l.Skip(2), l.U16("func"), l.Skip(2), l.U16("seq"),
    l.Let("fn", l.F("func")), l.Let("key", l.F("seq")), l.Let("session", l.Peek(4)),
    # Bit 0x40 of the transport flags: the sender wants no answer.
    l.If(l.Peek(1, 4) & 0x40, [l.Role("notify")]),
    l.Switch("func", {
        (0x04BB, 0x0524, 0x0590): [l.Do(Verb.BROWSE, "object")],
        (0x04F2, 0x0542): _WRITE,
        0x057C: [l.Do(Verb.WRITE, "variable")],
        (0x04FC, 0x054C, 0x0586): [l.Do(Verb.READ, "variable")],
        0x05B3: [l.Do(Verb.AUTHENTICATE)],
    }),
]
_RESPONSE: l.Ops = [
    l.Role("response"), l.Skip(2), l.U16("reply_func"), l.Skip(2), l.U16("seq"), l.Let("fn", l.F("reply_func")),
    l.Let("key", l.F("seq")),
    l.Switch("reply_func", {0x04CA: [l.Rich("paom")], 0x0586: [l.Rich("im0")]}),
]

_DATA: l.Ops = [
    l.If(l.F("version").eq(3), [l.U8("digest"), l.Skip(l.F("digest"))]),
    l.U8("kind"),
    l.Switch("kind", {
        0x31: _REQUEST,
        0x32: _RESPONSE,
        0x33: [l.Role("report"), l.Let("opcode", 0x33), l.U32("object"), l.Let("fn", 0x1_0001)],
    }, [l.Drop()]),
]

_PLUS: l.Ops = [
    l.U8("magic"),
    # What is encrypted (TLS) or foreign leaves no row.
    l.If(l.F("magic").ne(0x72), [l.Drop()]),
    l.U8("version"), l.U16("length"),
    l.Switch("version", {
        0xFE: [l.Role("report"), l.Let("fn", 0x1_0002)],
        0xFF: [l.Drop()],
        (1, 2, 3): [
            # Without a trailer the message goes on in the next PDU, which has no opcode of its own.
            l.Let("open", l.Known("open", l.FromOrig())),
            l.Remember("open", l.Left() <= l.F("length"), l.FromOrig()),
            l.If(l.F("open"), [l.Drop()]),
            l.Within(l.F("length"), _DATA),
        ],
    }, [l.Drop()]),
]

_SHAPE: l.Ops = [
    l.U8("magic"), l.U8("version"), l.U16("size"),
    l.Check(l.F("magic").eq(0x72)),
    l.Check(l.F("version").among(1, 2, 3, 0xFE, 0xFF)),
    l.If(l.F("eot") & 0x80, [l.Check(l.either(l.Left().eq(l.F("size")), l.Left().eq(l.F("size") + 4)))]),
    l.If(l.F("version").among(1, 2), [l.Switch(l.Peek(1), {0x31: [l.Hint("request")], 0x32: [l.Hint("response")]})]),
    l.If(l.F("version").eq(3), [l.Switch(l.Peek(1, 33), {0x31: [l.Hint("request")], 0x32: [l.Hint("response")]})]),
]

PROTOCOL = l.Protocol(
    name="s7comm_plus",
    title="S7comm-plus (SIMATIC S7-1200/1500)",
    reference="no public specification; RFC 1006, X.224",
    on=(l.On("tcp", (102,)),),
    framing=FRAMING,
    probe=probe([l.Seek(6), l.U8("eot"), *_SHAPE]),
    main=envelope("plus", "key"),
    programs={"plus": _PLUS},
    pair=("key",),
    columns=(
        l.Col("version", "u8", "protocol version of the PDU"),
        l.Col("opcode", "u8", "0x31 request, 0x33 notification (null if only the answer was seen)"),
        l.Col("func", "u16", "function code of the request"),
        l.Col("reply_func", "u16", "function code of the answer"),
        l.Col("function", "str", "its name", source="fn", names=FUNCTIONS, fallback="hex4"),
        l.Col("seq", "u16", "sequence number"),
        l.Col("session", "u32", "session id"),
        l.Col("object", "u32", "object written, or subscription that notifies"),
        l.Col("tsap_calling", "text", "caller's TSAP", render="hex"),
        l.Col("tsap_called", "text", "called TSAP", render="text"),
        l.Col("rack", "u8", "rack in the called TSAP"),
        l.Col("slot", "u8", "slot in the called TSAP"),
    ),
    function="function",
    rich={"paom": paom, "im0": im0},
)
