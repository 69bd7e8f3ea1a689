"""TLS and SSL 3: which version and cipher two hosts agree on, and who they say they are.

Source: RFC 8446 4 and 5 (TLS 1.3), RFC 5246 7 (TLS 1.2), RFC 6066 3 (server name), RFC 7301 (ALPN), RFC 6101 (SSL 3).
Only what is sent in the clear is read: both hellos (one row, columns of Zeek's ssl.log), the other handshake messages
up to ChangeCipherSpec (one row each), alerts, and up to TLS 1.2 the certificates (one row for the sender's own). A
handshake message may span records, and a record may hold several.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l, x509
from linewarden.protocols._shared.it_tls_names import ALERTS, CIPHERS, HANDSHAKES, VERSIONS
from linewarden.protocols._shared.message import Message, Native, Record
from linewarden.records import Identity

_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE = 1, 2, 11
_SERVER_NAME, _ALPN, _SUPPORTED_VERSIONS = 0, 16, 43
_SIDE = l.FromOrig()


def _extensions(cases: dict[int | tuple[int, ...] | range, l.Ops]) -> l.Op:
    return l.If(l.Left() >= 2, [l.U16("extensions"), l.Within(l.F("extensions"), [l.Repeat([
        l.U16("extension"), l.U16("length"),
        l.Within(l.F("length"), [l.Switch("extension", cases)]),
    ], limit=128)])])


_CLIENT: l.Ops = [
    l.Role("request"), l.Let("handshake", _CLIENT_HELLO), l.U16("client_version"), l.Skip(32, "random"),
    l.U8("length", label="session length"), l.Skip(l.F("length"), "session"),
    l.U16("length", label="cipher suites length"), l.Let("ciphers_offered", l.F("length") // 2),
    l.Skip(l.F("length"), "cipher suites"), l.U8("length", label="compression length"),
    l.Skip(l.F("length"), "compression"),
    _extensions({
        _SERVER_NAME: [l.Skip(2), l.U8("kind"), l.U16("length"),
                       l.If(l.F("kind").eq(0), [l.Bytes("server_name", l.F("length"))])],
        _ALPN: [l.U16(), l.U8("length"), l.Bytes("alpn", l.F("length"))],
        # The highest offered version; values of the form 0x?A?A are noise on purpose (RFC 8701).
        _SUPPORTED_VERSIONS: [l.U8(), l.Repeat([
            l.U16("v"), l.If(l.both((l.F("v") & 0x0F0F).ne(0x0A0A), l.F("v") > l.F("client_version")),
                             [l.Let("client_version", l.F("v"))])], limit=32)],
    }),
    l.Row(),
]

_SERVER: l.Ops = [
    l.Role("response"), l.Let("reply_handshake", _SERVER_HELLO), l.U16("version"), l.Skip(32, "random"),
    l.U8("length", label="session length"), l.Skip(l.F("length"), "session"), l.U16("cipher"), l.Skip(1, "compression"),
    _extensions({
        _SUPPORTED_VERSIONS: [l.U16("version")],
        _ALPN: [l.U16(), l.U8("length"), l.Bytes("next_protocol", l.F("length"))],
    }),
    l.Row(),
]

_HELLO_SLOTS = ("handshake", "reply_handshake", "client_version", "version", "cipher", "server_name", "alpn",
                "next_protocol", "ciphers_offered")

_MESSAGES: l.Ops = [
    l.U8("type"), l.U24("size"),
    l.If(l.F("size") > l.Left(), [
        # It goes on in the next record.
        l.Remember("missing", l.F("size") - l.Left(), _SIDE), l.Let("first", 1), l.Let("last", 0),
        l.Seek(l.Pos() - 4), l.Call("gather")]),
    l.Unset(_HELLO_SLOTS),
    l.Within(l.F("size"), [
        l.Switch("type", {
            _CLIENT_HELLO: _CLIENT,
            _SERVER_HELLO: _SERVER,
        }, [
            l.Role("report"), l.Let("handshake", l.F("type")),
            l.If(l.F("type").eq(_CERTIFICATE), [l.Rich("certificates")]),
            l.Row()]),
    ]),
]

_HANDSHAKE: l.Ops = [
    # Encrypted ones have any first octet; after a retry a second hello comes in the clear (RFC 8446 4.1.4).
    l.If(l.both(l.Known("ciphered", _SIDE), l.either(
        l.Peek(1).among(_CLIENT_HELLO, _SERVER_HELLO).eq(0), l.Peek(3, 1).ne(l.Left() - 4))), [l.Drop()]),
    l.Let("missing", l.Known("missing", _SIDE)),
    l.If(l.F("missing") > 0, [
        l.Let("first", 0), l.Let("last", l.F("missing") <= l.Left()),
        l.Remember("missing", l.F("missing") - l.Left(), _SIDE),
        l.If(l.F("last"), [l.Remember("missing", 0, _SIDE), l.Within(l.F("missing"), [l.Call("gather")])],
             [l.Call("gather")])]),
    l.Repeat([l.Call("messages")], limit=64),
]

_PROBE: l.Ops = [
    l.U8("kind"), l.U16("v"), l.U16("size"),
    l.Check(l.both(l.F("v") >= 0x0300, l.F("v") <= 0x0304, l.F("size") >= 1, l.F("size") <= 18_432)),
    l.Switch("kind", {
        22: [
            l.If(l.both(l.Left() >= 6, l.Peek(1).among(1, 2), l.Peek(1, 4).eq(3), l.Peek(3, 1) <= 65_536), [
                l.If(l.Peek(1).eq(1), [l.Hint("request")], [l.Hint("response")])
            ], [l.Check(l.OnPort())])],
        20: [l.Check(l.both(l.OnPort(), l.F("size").eq(1)))],
        21: [l.Check(l.OnPort()), l.Check(l.F("size") >= 2), l.Later()],
        23: [l.Check(l.OnPort())],
    }, [l.Check(l.Size() < 0)]),
]


def certificates(message: Message) -> Iterator[Record]:
    """A Certificate message (RFC 5246 7.4.2): the sender's own certificate comes first."""
    data = message.data
    total, first = int.from_bytes(data[:3], "big"), int.from_bytes(data[3:6], "big")
    if total < 3 or not 0 < first <= len(data) - 6:
        return
    found = x509.parse(data[6 : 6 + first])
    yield Native(found.row())
    if found.common_name:
        # A wildcard names a domain, not a host.
        name = None if "*" in found.common_name else found.common_name
        yield Identity(
            address=message.src, protocol="tls", evidence="certificate", name=name,
            description=f"certificate of {found.subject}, issued by {found.issuer}, valid until {found.not_after[:10]}")


PROTOCOL = l.Protocol(
    name="tls",
    title="TLS and SSL 3",
    reference="RFC 8446; RFC 5246",
    on=(l.On("tcp", (443, 465, 563, 636, 853, 989, 990, 992, 993, 995, 3269, 4843, 5061, 5671, 8443, 8883, 9443)),),
    framing=l.Length(header=5, at=3, width=2, add=5, min=6, max=18_437, magic=(1, b"\x03")),
    probe=_PROBE,
    main=[
        l.U8("kind", label="record type"), l.U16(label="record version"), l.U16("length", label="record length"),
        l.Switch("kind", {
            20: [l.Remember("ciphered", 1, _SIDE), l.Drop()],
            21: [
                # Encrypted alerts are longer.
                l.If(l.either(l.F("length").ne(2), l.Known("ciphered", _SIDE)), [l.Drop()]),
                l.Role("report"), l.U8("alert_level"), l.U8("last_alert"), l.Row()],
            22: _HANDSHAKE,
            24: [l.If(l.Known("ciphered", _SIDE).eq(0), [l.Odd("tls_heartbeat_in_clear", "length")]), l.Drop()],
        }, [l.Drop()]),
        l.Drop(),
    ],
    programs={
        "messages": _MESSAGES,
        # One program, so that every record of a message adds to the same one.
        "gather": [l.Gather([l.Call("messages")], last=l.F("last"), first=l.F("first"), limit=1 << 17)],
    },
    pair=(),
    columns=(
        l.Col("handshake", "u8", "handshake message of the sender (1 client hello)"),
        l.Col("handshake_name", "str", "its name", source="handshake", names=HANDSHAKES),
        l.Col("reply_handshake", "u8", "2 if the server's hello was seen"),
        l.Col("version", "str", "version that the server chose", names=VERSIONS, fallback="hex4"),
        l.Col("client_version", "str", "highest version that the client offers", names=VERSIONS, fallback="hex4"),
        l.Col("cipher", "str", "cipher suite that the server chose", names=CIPHERS, fallback="hex4"),
        l.Col("ciphers_offered", "u16", "how many suites the client offers"),
        l.Col("server_name", "text", "host that the client asks for"),
        l.Col("alpn", "str", "first application protocol that the client offers"),
        l.Col("next_protocol", "str", "application protocol that the server chose"),
        l.Col("alert_level", "u8", "1 warning, 2 fatal"),
        l.Col("last_alert", "str", "alert in the clear", names=ALERTS),
        *x509.COLUMNS,
    ),
    function="handshake_name",
    rich={"certificates": certificates},
)
