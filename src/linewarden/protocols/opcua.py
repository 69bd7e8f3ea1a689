"""OPC UA over TCP (opc.tcp): reading, writing, calling and subscribing to the values of controllers and servers.

Source: OPC 10000-6 (7.1 connection protocol, 6.7 secure conversation, 5.2 binary encoding) and OPC 10000-4 (services).
A message chunk is three letters of type, a letter for its place (F final, C one of several, A abort), its length, and
the secure channel's id. HEL and ACK open the connection, OPN the channel; MSG carries a service: token, sequence
number, request id, then the node id of the request's or response's encoding, a header, and the service's own fields.

With a security policy other than None the rest may be encrypted: then a row tells type and channel only. Services on
many items have one row an item (beyond `_MANY`, one for all); only a message's first row carries `type`, `service_id`
and their `reply_` twins, so that counting those columns counts messages. Values that a subscription reports come under
the client's handle; the row of `create_monitored_items` tells which node that is.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l, opcua_parsers as parsers, x509
from linewarden.protocols._shared.opcua_names import (
    ACK,
    ATTRIBUTES,
    CLO,
    ERR,
    FAULT,
    FUNCTIONS,
    HEL,
    MODES,
    MSG,
    OPN,
    REQUESTS,
    RESPONSES,
    RHE,
    STATUSES,
    TOKENS,
    TYPES,
)
from linewarden.protocols._shared.opcua_ops import (
    DIAGNOSTIC,
    EXTENSION,
    NODE_SKIP,
    PROGRAMS,
    QUALIFIED,
    STRING,
    array,
    string,
)
from linewarden.records import Verb

_MANY = 200
"""Items of one message that get a row each."""

_KEY = 1 << 33
"""Pair keys of what has no readable request id, apart from the 32-bit request ids."""

_FIRST = ("type", "service_id", "reply_type", "reply_service_id", "items")
"""Slots that only the first row of a message carries."""

_ITEM = ("ns", "start", "point", "attribute", "status", "code", "text", "client_handle", "item_id")
"""Slots of one item, forgotten before the next."""

_FIRST_OF: l.Ops = [l.Int("items", 4, signed=True), l.If(l.F("items") < 0, [l.Let("items", 0)])]
"""A counted array of which the first element tells enough."""


def _items(request: l.Ops) -> l.Ops:
    """A counted array of which each element is a row, if they are not too many."""
    return [
        *_FIRST_OF, l.Let("n", l.F("items")),
        l.If(l.F("n") > _MANY, [*request], [
            l.If(l.F("n") > 0, [
                l.Repeat(count=l.F("n"), limit=_MANY, then=[l.Unset(_ITEM), *request, l.Row(), l.Unset(_FIRST)]),
            ]),
        ]),
    ]


def _answers(answer: l.Ops, area: str = "ns={}") -> l.Ops:
    """The same in a response: each element is joined to its item of the request."""
    return [
        l.Int("n", 4, signed=True),
        l.If(l.both(l.F("n") > 0, l.F("n") <= _MANY), [
            l.Repeat(count=l.F("n"), limit=_MANY, then=[
                # The first item's request is recalled already (the response's header did it).
                l.If(l.Item(), [l.Unset(_ITEM)]), l.Recall(), l.If(l.Has("ns"), [l.Area(l.F("ns"), template=area)]),
                *answer, l.Row(), l.Unset(_FIRST),
            ]),
        ]),
    ]


_STATUS: l.Ops = [l.U32("code"), l.If(l.F("code") >> 31, [l.Let("status", l.F("code"))])]

_READ_VALUE_ID: l.Ops = [l.Call("node"), l.U32("attribute"), *STRING, *QUALIFIED]

_MONITOR: l.Ops = [
    l.Do(Verb.SUBSCRIBE), *_READ_VALUE_ID, l.Skip(4), l.U32("client_handle"), l.Skip(8), *EXTENSION, l.Skip(5),
]

_CALL: l.Ops = [
    # The object, then the method.
    *NODE_SKIP, l.Call("node"), l.Area(l.F("ns"), template="method ns={}"),
    *array([l.Call("variant")], 64),
]

_TOKEN: l.Ops = [
    # ActivateSession: client signature, software certificates, locales, then the user's token.
    l.Do(Verb.AUTHENTICATE),
    *STRING, *STRING, *array([*STRING, *STRING], 16), *array(STRING, 64),
    l.U8("enc"), l.If(l.F("enc").eq(1), [
        l.Skip(1), l.U16("token"), l.Skip(1), l.Skip(4), *STRING,
        l.Area(l.F("token"), names=TOKENS, template="token {}"),
        l.If(l.F("token").eq(324), string("point")),
    ]),
]

_REQUEST: l.Ops = [
    l.Role("request"), l.Let("type", l.F("kind")), l.Let("service_id", l.F("sid")), l.Let("fn", l.F("sid")),
    # Request header: session's token, time, handle, diagnostics wanted, audit entry, timeout, additional header.
    *NODE_SKIP, l.Skip(8), l.U32("handle"), l.Skip(4), *STRING, l.Skip(4), *EXTENSION,
    l.Switch("sid", {
        631: [l.Do(Verb.READ), l.Skip(12), *_items(_READ_VALUE_ID)],
        673: [l.Do(Verb.WRITE), *_items([l.Call("node"), l.U32("attribute"), *STRING, l.Call("value")])],
        712: [l.Do(Verb.WRITE, "method"), *_items(_CALL)],
        826: [l.Do(Verb.SUBSCRIBE, "publish")],
        751: [l.Do(Verb.SUBSCRIBE), l.U32("subscription"), l.Skip(4), *_items(_MONITOR)],
        787: [l.Do(Verb.SUBSCRIBE)],
        (763, 769, 775, 781, 793, 832): [l.Do(Verb.SUBSCRIBE), l.U32("subscription")],
        (799, 841, 847): [l.Do(Verb.SUBSCRIBE)],
        527: [l.Do(Verb.BROWSE), *NODE_SKIP, l.Skip(16), *_FIRST_OF, l.If(l.F("items") > 0, [l.Call("node")])],
        554: [l.Do(Verb.BROWSE), *_FIRST_OF, l.If(l.F("items") > 0, [l.Call("node")])],
        533: [l.Do(Verb.BROWSE), l.Skip(1), *_FIRST_OF],
        (560, 566): [l.Do(Verb.BROWSE), *_FIRST_OF, l.If(l.F("items") > 0, [l.Call("node")])],
        (422, 12208): [l.Do(Verb.BROWSE, "servers"), *string("endpoint")],
        428: [l.Do(Verb.BROWSE, "endpoints"), l.At(l.Pos(), string("endpoint")), l.Rich("url")],
        461: [l.Rich("session_request")],
        467: _TOKEN,
        488: [l.Do(Verb.CONFIGURE), *_FIRST_OF, l.If(l.F("items") > 0, [
            *NODE_SKIP, *NODE_SKIP, l.Call("node"), l.Skip(2), *string("point")])],
        (494, 500, 506): [l.Do(Verb.CONFIGURE), *_FIRST_OF, l.If(l.F("items") > 0, [l.Call("node")])],
        (437, 12211): [l.Do(Verb.CONFIGURE, "discovery"), l.Rich("register")],
        (615, 621): [l.Do(Verb.BROWSE)],
        664: [l.Do(Verb.READ), *EXTENSION, l.Skip(5), *_FIRST_OF, l.If(l.F("items") > 0, [l.Call("node")])],
        700: [l.Do(Verb.WRITE, "history")],
    }),
]

_CHANGES: l.Ops = [
    # DataChangeNotification: handles and values.
    l.Int("n", 4, signed=True),
    l.If(l.F("n") > 0, [
        l.Let("items", l.F("items") + l.F("n")),
        l.Repeat(count=l.F("n"), limit=4096, then=[l.U32("start"), l.Call("value"), l.Unset(("status", "text"))]),
        l.Unset(("start", "code")),
    ]),
]

_PUBLISHED: l.Ops = [
    l.U32("subscription"), l.Area(l.F("subscription"), template="subscription {}"),
    l.Int("n", 4, signed=True), l.If(l.F("n") > 0, [l.Skip(l.F("n") * 4)]),
    l.Skip(1), l.U32("notification"), l.Skip(8), l.Let("items", 0),
    l.Int("parts", 4, signed=True),
    l.If(l.F("parts") > 0, [l.Repeat(count=l.F("parts"), limit=64, then=[
        l.U8("enc"), l.Skip(1), l.U16("data_id"), l.U8("enc"), l.Int("len", 4, signed=True),
        l.Within(l.F("len"), [l.If(l.F("data_id").eq(811), _CHANGES)]),
    ])]),
]

_RESPONSE: l.Ops = [
    l.Role("response"), l.Let("reply_type", l.F("kind")), l.Let("reply_service_id", l.F("sid")),
    l.Recall(), l.If(l.Has("fn").eq(0), [l.Let("fn", l.F("sid"))]),
    # Response header: time, handle, result, diagnostics, string table, additional header.
    l.Skip(8), l.U32("handle"), *_STATUS, *DIAGNOSTIC, *array(STRING), *EXTENSION,
    l.If(l.Has("status").eq(0), [l.Switch("sid", {
        634: _answers([
            l.If(l.either(l.F("attribute").eq(13), l.Has("attribute").eq(0)), [l.Call("value")], [
                l.Let("code", 0), l.Call("value_skip"), l.If(l.F("code") >> 31, [l.Let("status", l.F("code"))])]),
        ]),
        676: _answers(_STATUS),
        715: _answers([*_STATUS, l.Int("n", 4, signed=True), l.If(l.F("n") > 0, [l.Skip(l.F("n") * 4)]),
                       *array([l.Call("diagnostic")], 64), *array([l.Call("variant_skip")], 64)], "method ns={}"),
        754: _answers([*_STATUS, l.U32("item_id"), l.Skip(12), *EXTENSION]),
        829: _PUBLISHED,
        790: [l.U32("subscription")],
        (491, 503): [l.Int("n", 4, signed=True), l.If(l.F("n") > 0, _STATUS)],
        431: [l.Rich("endpoints")],
        425: [l.Rich("servers")],
        464: [l.Rich("session")],
    })]),
    # A fault answers all items of a request: they share its status, but it is counted once.
    l.If(l.Item().eq(0), [l.Row()]), l.Unset(_FIRST),
]

_SERVICE: l.Ops = [
    # The encoding's node id is of the four-byte kind in namespace 0; anything else is encrypted.
    l.If(l.both(l.Left() >= 4, l.Peek(2).eq(0x0001), l.Peek(2, 2).among(FAULT, *REQUESTS, *RESPONSES)), [
        l.Skip(2, "encoding and namespace"), l.U16("sid", label="service"),
        l.If(l.F("sid").among(*REQUESTS), [l.Call("request")], [l.Call("response")]),
    ], [l.Call("sealed")]),
]

_SEALED: l.Ops = [
    # What is encrypted: OPN is a dialogue; of MSG nothing tells which answers which.
    l.Unset(("rid", "sequence")), l.Let("encrypted", 1),
    l.If(l.F("kind").eq(OPN), [
        l.Let("key", _KEY + OPN), l.Let("fn", 446),
        l.If(l.FromOrig(), [l.Role("request"), l.Let("type", OPN)], [l.Role("response"), l.Let("reply_type", OPN)]),
    ], [l.Role("report"), l.Let("type", l.F("kind")), l.Let("fn", l.F("kind")),
        l.If(l.F("kind").eq(CLO), [l.Let("fn", 452)])]),
]

_BODY: l.Ops = [
    l.U32("sequence"), l.U32("rid"), l.Let("key", l.F("rid")),
    l.If(l.F("chunk").eq(0x41), [
        # Given up in the middle: why.
        l.U32("status"), *string("text"),
        l.If(l.FromOrig(), [l.Role("notify"), l.Let("type", l.F("kind"))], [
            l.Role("response"), l.Let("reply_type", l.F("kind"))]),
    ], [l.Gather([l.Call("service")], last=l.F("chunk").ne(0x43), key=l.F("rid"), limit=1 << 22)]),
]

_OPEN: l.Ops = [
    l.Int("policy", 4, signed=True), l.Bytes("policy_uri", l.F("policy")), l.Remember("policy", l.F("policy")),
    l.Int("certificate", 4, signed=True), l.Let("at", l.Pos()), l.Skip(l.F("certificate")), *STRING,
    l.Let("open", l.both(l.Peek(2, 8).eq(0x0001), l.Peek(2, 10).among(446, 449))),
    l.Remember("secured", l.F("open").eq(0)),
    l.If(l.F("open"), _BODY, [l.Call("sealed")]),
    l.If(l.F("certificate") > 0, [l.At(l.F("at"), [l.Rich("certificate")], l.F("certificate"))]),
]

_MESSAGE: l.Ops = [
    l.U32("token_id"), l.Let("policy", l.Known("policy")), l.If(l.F("policy").eq(0), [l.Unset(("policy",))]),
    # In a secured channel the messages may be signed only; then they can be read.
    l.If(l.both(l.Known("secured"), l.either(
        l.F("chunk").ne(0x46), l.Peek(2, 8).ne(0x0001), l.Peek(2, 10).among(FAULT, *REQUESTS, *RESPONSES).eq(0))),
        [l.Call("sealed")], _BODY),
]

_MAIN: l.Ops = [
    l.U24("kind", le=False, label="message type"), l.U8("chunk"), l.Skip(4, "message size"),
    l.Switch("kind", {
        MSG: [l.U32("channel"), *_MESSAGE],
        OPN: [l.U32("channel"), *_OPEN],
        CLO: [l.U32("channel"), *_MESSAGE, l.If(l.Has("rid"), [l.Role("notify")])],
        HEL: [l.Role("request"), l.Let("type", HEL), l.Let("fn", HEL), l.Let("key", _KEY + HEL),
              l.Skip(20, "protocol version:4, receive buffer:4, send buffer:4, largest message:4, most chunks:4"),
              l.At(l.Pos(), string("endpoint")), l.Rich("url")],
        ACK: [l.Role("response"), l.Let("reply_type", ACK), l.Let("fn", HEL), l.Let("key", _KEY + HEL)],
        ERR: [l.Role("report"), l.Let("type", ERR), l.Let("fn", ERR), l.U32("status"), *string("text")],
        RHE: [l.Role("report"), l.Let("type", RHE), l.Let("fn", RHE), *string("application_uri"), *string("endpoint")],
    }, [l.Check(l.Const(0), "message_type")]),
]

_PROBE: l.Ops = [
    l.U24("kind", le=False), l.U8("chunk"), l.U32("size"),
    l.Check(l.F("kind").among(*TYPES)), l.Check(l.F("chunk").among(0x46, 0x43, 0x41)),
    l.Check(l.F("size").eq(l.Size())),
    l.Switch("kind", {
        HEL: [l.Check(l.F("size") >= 32), l.Hint("request")],
        ACK: [l.Check(l.F("size").eq(28)), l.Hint("response")],
        (ERR, RHE): [l.Check(l.F("size") >= 16), l.Hint("response")],
        OPN: [l.Check(l.F("size") >= 32)],
        (MSG, CLO): [
            l.Check(l.F("size") >= 24),
            # After channel, token, sequence number and request id: the encoding's node id, if nothing is encrypted.
            l.Skip(16), l.If(l.Peek(2).eq(0x0001), [
                l.If(l.Peek(2, 2).among(*REQUESTS), [l.Hint("request")]),
                l.If(l.Peek(2, 2).among(FAULT, *RESPONSES), [l.Hint("response")]),
            ]),
        ],
    }),
]

_POLICIES = {47: "None", 51: "Basic256", 56: "Basic128Rsa15", 57: "Basic256Sha256", 63: "Aes256_Sha256_RsaPss",
             64: "Aes128_Sha256_RsaOaep"}
"""Security policies by the length of their URIs, the one thing of them that a flow remembers."""

PROTOCOL = l.Protocol(
    name="opcua",
    title="OPC UA (opc.tcp)",
    reference="OPC 10000-4, OPC 10000-6",
    on=(l.On("tcp", (4840,)),),
    endian="little",
    framing=l.Length(header=8, at=4, width=4, le=True, min=8, max=1 << 20,
                     magic=(0, *(name.encode() for name in TYPES.values()))),
    probe=_PROBE,
    main=_MAIN,
    programs={**PROGRAMS, "service": _SERVICE, "sealed": _SEALED, "request": _REQUEST, "response": _RESPONSE},
    pair=("key",),
    columns=(
        l.Col("type", "str", "message type of the request, or of what stands alone", names=TYPES),
        l.Col("reply_type", "str", "message type of the answer", names=TYPES),
        l.Col("service_id", "u16", "node id of the request's encoding"),
        l.Col("reply_service_id", "u16", "node id of the answer's encoding"),
        l.Col("service", "str", "service by name", source="fn", names=FUNCTIONS),
        l.Col("channel", "u32", "secure channel id"),
        l.Col("token_id", "u32", "security token id"),
        l.Col("security_policy", "str", "security policy of the channel", source="policy", names=_POLICIES),
        l.Col("policy_uri", "text", "security policy, as the OPN or an endpoint names it", render="text"),
        l.Col("encrypted", "bool", "the content could not be read"),
        l.Col("sequence", "u32", "sequence number"),
        l.Col("request_id", "u32", "request id", source="rid"),
        l.Col("handle", "u32", "request handle"),
        l.Col("items", "u32", "elements of the request, or values that a publish response reports"),
        l.Col("namespace", "u16", "namespace index of the node", source="ns"),
        l.Col("node_number", "i64", "numeric identifier of the node (in publish responses none)", source="start"),
        l.Col("node", "text", "other identifier of the node; user name of a login", source="point", render="text"),
        l.Col("attribute", "u32", "attribute read or written"),
        l.Col("attribute_name", "str", "its name", source="attribute", names=ATTRIBUTES),
        l.Col("text", "text", "text read or written; reason of an error", render="text"),
        l.Col("status", "u32", "status code if bad"),
        l.Col("status_name", "str", "its name", source="status", names=STATUSES, fallback="hex8"),
        l.Col("subscription", "u32", "subscription id"),
        l.Col("notification", "u32", "sequence number of a notification message"),
        l.Col("client_handle", "u32", "the client's handle of a monitored item: `start` of its readings"),
        l.Col("item_id", "u32", "the server's id of a monitored item"),
        l.Col("token", "str", "kind of user identity token", names=TOKENS),
        l.Col("endpoint_url", "text", "endpoint URL", source="endpoint", render="text"),
        l.Col("application_uri", "text", "application URI", render="text"),
        l.Col("product_uri", "text", "product URI", render="text"),
        l.Col("security_mode", "str", "security mode of an endpoint", names=MODES),
        l.Col("tokens", "text", "user tokens that an endpoint takes", render="text"),
        *x509.COLUMNS,
    ),
    function="service",
    unit="ns",
    status="status",
    statuses=STATUSES,
    rich=parsers.RICH,
)
