"""VNC (RFB): versions, kinds of authentication that are offered and chosen, the result, and the desktop's name.

Source: RFC 6143 7.1 (handshake), 7.2 (security types), 7.3 (init); the registry of its 8.1. One row a login: what the
client chose, with the result. Challenge and response are passed over. Each step is a turn of one side, so that the
step alone says what a segment is; after the desktop's name nothing is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.recognised import word
from linewarden.records import Identity, Verb

_NONE, _VNC = 1, 2
_SECURITY = {0: "refused", _NONE: "none", _VNC: "vnc password", 5: "ra2", 6: "ra2ne", 16: "tight", 17: "ultra",
             18: "tls", 19: "vencrypt", 20: "sasl", 21: "md5", 22: "xvp", 30: "apple", 35: "apple"}  # fmt: skip
_RESULTS = {0: "ok", 1: "failed", 2: "too_many_attempts"}
_OFFERED, _CHOSEN, _CHALLENGED, _ANSWERED, _RESULT, _CLIENT_INIT, _SERVER_INIT, _DONE = range(2, 10)
_SERVER = l.FromOrig().eq(0)


def _to(step: int) -> l.Op:
    return l.Remember("step", step)


_ROW: l.Ops = [l.Let("client_version", l.Known("client")), l.Let("server_version", l.Known("server"))]

_VERSION: l.Ops = [
    l.Let("minor", (l.Peek(1, 8) - 48) * 100 + (l.Peek(1, 9) - 48) * 10 + l.Peek(1, 10) - 48),
    l.If(l.FromOrig(), [l.Remember("client", l.F("minor")), _to(_OFFERED)], [l.Remember("server", l.F("minor"))]),
    l.Rich("version", hourly=True), l.Drop(),
]

_LOGON: l.Ops = [
    l.Do(Verb.AUTHENTICATE, "vnc"), l.If(l.F("security").eq(_NONE), [l.Do(Verb.AUTHENTICATE, "vnc, no password")]),
    _to(_DONE),
    l.If(l.F("security").eq(_VNC), [_to(_CHALLENGED)]),
    l.If(l.F("security").eq(_NONE), [_to(_CLIENT_INIT), l.If(l.F("client_version") >= 8, [_to(_RESULT)])]),
]

_STEPS = l.Switch(l.Known("step"), {
    _OFFERED: [l.If(_SERVER, [
        *_ROW,
        l.If(l.F("client_version") < 7, [
            # Version 3.3: the server decides.
            l.U32("security"), l.Role("report"), *_LOGON, l.Row(), l.Drop()]),
        l.U8("count"), l.Let("offered", 0),
        l.Repeat([l.U8("kind"), l.If(l.F("kind") < 62, [l.Let("offered", l.F("offered") | l.Const(1) << l.F("kind"))])],
                 count=l.F("count")),
        l.Remember("offered", l.F("offered")), _to(_CHOSEN),
        l.If(l.F("count").eq(0), [l.Role("report"), l.Let("security", 0), l.Row(), _to(_DONE)])])],
    _CHOSEN: [l.If(l.FromOrig(), [
        l.Role("request"), *_ROW, l.U8("security"), l.Let("offered", l.Known("offered")), *_LOGON, l.Row()])],
    _CHALLENGED: [l.If(_SERVER, [_to(_ANSWERED)])],
    _ANSWERED: [l.If(l.FromOrig(), [_to(_RESULT)])],
    _RESULT: [l.If(_SERVER, [
        l.Role("response"), l.U32("result"), _to(_CLIENT_INIT),
        l.If(l.F("result"), [l.Let("failed", l.F("result")), _to(_DONE)]), l.Row()])],
    _CLIENT_INIT: [l.If(l.FromOrig(), [_to(_SERVER_INIT)])],
    _SERVER_INIT: [l.If(_SERVER, [_to(_DONE), l.Rich("desktop")])],
})


def version(message: Message) -> Iterator[Record]:
    """The protocol version (RFC 6143, 7.1.1)."""
    text = message.data[:12].decode("ascii", "replace").strip()
    yield Identity(address=message.src, protocol="vnc", evidence="RFB version", software=text)


def desktop(message: Message) -> Iterator[Record]:
    """ServerInit (7.3.2): the desktop's name."""
    size, = struct.unpack_from("!I", message.data, 20)
    name = "".join(c for c in message.data[24 : 24 + min(size, 256)].decode("utf-8", "replace") if c.isprintable())
    if name:
        yield Identity(address=message.src, protocol="vnc", evidence="RFB ServerInit", name=name)


PROTOCOL = l.Protocol(
    name="vnc",
    title="VNC (RFB)",
    reference="RFC 6143",
    on=(l.On("tcp", (5900, 5901, 5800)),),
    probe=[l.Check(word(b"RFB 00"))],
    main=[
        l.If(l.Known("step").eq(_DONE), [l.Drop()]),
        l.If(l.both(word(b"RFB 00"), l.Known("step").eq(0)), _VERSION),
        _STEPS, l.Drop(),
    ],
    pair=(),
    columns=(
        l.Col("server_version", "u8", "minor version of the server (3, 7 or 8)"),
        l.Col("client_version", "u8", "minor version of the client"),
        l.Col("offered", "u64", "security types that the server offers: bit 1 none, bit 2 vnc password, and so on"),
        l.Col("security", "str", "security type that was chosen", names=_SECURITY),
        l.Col("result", "str", "result of the login; null where the version has none", names=_RESULTS),
    ),
    unit="none",
    status="failed",
    statuses=_RESULTS,
    rich={"version": version, "desktop": desktop},
)
