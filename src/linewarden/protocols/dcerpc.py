"""DCE/RPC over TCP: remote calls of Windows, and of OPC Classic (DCOM) on top of them.

Source: C706, 12.6 (connection-oriented packets); [MS-RPCE] 2.2.2 (Microsoft's additions); [MS-NLMP] (who logs on). A
connection begins on port 135, where the endpoint mapper tells the port of each service; these are anywhere, so that a
packet is recognised by its head. A bind names interfaces by UUID and gives each a number (context) that later calls
name; then calls have an operation number (`opnum`). One row a call, and one for each context of a bind; only the first
of these carries `type` or `reply_type`. Fragments after the first belong to their call and have no row.

The host that logs on, and the one that asks it to, name themselves in NTLM messages at the end of bind packets.
Read are little-endian packets; those of big-endian hosts are not taken for DCE/RPC.
"""

from __future__ import annotations

from linewarden.protocols._shared import dcerpc as rpc, dcerpc_ops as ops, layout as l, ntlm
from linewarden.records import Verb

_FIRST, _SYNTAX = 1, 20
_OF_CONTEXT = ("type", "reply_type", "context", "interface", "uuid", "interface_version", "result", "auth", "level")

_LOGON: l.Ops = [l.Do(Verb.AUTHENTICATE, "dcerpc")]
_TRAILER: l.Ops = [l.Let("auth", l.Peek(1)), l.Let("level", l.Peek(1, 1))]


def _known(number: l.Expr) -> l.Ops:
    """The interface's name, where it has one."""
    return [l.If(number.among(*rpc.INTERFACES), [l.Let("interface", number)])]


_CONTEXT: l.Ops = [
    # Number of the context, of its transfer syntaxes, a byte; interface, and the transfer syntaxes.
    l.U16("context"), l.U8("syntaxes"), l.Skip(1), l.Let("number", rpc.interface()),
    l.Remember("interface", l.F("number"), key=l.F("context")), *_known(l.F("number")),
    *rpc.UUID_TEXT, l.U16("interface_version"), l.Skip(2), l.Skip(l.F("syntaxes") * _SYNTAX),
    l.Row(), l.Do(None), l.Unset(_OF_CONTEXT),
]

_BIND: l.Ops = [
    *rpc.logon("logon", *_TRAILER),
    # NTLM's own logon is the third message, which comes by itself; the others log on here.
    l.If(l.both(l.F("kind").eq(rpc.BIND), l.Has("auth"), l.F("auth").ne(rpc.NTLM)), _LOGON),
    l.Skip(8), l.U8("contexts"), l.Skip(3), l.Repeat(_CONTEXT, count=l.F("contexts"), limit=64),
]

_BOUND: l.Ops = [
    *rpc.logon("logon", *_TRAILER),
    # Sizes and a group; the port as text, padded to four; a result for each context.
    l.Skip(8), l.U16("port_length"), l.Skip(l.F("port_length")), l.Skip((4 - l.Pos() % 4) % 4),
    l.U8("results"), l.Skip(3),
    l.Repeat([l.U16("result"), l.Skip(2 + _SYNTAX), l.Row(), l.Unset(_OF_CONTEXT)], count=l.F("results"), limit=64),
]

_CALL: l.Ops = [l.Skip(4), *ops.called(l.Known("interface", l.F("rpc_context"))), l.Let("context", l.F("rpc_context"))]

_ANSWER: l.Ops = [l.Recall(), *ops.RETURNED, l.If(l.F("returned"), [l.Let("failed", l.F("returned"))])]

_BODY = l.Switch("kind", {
    rpc.REQUEST: _CALL,
    rpc.RESPONSE: _ANSWER,
    rpc.FAULT: [l.Skip(8), l.U32("status"), l.Let("failed", l.F("status"))],
    (rpc.BIND, rpc.ALTER): _BIND,
    (rpc.BIND_ACK, rpc.ALTER_RESP): _BOUND,
    rpc.BIND_NAK: [l.U16("status"), l.Let("status", l.F("status") + rpc.NAK_BASE),
                   l.Let("failed", l.F("status"))],
    rpc.AUTH3: [*_LOGON, *rpc.logon("logon", *_TRAILER)],
})

_PROBE: l.Ops = [
    l.Check(rpc.is_packet()), l.Check(l.Peek(2, 10) < l.Size()), l.Skip(2), l.U8("kind"),
    l.Check(l.F("kind").among(*rpc.TYPES)),
    l.If(l.F("kind").among(rpc.REQUEST, rpc.BIND, rpc.ALTER, rpc.AUTH3), [l.Hint("request")]),
    l.If(l.F("kind").among(*rpc.ASKED), [l.Hint("response")]),
]

PROTOCOL = l.Protocol(
    name="dcerpc",
    title="DCE/RPC",
    reference="C706, 12.6; [MS-RPCE]",
    on=(l.On("tcp", (135,)),),
    framing=l.Length(header=10, at=8, width=2, le=True, min=16, magic=(4, b"\x10\0\0\0")),
    endian="little",
    probe=_PROBE,
    main=[
        l.Check(rpc.is_packet(), "dcerpc_unknown_packet"),
        l.Skip(2), l.U8("kind"), l.U8("flags"), l.Skip(8), l.U32("call_id"),
        l.If((l.F("flags") & _FIRST).eq(0), [l.Drop()]),
        l.Let("fn", l.F("kind")),
        l.Switch("kind", {
            tuple(rpc.ASKED): [
                l.Role("response"), l.Let("reply_type", l.F("kind")),
                l.Switch("kind", {answer: [l.Let("fn", asked)] for answer, asked in rpc.ASKED.items()})],
            (rpc.REQUEST, rpc.BIND, rpc.ALTER): [l.Role("request"), l.Let("type", l.F("kind"))],
        }, [l.Role("notify"), l.Let("type", l.F("kind"))]),
        _BODY,
    ],
    pair=("call_id",),
    columns=(
        l.Col("call_id", "u32", "number of the call"),
        l.Col("type", "u8", "packet type of the request"),
        l.Col("reply_type", "u8", "packet type of the answer"),
        l.Col("function", "str", "what was asked: bind, request (a call)...", source="fn", names=rpc.TYPES),
        l.Col("context", "u16", "number that the bind gave to the interface"),
        l.Col("uuid", "text", "UUID of the interface, without hyphens (in a bind)", render="hex"),
        l.Col("interface_version", "u16", "its major version"),
        l.Col("result", "str", "what the answer to a bind says of the interface", names=rpc.RESULTS),
        l.Col("status", "str", "why a call failed or a bind was refused", names=rpc.STATUSES, fallback="hex8"),
        l.Col("auth", "str", "who checks the logon", names=rpc.AUTHENTICATION),
        l.Col("level", "str", "what is protected: integrity signs, privacy encrypts too", names=rpc.LEVELS),
        *ops.COLUMNS,
        *ntlm.COLUMNS,
    ),
    programs={"rpc_arguments": ops.ARGUMENTS},
    function="function",
    unit="none",
    status="failed",
    statuses=ops.RETURNS | rpc.STATUSES,
    rich={"logon": ntlm.told},
)
