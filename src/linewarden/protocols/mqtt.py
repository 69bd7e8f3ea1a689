"""MQTT 3.1, 3.1.1 and 5: who connects, publishes and subscribes to what; Sparkplug B names of edge nodes and devices.

Source: MQTT 3.1.1 (OASIS) 2.2, 3.1 to 3.11; MQTT 5.0 2.2.2 (properties), 3.2.2.2 (reason codes); Sparkplug 3.0.0 4.1
(topics). One row a CONNECT with its CONNACK, and one each for PUBLISH, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT; pings and
acknowledgements have none. What is published is not kept but its size; of a password only that there was one, and
whether devices come with it.

Packets have a length of one to four octets, which no framing of the engine knows: segments are read one by one, what is
cut is kept for the next, and the rest of a long payload is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import default_logins, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.recognised import word
from linewarden.records import Identity, Verb

_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE, _DISCONNECT = 1, 2, 3, 8, 10, 14
_TYPES = {_CONNECT: "connect", _CONNACK: "connack", _PUBLISH: "publish", _SUBSCRIBE: "subscribe",
          _UNSUBSCRIBE: "unsubscribe", _DISCONNECT: "disconnect"}  # fmt: skip
_REASONS = {
    0: "ok", 1: "unacceptable_version", 2: "identifier_rejected", 3: "server_unavailable",
    4: "bad_user_name_or_password", 5: "not_authorized", 128: "unspecified_error", 129: "malformed_packet",
    130: "protocol_error", 132: "unsupported_version", 133: "identifier_rejected", 134: "bad_user_name_or_password",
    135: "not_authorized", 136: "server_unavailable", 137: "server_busy", 138: "banned", 140: "bad_method",
    144: "topic_name_invalid", 151: "quota_exceeded", 156: "use_another_server", 159: "connection_rate_exceeded",
}  # fmt: skip
_OF_PACKET = ("type", "client_id", "username", "password", "protocol_version", "keep_alive", "will_topic", "reason",
              "topic", "size", "qos", "retain", "packet_id", "filters", "refused", "secret")
_SIDE = l.FromOrig()
_PARTS = 4096
"""Of a packet other than PUBLISH so much is waited for."""


def _variable(slot: str) -> l.Ops:
    """A number in one to four octets (MQTT 5.0, 1.5.5)."""
    ops: l.Ops = []
    for shift in (21, 14, 7):
        ops = [l.If(l.F("octet") & 0x80, [
            l.U8("octet"), l.Let(slot, l.F(slot) | (l.F("octet") & 0x7F) << shift), *ops])] if shift != 21 else [
            l.If(l.F("octet") & 0x80, [l.U8("octet"), l.Let(slot, l.F(slot) | (l.F("octet") & 0x7F) << 21)])]
    return [l.U8("octet"), l.Let(slot, l.F("octet") & 0x7F), *ops]


def _text(slot: str | None) -> l.Ops:
    return [l.U16("n"), l.Bytes(slot, l.F("n")) if slot else l.Skip(l.F("n"))]


_PROPERTIES: l.Ops = [l.If(l.F("level") >= 5, [*_variable("n"), l.Skip(l.F("n"))])]

_ON_CONNECT: l.Ops = [
    l.Role("request"), *_text(None), l.U8("protocol_version"), l.U8("flags"), l.U16("keep_alive"),
    l.Let("level", l.F("protocol_version") & 0x7F), l.Remember("level", l.F("level")), *_PROPERTIES,
    *_text("client_id"),
    l.If(l.F("flags") & 4, [*_PROPERTIES, *_text("will_topic"), *_text(None)]),
    l.Let("password", (l.F("flags") >> 6) & 1),
    l.Do(Verb.AUTHENTICATE, "mqtt, no password"), l.If(l.F("password"), [l.Do(Verb.AUTHENTICATE, "mqtt, clear text")]),
    l.If(l.F("flags") & 0x80, [l.U16("n"), l.Let("octet", l.Pos()), l.Bytes("username", l.F("n")),
                               l.Seek(l.F("octet")), l.Text(l.F("n"))],
         [l.Do(Verb.AUTHENTICATE, "mqtt, anonymous")]),
    # Only to compare it, once the server took it.
    l.If(l.both(l.F("password"), l.Left() >= 2), [
        l.U16("n"), l.If(l.F("n") <= l.Left(), [l.Bytes("secret", l.F("n"))])]),
    l.Rich("client", hourly=True), l.Row(), l.Do(None),
]

_ON_CONNACK: l.Ops = [
    l.Role("response"), l.Unset(("type",)), l.Skip(1), l.U8("reason"),
    l.If(l.F("reason"), [l.Let("refused", l.F("reason"))], [l.Recall(), l.Rich("login")]), l.Row(), l.Do(None),
]

_ON_PUBLISH: l.Ops = [
    l.If(_SIDE, [l.Role("notify"), l.Do(Verb.WRITE, "topic")], [l.Role("report")]),
    l.Let("qos", (l.F("head") >> 1) & 3), l.Let("retain", l.F("head") & 1), *_text("topic"),
    l.Let("size", l.F("length") - 2 - l.F("n")),
    l.If(l.F("qos"), [l.U16("packet_id"), l.Let("size", l.F("size") - 2)]),
    l.If(l.F("level") >= 5, [l.Let("octet", l.Pos()), *_variable("n"),
                             l.Let("size", l.F("size") - l.F("n") - 1)]),
    l.If(l.both(l.F("topic_head").eq(int.from_bytes(b"spBv1.0/", "big")), _SIDE), [
        l.Seek(l.Size()), l.Rich("sparkplug", hourly=True)]),
    l.Row(), l.Do(None),
]


def _on_filters(verb: Verb | None, after: int) -> l.Ops:
    """Topic filters, each with so many octets of options behind it."""
    return [
        l.Role("notify"), l.U16("packet_id"), *_PROPERTIES,
        l.Repeat([l.U16("n"), l.Bytes("filters", l.F("n"), join=b" "), l.Skip(after)], limit=64),
        *([l.Do(verb, "topic")] if verb else []), l.Row(), l.Do(None),
    ]


_BODY = l.Switch("type", {
    _CONNECT: _ON_CONNECT, _CONNACK: _ON_CONNACK, _PUBLISH: _ON_PUBLISH,
    _SUBSCRIBE: _on_filters(Verb.SUBSCRIBE, 1), _UNSUBSCRIBE: _on_filters(None, 0),
    _DISCONNECT: [l.Role("notify"), l.If(l.Left(), [l.U8("reason")]), l.Row()],
})

_KEEP: l.Ops = [
    # Not enough of it is there: all that is left waits for the next segment.
    l.Seek(l.F("at")), l.Let("keep", 1), l.Remember("open", 1, key=_SIDE), l.Call("segment"),
]

_PACKET: l.Ops = [
    l.Unset(_OF_PACKET), l.Let("at", l.Pos()), l.Let("length", -1),
    # The whole length is there if one of its octets ends it.
    l.If(l.either(*(l.both(l.Left() > n + 1, (l.Peek(1, n + 1) & 0x80).eq(0)) for n in range(4)),
                  l.Left() >= 5), [l.U8("head"), *_variable("length")]),
    l.Let("type", l.F("head") >> 4),
    l.Let("needed", l.F("length")),
    l.If(l.F("needed") > _PARTS, [l.Let("needed", _PARTS)]),
    # Topic, packet id and properties' length of a PUBLISH suffice.
    l.If(l.both(l.F("type").eq(_PUBLISH), l.Left() >= 2, l.F("needed") > l.Peek(2) + 8),
         [l.Let("needed", l.Peek(2) + 8)]),
    l.If(l.either(l.F("length") < 0, l.Left() < l.F("needed")), _KEEP),
    l.Let("topic_head", l.Peek(8, 2)),
    l.Let("part", l.F("length")),
    l.If(l.F("part") > l.Left(), [l.Remember("skip", l.F("length") - l.Left(), key=_SIDE), l.Let("part", l.Left())]),
    l.Within(l.F("part"), [l.Call("packet")]),
]

_SEGMENT: l.Ops = [
    l.Let("keep", 0), l.Remember("open", 0, key=_SIDE), l.Let("level", l.Known("level")),
    l.Repeat([l.Call("one")], limit=2048), l.Drop(),
]


def client(message: Message) -> Iterator[Record]:
    """CONNECT: the client's id."""
    name = _printable(message.raw("client_id"))
    version = {3: "3.1", 4: "3.1.1", 5: "5.0"}.get(message.number("level"), str(message.number("level")))
    yield Identity(address=message.src, protocol="mqtt", evidence="CONNECT", name=name or None,
                   description=f"MQTT version {version}")


_OF_NODES = frozenset({"NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"})
"""Message types that edge nodes send; NCMD and DCMD are sent to them, by hosts (Sparkplug 3.0.0 4.2)."""


def sparkplug(message: Message) -> Iterator[Record]:
    """A Sparkplug topic: spBv1.0/group/type/edge node/device."""
    parts = _printable(message.raw("topic")).split("/")
    if len(parts) in (4, 5) and parts[2] in _OF_NODES:
        device = f", device {parts[4]}" if len(parts) == 5 else ""
        yield Identity(address=message.src, protocol="mqtt", evidence="Sparkplug topic", name=parts[3], role="gateway",
                       description=f"Sparkplug edge node {parts[3]} of group {parts[1]}{device}")


def _printable(raw: bytes) -> str:
    return "".join(c for c in raw.decode("utf-8", "replace") if c.isprintable())


_HELLO = l.either(
    word(b"\x00\x04MQTT", 2), word(b"\x00\x06MQIs", 2), word(b"\x00\x04MQTT", 3), word(b"\x00\x04MQTT", 4))

PROTOCOL = l.Protocol(
    name="mqtt",
    title="MQTT",
    reference="MQTT 3.1.1 and 5.0, OASIS",
    on=(l.On("tcp", (1883,)),),
    probe=[
        l.If(l.both(l.Peek(1).eq(0x10), _HELLO), [l.Hint("request")], [
            # In the middle of a dialogue: a known type with its fixed flags, and a length that fits.
            l.Check(l.OnPort()),
            # A PUBLISH of QoS 3 there is not (3.3.1.2).
            l.Check(l.either(l.both((l.Peek(1) >> 4).eq(_PUBLISH), (l.Peek(1) & 6) < 6),
                             l.Peek(1).among(0x20, 0x40, 0x50, 0x62, 0x70, 0x82, 0x90, 0xA2, 0xB0, 0xC0, 0xD0, 0xE0))),
            l.Check(l.either(l.Peek(1, 1) >= 0x80, (l.Peek(1, 1) + 2) <= l.Size()))]),
    ],
    main=[
        l.Let("skip", l.Known("skip", _SIDE)),
        l.If(l.F("skip"), [
            l.If(l.F("skip") > l.Size(), [l.Let("skip", l.Size())]),
            l.Remember("skip", l.Known("skip", _SIDE) - l.F("skip"), key=_SIDE), l.Skip(l.F("skip"))]),
        l.If(l.Left().eq(0), [l.Drop()]),
        l.Call("segment"),
    ],
    programs={
        "one": _PACKET, "packet": [_BODY],
        "segment": [l.Gather(_SEGMENT, last=l.F("keep").eq(0), key=_SIDE, limit=1 << 17,
                             first=l.either(l.F("keep"), l.Known("open", _SIDE).eq(0)))],
    },
    pair=(),
    columns=(
        l.Col("type", "str", "control packet", names=_TYPES),
        l.Col("client_id", "text", "connect: identifier of the client"),
        l.Col("username", "text", "connect: user"),
        l.Col("password", "bool", "connect: a password went over the wire in clear"),
        l.Col("default_of", "text", "whose factory login this is (a row of its own, once the server took it)"),
        l.Col("protocol_version", "u8", "connect: 3 is 3.1, 4 is 3.1.1, 5 is 5.0; 128 more in a bridge"),
        l.Col("keep_alive", "u16", "connect: longest silence", unit="s"),
        l.Col("will_topic", "text", "connect: topic of the message that tells that the client is gone"),
        l.Col("reason", "str", "what the answer to a connect says, or why somebody disconnects", names=_REASONS),
        l.Col("topic", "text", "publish: topic (empty where MQTT 5 has an alias instead)"),
        l.Col("size", "u64", "publish: bytes of payload", unit="B"),
        l.Col("qos", "u8", "publish: quality of service"),
        l.Col("retain", "bool", "publish: the broker keeps it for later subscribers"),
        l.Col("packet_id", "u16", "number of the packet"),
        l.Col("filters", "text", "subscribe, unsubscribe: topic filters, with blanks between"),
    ),
    function="type",
    unit="none",
    point="topic",
    status="refused",
    statuses=_REASONS,
    rich={"client": client, "sparkplug": sparkplug, "login": default_logins.told},
)
