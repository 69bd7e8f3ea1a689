"""DHCP: how hosts get their addresses, and say their names while asking.

Source: RFC 2131 2 (message), RFC 2132 (options), RFC 3046 (relay agent). Columns follow Zeek's dhcp.log. A client
without an address asks all, and is answered in another flow: there the row of the question and the row of the answer
share `xid` and `mac`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Binding, Identity

_TYPES = {
    1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM",
    9: "FORCERENEW", 10: "LEASEQUERY", 11: "LEASEUNASSIGNED", 12: "LEASEUNKNOWN", 13: "LEASEACTIVE",
    14: "BULKLEASEQUERY", 15: "LEASEQUERYDONE", 16: "ACTIVELEASEQUERY", 17: "LEASEQUERYSTATUS", 18: "TLS",
}  # fmt: skip
_COOKIE = 0x63825363
_OPTIONS_AT = 240
_TYPE, _HOST_NAME, _REQUESTED, _VENDOR_CLASS, _CLIENT_FQDN = 53, 12, 50, 60, 81
_REQUEST, _ACK = 3, 5

_OPTION: l.Ops = [
    l.U8("option"),
    l.Switch("option", {
        0: [],
        255: [l.Seek(l.Size())],
    }, [
        l.U8("length"),
        l.Within(l.F("length"), [l.Switch("option", {
            _TYPE: [l.If(l.F("op").eq(1), [l.U8("msg_type")], [l.U8("reply_type")])],
            _HOST_NAME: [l.Bytes("host_name")],
            15: [l.Bytes("domain")],
            _REQUESTED: [l.U32("requested_addr")],
            51: [l.U32("lease_time")],
            54: [l.U32("server_id")],
            56: [l.Bytes("text")],
            _VENDOR_CLASS: [l.Bytes("vendor_class")],
            _CLIENT_FQDN: [l.Skip(3), l.Bytes("client_fqdn")],
            3: [l.U32("router")],
        })]),
    ]),
]


def client(message: Message) -> Iterator[Record]:
    """A message from its `chaddr` on (RFC 2131 2): who the client is, and in an ACK which address is bound to it."""
    data = message.data
    if message.number("hardware") != 1 or message.number("hardware_length") != 6:
        return
    mac = data[:6].hex(":")
    options = _options(data[_OPTIONS_AT - 28 :])
    answer = message.number("op") == 2
    kind = (options.get(_TYPE) or b"\0")[0]
    address = message.number("yiaddr") or message.number("ciaddr")
    if answer:
        if kind == _ACK and address:
            yield Binding(mac=mac, ip=str(IPv4Address(address)), source="dhcp", frames=1)
        return
    requested = options.get(_REQUESTED, b"")
    # In a DISCOVER the address is a wish (perhaps of another network); in a REQUEST it was offered, or used before.
    if kind == _REQUEST and not address and len(requested) == 4:
        address, = struct.unpack(">I", requested)
    name = _text(options.get(_HOST_NAME, b"")) or _text(options.get(_CLIENT_FQDN, b"")[3:])
    vendor_class = _text(options.get(_VENDOR_CLASS, b""))
    if name or vendor_class:
        ip = str(IPv4Address(address)) if address else None
        yield Identity(address=ip or mac, protocol="dhcp", evidence=_TYPES.get(kind, "BOOTP").lower(),
                       name=name or None, mac=mac, ip=ip,
                       description=f"vendor class {vendor_class}" if vendor_class else None)


def _options(data: bytes) -> dict[int, bytes]:
    """Options by code; parts of one option are put together (RFC 3396)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        code = data[at]
        if code == 0:
            at += 1
            continue
        length = data[at + 1]
        found[code] = found.get(code, b"") + data[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def _text(data: bytes) -> str:
    return "".join(c for c in data.decode("utf-8", "replace") if c.isprintable()).strip()


PROTOCOL = l.Protocol(
    name="dhcp",
    title="DHCP and BOOTP",
    reference="RFC 2131; RFC 2132",
    on=(l.On("udp", (67,)),),
    probe=[
        l.Check(l.Size() >= 236), l.U8("op"), l.Check(l.F("op").among(1, 2)), l.U8("hardware"), l.U8("length"),
        l.Check(l.F("length") <= 16), l.U8("hops"), l.Check(l.F("hops") <= 16),
        l.If(l.Size() >= _OPTIONS_AT, [l.Check(l.Peek(4, 236, whence="start").eq(_COOKIE))],
             [l.Check(l.OnPort())]),
        l.If(l.OnPort().eq(0), [l.Check(l.both(l.F("hardware").eq(1), l.F("length").eq(6)))]),
        l.If(l.F("op").eq(1), [l.Hint("request")], [l.Hint("response")]),
    ],
    main=[
        l.U8("op"), l.U8("hardware"), l.U8("hardware_length"), l.U8("hops"), l.U32("xid"), l.U16("seconds"),
        l.U16("flags"), l.U32("ciaddr"), l.U32("yiaddr"), l.U32("siaddr"), l.U32("giaddr"), l.U48("mac"),
        # Null rather than 0.0.0.0 where there is no address.
        l.If(l.F("ciaddr"), [l.Let("client_addr", l.F("ciaddr"))]),
        l.If(l.F("yiaddr"), [l.Let("assigned_addr", l.F("yiaddr"))]),
        l.If(l.F("giaddr"), [l.Let("relay_addr", l.F("giaddr"))]),
        l.If(l.F("op").eq(2), [l.Role("response")], [
            l.Role("request"),
            # Asked of all, answered elsewhere.
            l.If(l.either(l.F("ciaddr"), l.F("giaddr")).eq(0), [l.Role("notify")])]),
        l.Seek(236),
        l.If(l.both(l.Left() >= 4, l.Peek(4).eq(_COOKIE)), [l.Skip(4), l.Repeat(_OPTION, limit=128)]),
        l.If(l.F("msg_type").among(4, 7), [l.Role("notify")]),
        l.At(28, [l.Rich("client")]),
        # A request that was sent again is answered too, but there was one answer.
        l.Row(), l.Unset(("reply_type",)),
    ],
    pair=("xid",),
    columns=(
        l.Col("xid", "str", "transaction identifier", render="hex8"),
        l.Col("msg_type", "u8", "message type of the client's message (option 53)"),
        l.Col("client_message", "str", "its name", source="msg_type", names=_TYPES),
        l.Col("reply_type", "u8", "message type of the server's answer"),
        l.Col("server_message", "str", "its name", source="reply_type", names=_TYPES),
        l.Col("mac", "str", "client's hardware address", render="mac"),
        l.Col("client_addr", "str", "address that the client has", render="ip4"),
        l.Col("requested_addr", "str", "address that the client wants", render="ip4"),
        l.Col("assigned_addr", "str", "address that the server gives", render="ip4"),
        l.Col("server_addr", "str", "server identifier", source="server_id", render="ip4"),
        l.Col("relay_addr", "str", "relay agent that passed it on", render="ip4"),
        l.Col("hops", "u8", "relay agents on the way"),
        l.Col("host_name", "text", "name that the client (or the server for it) gives"),
        l.Col("client_fqdn", "text", "full name that the client gives"),
        l.Col("domain", "text", "domain that the server gives"),
        l.Col("router", "str", "router that the server gives", render="ip4"),
        l.Col("lease_time", "u32", "how long the address is lent", unit="s"),
        l.Col("vendor_class", "text", "vendor class identifier"),
        l.Col("message_text", "text", "error text", source="text"),
    ),
    function="client_message",
    rich={"client": client},
)
