"""HTTP/1.x, and SSDP, which is HTTP in datagrams (UPnP discovery).

Source: RFC 9112 (messages), RFC 9110 11 (authentication), RFC 7617 (Basic), RFC 7616 (Digest); UPnP Device
Architecture 2.0 clause 1 (SSDP). Only heads are read; bodies are passed over. Passwords are never kept:
those of Basic are compared with the logins that devices come with. Columns follow Zeek's http.log.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator

from linewarden.protocols._shared import default_logins, layout as l, ntlm
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Command, Identity, Verb

_METHODS = (b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"PROPFIND", b"PROPPATCH",
            b"MKCOL", b"REPORT", b"SUBSCRIBE", b"UNSUBSCRIBE", b"NOTIFY", b"M-POST")
_STARTS = (*(m + end for m in _METHODS for end in (b" /", b" http")), b"OPTIONS *", b"CONNECT ", b"HTTP/1.")
_SCHEMES = ("basic", "digest", "ntlm", "negotiate", "bearer")
_HTTP = 0x48545450

_STATUS: l.Ops = [
    # "HTTP/1.1 200 OK": three digits.
    l.Skip(5), l.Until("version", b" "),
    l.U8("a"), l.U8("b"), l.U8("c"),
    l.Let("status_code", (l.F("a") - 48) * 100 + (l.F("b") - 48) * 10 + l.F("c") - 48),
    l.Check(l.both(l.F("status_code") >= 100, l.F("status_code") <= 999), "bad_status_line"),
    l.Until("status_msg", b"\r\n"),
]

_REQUEST_LINE: l.Ops = [
    l.Until("method", b" "), l.Until("uri", b" HTTP/"), l.Until("version", b"\r\n"),
]

_PROBE: l.Ops = [
    l.If(l.Peek(4).eq(_HTTP), [
        l.Check(l.Peek(1, 8).eq(0x20)), *_STATUS, l.Hint("response"),
    ], [
        *_REQUEST_LINE, l.Check(l.both(l.Pos() > 12, l.Pos() < 8192)), l.Hint("request"),
    ]),
]


def credentials(message: Message) -> Iterator[Record]:
    """The rest of a head, from the value of `Authorization` or `WWW-Authenticate` on.

    Basic tells the user in clear text: an `authenticate` command (without the password). Digest tells the user's
    name. NTLM tells host, domain and user.
    """
    line = message.data.partition(b"\r\n")[0].strip().decode("latin-1")
    scheme, _, rest = line.partition(" ")
    scheme = scheme.lower()
    if scheme not in _SCHEMES:
        return
    area = {"basic": "http basic, clear text"}.get(scheme, f"http {scheme}")
    user = ""
    if scheme == "basic":
        user = _decoded(rest).partition(b":")[0].decode("utf-8", "replace")
    elif scheme == "digest":
        user = rest.partition('username="')[2].partition('"')[0]
    elif scheme in ("ntlm", "negotiate") and rest:
        said = ntlm.parse(_decoded(rest))
        if said is None or said.kind == 1:
            return
        yield from said.identities(message.src, "http")
        user = said.user
    if not message.response:
        yield Command(protocol="http", verb=Verb.AUTHENTICATE, function=scheme, target=area,
                      value=_printable(user) or None)


def login(message: Message) -> Iterator[Record]:
    """A Basic login that the server took: a row if devices come with it."""
    scheme, _, rest = message.raw("authorization").decode("latin-1").strip().partition(" ")
    if scheme.lower() == "basic":
        user, _, password = _decoded(rest).decode("utf-8", "replace").partition(":")
        yield from default_logins.row(user, password)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text[:16_384].strip(), validate=False)
    except binascii.Error:
        return b""


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:256]


def software(message: Message) -> Iterator[Record]:
    """What the sender calls itself: `Server` of a response, `User-Agent` of a request."""
    for slot, evidence in (("server", "Server header"), ("user_agent", "User-Agent header")):
        text = _printable(message.raw(slot).decode("utf-8", "replace"))
        if text and (slot == "server") == message.response:
            yield Identity(address=message.src, protocol=message.protocol, evidence=evidence, software=text)


def advertised(message: Message) -> Iterator[Record]:
    """SSDP: the `SERVER` line of an announcement or answer (system, UPnP version, product)."""
    text = _printable(message.raw("server").decode("utf-8", "replace"))
    if text:
        where = _printable(message.raw("location").decode("utf-8", "replace"))
        yield Identity(address=message.src, protocol="ssdp", evidence="SERVER line", software=text,
                       description=where or None)


def _once(name: str, tag: str) -> l.Op:
    """Hand over to a parser once a flow and direction."""
    key = l.FromOrig()
    return l.If(l.Known(name, key).eq(0), [l.Remember(name, 1, key), l.Seek(l.Size()), l.Rich(tag, repeat=True)])


_AUTH: l.Ops = [
    # From the value of the header on; its name's first letter may be either case.
    l.At(0, [l.Until(None, b"\n"), l.If(l.IsResponse(), [l.Until(None, b"uthenticate: ", optional=True)],
                                          [l.Until(None, b"uthorization: ", optional=True)]),
             l.If(l.Left(), [l.Rich("credentials")])]),
    l.At(0, [l.Until(None, b'username="', optional=True), l.If(l.Left(), [l.Until("username", b'"', optional=True)])]),
]

HTTP = l.Protocol(
    name="http",
    title="HTTP/1.x",
    reference="RFC 9112; RFC 9110",
    on=(l.On("tcp", (80, 81, 591, 631, 3128, 5357, 5985, 8000, 8008, 8080, 8081, 8088, 8888)),),
    framing=l.Head(_STARTS),
    probe=_PROBE,
    main=[
        l.If(l.Peek(4).eq(_HTTP), [
            # Nobody sends requests ahead of the answers in practice: an answer is to the latest request.
            l.Role("response"), l.Let("turn", l.Known("turn")), *_STATUS,
            l.Header("server", b"server"), l.Header("resp_mime_type", b"content-type"),
            l.Header("challenge", b"www-authenticate"),
            # Interim answers (RFC 9110 15.2) leave the request open.
            l.If(l.F("status_code") < 200, [l.Role("report")]),
            l.If(l.F("status_code") >= 400, [l.Let("refused", l.F("status_code"))]),
            l.If(l.Has("server"), [l.At(0, [_once("server", "software")])]),
            l.If(l.Has("challenge"), _AUTH),
            # What was shown with the request was taken.
            l.If(l.F("status_code") < 400, [
                l.Recall(), l.If(l.Has("authorization"), [l.Seek(l.Size()), l.Rich("login")])]),
        ], [
            l.Role("request"), l.Let("turn", l.Known("turn") + 1), l.Remember("turn", l.F("turn")), *_REQUEST_LINE,
            l.Header("host", b"host"), l.Header("user_agent", b"user-agent"), l.Header("referrer", b"referer"),
            l.Header("orig_mime_type", b"content-type"), l.Header("soap_action", b"soapaction"),
            l.Header("authorization", b"authorization"),
            l.If(l.Has("user_agent"), [l.At(0, [_once("agent", "software")])]),
            # The scheme is kept; the credentials are not.
            l.If(l.Has("authorization"), [
                *_AUTH,
                l.At(0, [l.Until(None, b"uthorization: ", optional=True), l.If(l.Left(), [
                    l.Until("auth_scheme", b" ", optional=True)])])]),
        ]),
    ],
    pair=("turn",),
    columns=(
        l.Col("method", "str", "method; null where only the answer was seen"),
        l.Col("host", "text", "host that is asked for"),
        l.Col("uri", "text", "target of the request"),
        l.Col("version", "str", "HTTP version"),
        l.Col("user_agent", "text", "client's software, as it says"),
        l.Col("referrer", "text", "where the client came from"),
        l.Col("orig_mime_type", "str", "content type of the request"),
        l.Col("soap_action", "text", "SOAP action"),
        l.Col("auth_scheme", "str", "how the client shows who it is"),
        l.Col("username", "text", "user, where the scheme tells it openly (Digest)"),
        l.Col("default_of", "text", "whose factory login this is (a row of its own, once the server took it)"),
        l.Col("www_authenticate", "text", "what the server demands, and for which realm", source="challenge"),
        l.Col("status_code", "u16", "status of the answer; null if unanswered"),
        l.Col("status_msg", "str", "its words"),
        l.Col("server", "text", "server's software, as it says"),
        l.Col("resp_mime_type", "str", "content type of the answer"),
    ),
    function="method",
    status="refused",
    rich={"credentials": credentials, "login": login, "software": software},
)

_SSDP_STARTS = (0x4D2D5345, 0x4E4F5449, _HTTP)  # "M-SE", "NOTI", "HTTP"

SSDP = l.Protocol(
    name="ssdp",
    title="Simple Service Discovery Protocol",
    reference="UPnP Device Architecture 2.0, clause 1",
    on=(l.On("udp", (1900,)),),
    probe=[
        l.Check(l.Peek(4).among(*_SSDP_STARTS)),
        l.If(l.Peek(4).eq(_HTTP), [*_STATUS, l.Hint("response")], _REQUEST_LINE),
    ],
    main=[
        l.If(l.Peek(4).eq(_HTTP), [l.Role("response"), *_STATUS], [l.Role("report"), *_REQUEST_LINE]),
        l.Header("host", b"host"), l.Header("st", b"st"), l.Header("nt", b"nt"), l.Header("nts", b"nts"),
        l.Header("usn", b"usn"), l.Header("location", b"location"), l.Header("server", b"server"),
        l.Header("user_agent", b"user-agent"),
        l.If(l.Has("server"), [l.At(0, [_once("server", "advertised")])]),
    ],
    columns=(
        l.Col("method", "str", "M-SEARCH (who is there?) or NOTIFY (I am); null in an answer"),
        l.Col("host", "text", "group and port it was sent to"),
        l.Col("st", "text", "what is searched for, or found"),
        l.Col("nt", "text", "what is announced"),
        l.Col("nts", "str", "ssdp:alive, ssdp:byebye or ssdp:update"),
        l.Col("usn", "text", "unique name of what is announced"),
        l.Col("location", "text", "where its description is"),
        l.Col("server", "text", "system, UPnP version and product"),
        l.Col("user_agent", "text", "searcher's software, as it says"),
        l.Col("status_code", "u16", "status of an answer"),
    ),
    function="method",
    rich={"advertised": advertised},
)
PROTOCOLS = (HTTP, SSDP)
